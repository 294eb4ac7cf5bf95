import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { deniedText, describeError, exitCodeOf } from "../../src/cli/main.ts";
import { StreamsConfigError } from "../../src/engine/mod.ts";
import { ended } from "../support/ended.ts";

const BINARY = new URL("./fixtures/binary.ts", import.meta.url).pathname;

function spawn(args: readonly string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--quiet", "--allow-env", BINARY, ...args],
    env: { KOS_DEBUG: "", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

async function untilSaid(reader: ReadableStreamDefaultReader<string>, word: string): Promise<string> {
  let said = "";
  while (!said.includes(word)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`ended before it said ${word}; it said: ${said}`);
    said += value;
  }
  return said;
}

Deno.test("main: exit codes, and one line an error", async () => {
  const cases = {
    ok: [0, ""],
    code: [7, ""],
    usage: [2, "binary: bad flag\n"],
    config: [2, "binary: CLOUD: received 'x'; allowed: false\n"],
    broker: [1, "binary: Cannot reach Kafka: connection refused by localhost:1\n"],
    reject: [1, "binary: nobody waits for this\n"],
    throw: [1, "binary: nobody catches this\n"],
  } as const;
  await Promise.all(
    Object.entries(cases).map(async ([name, expected]) => {
      const { code, stderr } = await ended(spawn([name]));
      assertEquals([code, stderr], [...expected], name);
    }),
  );
});

Deno.test("main: --help prints and exits 0", async () => {
  const { code, stdout } = await ended(spawn(["help"]));
  assertEquals(code, 0);
  assertStringIncludes(stdout, "Usage: binary [options]");
});

Deno.test("main: the stack only with KOS_DEBUG=1; a defect says so", async () => {
  const quiet = await ended(spawn(["bug"]));
  assertEquals(quiet.code, 1);
  assertEquals(quiet.stderr.trim().split("\n").length, 2);
  assertStringIncludes(quiet.stderr, "KOS_DEBUG=1 shows where it is");
  const loud = await ended(spawn(["broker"], { KOS_DEBUG: "1" }));
  assertMatch(loud.stderr, /binary\.ts:\d+[^]*caused by: Error: connection refused/);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`main: ${signal} lets the binary end in order`, async () => {
    const child = spawn(["wait"]);
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    await untilSaid(reader, "ready\n");
    child.kill(signal);
    await untilSaid(reader, `${signal}\n`);
    await reader.cancel();
    assertEquals((await child.status).code, 0);
    await child.stderr.cancel();
  });
}

Deno.test("main: a second Ctrl-C ends at once", async () => {
  const child = spawn(["hang"]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await untilSaid(reader, "ready\n");
  child.kill("SIGINT");
  await untilSaid(reader, "ending\n");
  child.kill("SIGINT");
  assertEquals((await child.status).code, 130);
  await reader.cancel();
  await child.stderr.cancel();
});

Deno.test("main: a Ctrl-C that comes twice, as who started the binary passes it on, is one", async () => {
  const child = spawn(["twice"]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await untilSaid(reader, "ready\n");
  child.kill("SIGINT");
  await untilSaid(reader, "1\n");
  child.kill("SIGINT");
  assertEquals((await child.status).code, 0);
  await reader.cancel();
  await child.stderr.cancel();
});

Deno.test("main: a binary that does not end in time is ended", async () => {
  const child = spawn(["hang", "300"]);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const stderr = new Response(child.stderr).text();
  await untilSaid(reader, "ready\n");
  child.kill("SIGTERM");
  assertEquals((await child.status).code, 1);
  assertStringIncludes(await stderr, "binary: did not end within 0.3 s");
  await reader.cancel();
});

Deno.test("exitCodeOf: a wrong setting of an application is one of its flags or its program's: 2", () => {
  assertEquals([exitCodeOf(new StreamsConfigError("wrong")), exitCodeOf(new Error("fails"))], [2, 1]);
});

Deno.test("deniedText: what Deno has denied, and how it is permitted; nothing of another error", () => {
  const denied = (text: string) => deniedText(new Deno.errors.NotCapable(text));
  assertStringIncludes(
    denied('Requires write access to "/x/y", run again with the --allow-write flag')!,
    'no permission to write "/x/y"; what a program may do is in docs/security.md: name another place, or add ' +
      '--allow-write="/x/y" after "deno run" in the command that the task prints',
  );
  assertStringIncludes(
    denied("Requires env access, run again with the --allow-env flag")!,
    "add --allow-env after",
  );
  assertStringIncludes(
    denied("Requires write access to <TMP>, run again with …")!,
    "add --allow-write after",
  );
  assertEquals([denied("otherwise"), deniedText(new Error("Requires write access,"))], [
    undefined,
    undefined,
  ]);
});

Deno.test("describeError: causes once, in one line", () => {
  const inner = new Error("inner");
  assertEquals(describeError(new Error("outer", { cause: inner })), "outer: inner");
  assertEquals(describeError(new Error("outer: inner", { cause: inner })), "outer: inner");
  assertEquals(describeError("text\nover two lines"), "text over two lines");
});
