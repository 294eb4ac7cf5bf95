import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  CONNECTION_FLAGS,
  connectionEnv,
  type ConnectionFlags,
  connectionVariables,
} from "../../src/cli/connection_flags.ts";
import { parseArguments } from "../../src/cli/arguments.ts";
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

Deno.test("messages name the flags as they are", () => {
  for (const { long, variable } of namedFlags(PROGRAM)) {
    assertEquals(withFlag(variable!), `${variable} (${long})`);
  }
});
