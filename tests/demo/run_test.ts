import { assert, assertEquals } from "@std/assert";
import type { Cleanup } from "../../scripts/demo/stages.ts";
import { type DemoOptions, runDemo } from "../../src/demo/run.ts";
import type { Snapshot } from "../../src/demo/snapshot.ts";
import { embeddedDemo } from "./embedded_demo.ts";

/** Runs a demo of fixed replicas in memory, with what the test sets. */
async function run(settings: Partial<DemoOptions>) {
  const cleanup: Cleanup = [];
  try {
    return await runDemo({
      ...embeddedDemo({ rate: 400, seconds: 3, perInstance: 1_000, pace: 0.02 }, cleanup),
      ...settings,
    });
  } finally {
    for (const undo of cleanup.reverse()) await undo();
  }
}

Deno.test("load and instances can be changed while a demo runs, and every session is still right", async () => {
  const answers: boolean[] = [];
  const summary = await run({
    onSnapshot: ({ atMs }, control) => {
      if (answers.length > 0 || atMs < 900) return;
      control.setRate(600);
      answers.push(control.addInstance(), control.addInstance(), control.killInstance("streams-1"));
    },
  });
  // There may be two, and an instance in this process can't be killed.
  assertEquals(answers, [true, false, false]);
  const { expected, correct, unexpected, lost } = summary!;
  assertEquals([expected > 0, correct, unexpected, lost], [true, expected, 0, 0]);
  const last = summary!.run.findLast(({ phase }) => phase === "hand")!;
  assertEquals(last.running, 2);
  assert(summary!.run.every(({ lag, rates }) => lag >= 0 && rates.out >= 0 && rates.in >= 0));
});

Deno.test("a demo that is stopped early ends what it began, and has no summary", async () => {
  const stop = new AbortController();
  const seen: Snapshot[] = [];
  const summary = await run({
    durationMs: 60_000,
    signal: stop.signal,
    onSnapshot: (snapshot) => {
      seen.push(snapshot);
      stop.abort();
    },
  });
  assertEquals([summary, seen.length], [undefined, 1]);
});

Deno.test("a demo whose instance can't start fails, and says why", async () => {
  const error = await run({ startInstance: () => Promise.reject(new Error("no room")) }).catch((e) => e);
  assertEquals(error.message, "no room");
});
