import { assertEquals, assertStringIncludes } from "@std/assert";

/** A program whose application fails at its first record; `handled` is what the program does about it. */
function program(handled: string): string {
  return `
    import { MemoryLog, StreamsApp, StreamsBuilder, stringSerde } from "${new URL(
    "../../../mod.ts",
    import.meta.url,
  )}";
    const text = { key: stringSerde(), value: stringSerde() };
    const builder = new StreamsBuilder();
    builder.stream("in", text).foreach(() => { throw new Error("the disk of the till is full"); });
    const log = new MemoryLog();
    await log.createTopics([{ topic: "in", partitions: 1 }]);
    const app = new StreamsApp(builder.build(), log, { applicationId: "till" });
    ${handled}
    await app.start();
    const value = new TextEncoder().encode("sale");
    const producer = log.producer();
    producer.append("in", 0, 1, null, { bytes: value, from: 0, to: value.length });
    await producer.flush();
    await new Promise((resolve) => setTimeout(resolve, 60_000));
  `;
}

async function run(code: string): Promise<{ code: number; stdout: string; stderr: string }> {
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const file = await Deno.makeTempFile({ suffix: ".ts" });
  try {
    await Deno.writeTextFile(file, code);
    const args = ["run", "--no-check", "--config", config, file];
    const { stdout, stderr, ...ended } = await new Deno.Command(Deno.execPath(), { args }).output();
    const decoder = new TextDecoder();
    return { code: ended.code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("an application whose failure nobody handles says so on stderr and ends its process", async () => {
  const { code, stderr } = await run(program(""));
  assertEquals(code, 1, stderr);
  assertStringIncludes(stderr, "the disk of the till is full");
});

Deno.test("a program that handles the failure decides itself what follows", async () => {
  const handled = "app.done.catch((error) => { console.log(`handled: ${error.message}`); Deno.exit(7); });";
  const { code, stdout } = await run(program(handled));
  assertEquals(code, 7);
  assertStringIncludes(stdout, "handled: ");
});
