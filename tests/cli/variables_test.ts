import { assertEquals } from "@std/assert";

const MODULES = ["variables.ts", "connection_flags.ts", "arguments.ts"].map((name) =>
  new URL(`../../src/cli/${name}`, import.meta.url).href
);

/** What a program with the permission to read these variables prints. */
async function printed(env: string): Promise<string> {
  const [variables, connection, args] = MODULES.map((module) => JSON.stringify(module));
  const program = `
    import { permittedVariable } from ${variables};
    import { CONNECTION_FLAGS, connectionEnv } from ${connection};
    import { parseArguments } from ${args};
    const env = connectionEnv(parseArguments({ name: "a", description: "b", flags: CONNECTION_FLAGS }, []));
    const told = ["KAFKA_BROKERS", "KAFKA_SASL_MECHANISM", "API_KEY_FILE"].map(env);
    console.log(JSON.stringify([permittedVariable("KAFKA_SASL_MECHANISM") ?? null, ...told]));`;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, program);
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", "--config", "deno.json", `--allow-env=${env}`, file],
      cwd: new URL("../..", import.meta.url),
      env: { KAFKA_BROKERS: "a:1", KAFKA_SASL_MECHANISM: "PLAIN", API_KEY_FILE: "key" },
    }).output();
    return new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("variables: permissions that were written before a variable of the connection was there still do", async () => {
  assertEquals(JSON.parse(await printed("KAFKA_BROKERS")), [null, "a:1", null, null]);
  assertEquals(JSON.parse(await printed("KAFKA_*,API_KEY_FILE")), ["PLAIN", "a:1", "PLAIN", "key"]);
});
