import { assert, assertEquals } from "@std/assert";
import { freePort } from "../../../scripts/support/ports.ts";
import { SchemaRegistry } from "../../../src/serde/avro/registry.ts";

/** Runs the task's command. */
async function task(...args: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-P=local", "scripts/registry.ts", ...args],
    // Without one to use, it starts one.
    env: { SCHEMA_REGISTRY: "", NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

Deno.test("the registry task starts one, keeps its schemas over a restart, and wipes them", async () => {
  const port = freePort();
  const flags = ["--port", String(port)];
  const url = `http://localhost:${port}/apis/ccompat/v7`;
  try {
    assertEquals((await task("--status", ...flags)).code, 1);
    const started = await task(...flags);
    assertEquals(started.code, 0, started.text);
    assert(started.text.includes(`SCHEMA_REGISTRY=${url}`), started.text);
    const id = await new SchemaRegistry(url).register("kept-key", '"int"');
    const again = await task(...flags);
    assert(again.code === 0 && again.text.includes("running already"), again.text);
    assertEquals((await task("--status", ...flags)).code, 0);

    assertEquals((await task("--stop", ...flags)).code, 0);
    assertEquals((await task("--status", ...flags)).code, 1);
    assertEquals((await task(...flags)).code, 0);
    assertEquals((await new SchemaRegistry(url).schemaById(id))?.text, '"int"');
  } finally {
    assertEquals((await task("--wipe", ...flags)).code, 0);
  }
  const fresh = await task(...flags);
  try {
    assertEquals(fresh.code, 0, fresh.text);
    assertEquals(await new SchemaRegistry(url).schemaById(1), undefined);
  } finally {
    await task("--wipe", ...flags);
  }
});
