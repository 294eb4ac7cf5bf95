import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import {
  CONNECTION_FLAGS,
  connectionEnv,
  type ConnectionFlags,
  connectionVariables,
} from "../../src/cli/connection_flags.ts";
import { parseArguments, UsageError } from "../../src/cli/arguments.ts";
import { namedFlags, type Program } from "../../src/cli/program.ts";
import { withFlag } from "../../src/kafka/security/secret.ts";

const PROGRAM: Program<ConnectionFlags> = { name: "p", description: "", flags: CONNECTION_FLAGS };

Deno.test("a flag of the connection goes before its variable, and what is not given is the environment's", () => {
  const flags = parseArguments(PROGRAM, ["--kafka-ca", "ca.pem", "--api-key-file=/etc/kos/credentials/user"]);
  const variables = connectionVariables(flags);
  assertEquals([variables["KAFKA_CA"], variables["API_KEY_FILE"]], ["ca.pem", "/etc/kos/credentials/user"]);
  const env = connectionEnv(flags);
  assertEquals(env("KAFKA_CA"), "ca.pem");
  assertEquals(env("PATH"), Deno.env.get("PATH"));
});

Deno.test("no flag takes a secret itself", () => {
  for (const { long, variable } of namedFlags(PROGRAM)) {
    if (/PASSWORD|SECRET|TOKEN|API_KEY/.test(variable!) && !/_URL$/.test(variable!)) {
      assertStringIncludes(long, "-file");
    }
  }
});

Deno.test("an address with a password in it is refused as an argument, without being shown, and not as a variable", () => {
  const url = "https://ann:s3cret@registry.example/api";
  const { message } = assertThrows(() => parseArguments(PROGRAM, ["--schema-registry", url]), UsageError);
  assertStringIncludes(message, "Cannot use --schema-registry: received an address with a user in it");
  assertStringIncludes(message, "set SCHEMA_REGISTRY instead");
  assertEquals(/ann:|s3cret/.test(message), false);
  const plain = "https://registry.example/a@b";
  assertEquals(parseArguments(PROGRAM, ["--schema-registry", plain]).schemaRegistry, plain);
  const { parse } = CONNECTION_FLAGS.schemaRegistry;
  assertEquals(parse(url), url);
});

Deno.test("messages name the flags as they are", () => {
  for (const { long, variable } of namedFlags(PROGRAM)) {
    assertEquals(withFlag(variable!), `${variable} (${long})`);
  }
});
