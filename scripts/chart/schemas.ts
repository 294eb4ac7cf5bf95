/**
 * JSON schemas of Kubernetes' objects for kubeconform, without the network at hand: of Kubernetes' own OpenAPI document and of the
 * custom resource definitions that the chart uses, all from Go modules.
 *
 * @module
 */
import { join } from "@std/path";
import { parse } from "@std/yaml";
import { cacheDir, exists, fillOnce } from "../support/cache.ts";
import { KUBERNETES_VERSION } from "./files.ts";
import type { Tools } from "./tools.ts";

const KUBERNETES = { path: "k8s.io/kubernetes", version: `v${KUBERNETES_VERSION}` };
const CRDS = [
  {
    path: "github.com/kedacore/keda/v2",
    version: "v2.16.1",
    dir: "config/crd/bases",
    files: ["keda.sh_scaledobjects.yaml", "keda.sh_triggerauthentications.yaml"],
  },
  {
    path: "github.com/prometheus-operator/prometheus-operator",
    version: "v0.85.0",
    dir: "example/prometheus-operator-crd",
    files: ["monitoring.coreos.com_podmonitors.yaml", "monitoring.coreos.com_prometheusrules.yaml"],
  },
];

type Schema = Record<string, unknown>;

/** Where kubeconform finds the schemas; `undefined` when they are not there and there is no Go to get them. */
export async function schemaLocation(tools: Tools): Promise<string | undefined> {
  const versions = [KUBERNETES, ...CRDS].map(({ version }) => version).join("-");
  const folder = join(cacheDir(), "tools", `kube-schemas-${versions}`);
  if (!(await exists(folder))) {
    const kubernetes = await tools.module(KUBERNETES.path, KUBERNETES.version);
    if (kubernetes === undefined) return undefined;
    await fillOnce(folder, async (dir) => {
      const swagger = join(kubernetes, "api/openapi-spec/swagger.json");
      await writeBuiltIn(JSON.parse(await Deno.readTextFile(swagger)), dir);
      for (const { path, version, dir: at, files } of CRDS) {
        const module = (await tools.module(path, version))!;
        for (const file of files) {
          await writeCustom(parse(await Deno.readTextFile(join(module, at, file))) as Crd, dir);
        }
      }
    });
  }
  // kubeconform's own template language.
  return join(folder, "{{.ResourceKind}}{{.KindSuffix}}.json");
}

interface OpenApi {
  readonly definitions: Record<string, Schema & { "x-kubernetes-group-version-kind"?: Kind[] }>;
}

interface Kind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

async function writeBuiltIn({ definitions }: OpenApi, dir: string): Promise<void> {
  const strict: Record<string, Schema> = {};
  for (const [name, schema] of Object.entries(definitions)) strict[name] = convert(schema) as Schema;
  // A quantity may be written as a number.
  strict["io.k8s.apimachinery.pkg.api.resource.Quantity"] = { type: ["string", "number"] };
  await write(join(dir, "_definitions.json"), { definitions: strict });
  for (const [name, schema] of Object.entries(definitions)) {
    for (const kind of schema["x-kubernetes-group-version-kind"] ?? []) {
      if (/(DeleteOptions|WatchEvent)$/.test(name)) continue;
      await write(join(dir, fileOf(kind)), strict[name]!);
    }
  }
}

interface Crd {
  readonly spec: {
    readonly group: string;
    readonly names: { readonly kind: string };
    readonly versions: readonly { name: string; schema: { openAPIV3Schema: Schema } }[];
  };
}

async function writeCustom({ spec }: Crd, dir: string): Promise<void> {
  for (const { name, schema } of spec.versions) {
    const converted = convert(schema.openAPIV3Schema) as { properties: Record<string, Schema> };
    converted.properties.metadata = {
      $ref: "_definitions.json#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta",
    };
    await write(join(dir, fileOf({ group: spec.group, version: name, kind: spec.names.kind })), converted);
  }
}

/** An OpenAPI schema as a JSON schema in which what is not named is refused, as the API server does on strict validation. */
function convert(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(convert);
  if (typeof schema !== "object" || schema === null) return schema;
  const from = schema as Schema;
  if (typeof from.$ref === "string") {
    return { $ref: `_definitions.json#/definitions/${from.$ref.split("/").at(-1)}` };
  }
  if (from["x-kubernetes-int-or-string"] === true || from.format === "int-or-string") {
    return { type: ["string", "integer"] };
  }
  const to: Schema = {};
  for (const [key, value] of Object.entries(from)) {
    if (key.startsWith("x-kubernetes") || key === "format") continue;
    // The names in a properties object are no keywords.
    to[key] = key === "properties"
      ? Object.fromEntries(
        Object.entries(value as Schema).map(([name, property]) => [name, convert(property)]),
      )
      : convert(value);
  }
  const open = from["x-kubernetes-preserve-unknown-fields"] === true;
  if ("properties" in to && !("additionalProperties" in to) && !open) to.additionalProperties = false;
  return to;
}

/** The name that kubeconform's template gives: `deployment-apps-v1.json`. */
function fileOf({ group, version, kind }: Kind): string {
  return `${[kind, ...(group === "" ? [] : [group.split(".")[0]!]), version].join("-").toLowerCase()}.json`;
}

async function write(path: string, schema: Schema): Promise<void> {
  await Deno.writeTextFile(path, JSON.stringify(schema));
}
