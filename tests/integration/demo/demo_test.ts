import { assertEquals, assertMatch } from "@std/assert";

/** Runs the demo as users do and gives what it printed. */
async function demo(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "-P=local", new URL("../../../scripts/demo.ts", import.meta.url).pathname, ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

for (const [name, flags] of [["in memory", ["--embedded"]], ["on Kafka", []]] as const) {
  Deno.test(`the demo ${name}: lag grows while streams is stopped, and every session is right`, async () => {
    const { code, stdout, stderr } = await demo(...flags, "--seconds", "9");
    assertEquals(code, 0, stdout + stderr);
    assertMatch(stdout, /streams is stopped[\s\S]*streams is started again/);
    assertMatch(stdout, /\(100\.00 %\); 0 missing, 0 wrong, 0 unexpected/);
    const highest = Number(/the highest lag was ([\d,]+)/.exec(stdout)![1]!.replaceAll(",", ""));
    assertEquals(highest > 5_000, true, stdout);
    if (name === "in memory") assertMatch(stdout, /^everything runs in this process on an in-memory log/);
  });
}

Deno.test("the demo refuses a wrong flag", async () => {
  const { code, stderr } = await demo("--seconds", "long");
  assertEquals(code, 2);
  assertMatch(stderr, /--seconds.*long.*whole number/s);
});
