// A provider that knows the schema of hashicorp/google and nothing else: enough for `terraform validate`, and for `terraform test`
// with mock_provider, where the registry can't be reached. It configures nothing and reaches nothing.
//
// The schema is google_schema.json, as `terraform providers schema -json` prints it, with the resources that the module has.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"log"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const address = "registry.terraform.io/hashicorp/google"

//go:embed google_schema.json
var document []byte

type attribute struct {
	Type                                    json.RawMessage
	Required, Optional, Computed, Sensitive bool
}

type nestedBlock struct {
	NestingMode string `json:"nesting_mode"`
	MinItems    int64  `json:"min_items"`
	MaxItems    int64  `json:"max_items"`
	Block       block
}

type block struct {
	Attributes map[string]attribute
	BlockTypes map[string]nestedBlock `json:"block_types"`
}

type schema struct {
	Version int64
	Block   block
}

type provider struct {
	Provider        schema
	ResourceSchemas map[string]schema `json:"resource_schemas"`
}

var nesting = map[string]tfprotov5.SchemaNestedBlockNestingMode{
	"single": tfprotov5.SchemaNestedBlockNestingModeSingle,
	"list":   tfprotov5.SchemaNestedBlockNestingModeList,
	"set":    tfprotov5.SchemaNestedBlockNestingModeSet,
	"map":    tfprotov5.SchemaNestedBlockNestingModeMap,
}

func (s schema) proto() *tfprotov5.Schema {
	return &tfprotov5.Schema{Version: s.Version, Block: s.Block.proto()}
}

func (b block) proto() *tfprotov5.SchemaBlock {
	out := &tfprotov5.SchemaBlock{}
	for name, a := range b.Attributes {
		kind, err := tftypes.ParseJSONType(a.Type) //nolint:staticcheck // the JSON format is Terraform's own
		if err != nil {
			log.Fatalf("Cannot read the type of %s: received %s; %v", name, a.Type, err)
		}
		out.Attributes = append(out.Attributes, &tfprotov5.SchemaAttribute{
			Name: name, Type: kind, Required: a.Required, Optional: a.Optional, Computed: a.Computed, Sensitive: a.Sensitive,
		})
	}
	for name, n := range b.BlockTypes {
		mode, known := nesting[n.NestingMode]
		if !known {
			log.Fatalf("Cannot read the block %s: received nesting mode %q", name, n.NestingMode)
		}
		out.BlockTypes = append(out.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: name, Nesting: mode, MinItems: n.MinItems, MaxItems: n.MaxItems, Block: n.Block.proto(),
		})
	}
	return out
}

// What validate and test with a mock ask for; anything else is nil in the embedded interface and panics.
type server struct {
	tfprotov5.ProviderServer
	provider provider
}

func (s server) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	out := &tfprotov5.GetMetadataResponse{ServerCapabilities: &tfprotov5.ServerCapabilities{}}
	for name := range s.provider.ResourceSchemas {
		out.Resources = append(out.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	return out, nil
}

func (s server) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	out := &tfprotov5.GetProviderSchemaResponse{
		Provider:          s.provider.Provider.proto(),
		ResourceSchemas:   map[string]*tfprotov5.Schema{},
		DataSourceSchemas: map[string]*tfprotov5.Schema{},
	}
	for name, resource := range s.provider.ResourceSchemas {
		out.ResourceSchemas[name] = resource.proto()
	}
	return out, nil
}

func (s server) PrepareProviderConfig(_ context.Context, in *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: in.Config}, nil
}

func (s server) ConfigureProvider(context.Context, *tfprotov5.ConfigureProviderRequest) (*tfprotov5.ConfigureProviderResponse, error) {
	return &tfprotov5.ConfigureProviderResponse{}, nil
}

func (s server) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func (s server) ValidateResourceTypeConfig(context.Context, *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	return &tfprotov5.ValidateResourceTypeConfigResponse{}, nil
}

func main() {
	var all struct {
		Providers map[string]provider `json:"provider_schemas"`
	}
	if err := json.Unmarshal(document, &all); err != nil {
		log.Fatalf("Cannot read google_schema.json: %v", err)
	}
	google, found := all.Providers[address]
	if !found {
		log.Fatalf("Cannot read google_schema.json: received no schema of %s", address)
	}
	err := tf5server.Serve(address, func() tfprotov5.ProviderServer { return server{provider: google} })
	if err != nil {
		log.Fatal(err)
	}
}
