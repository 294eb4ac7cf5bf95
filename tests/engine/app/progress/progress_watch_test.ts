import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type ProgressOptions,
  type ProgressSample,
  ProgressWatch,
} from "../../../../src/engine/app/progress/progress_watch.ts";
import type { InputProgress, TaskProgress } from "../../../../src/engine/task/task_progress.ts";

const EPOCH = Date.parse("2026-01-01T00:00:00Z");
const EVERY = 1_000;

/** A watch on a clock of its own, looked at once a second; each second the sample may be another. */
class Watching {
  readonly watch: ProgressWatch;
  now = 5_000_000;

  constructor(options: ProgressOptions = { stallTimeoutMs: 10_000 }) {
    this.watch = new ProgressWatch(EVERY, options);
  }

  /** Looks each second for so many seconds. */
  for(seconds: number, sample: (second: number) => Partial<ProgressSample>): readonly string[] {
    for (let second = 0; second < seconds; second++) {
      this.now += EVERY;
      this.watch.observe(this.now, EPOCH + this.now, {
        answers: this.now,
        restored: 0,
        tasks: [],
        failing: [],
        ...sample(second),
      });
    }
    return this.watch.stalls();
  }
}

function input(topic: string, over: Partial<InputProgress> = {}): InputProgress {
  const position = over.position ?? 100;
  return { topic, partition: 1, position, processedTo: position, committed: position, end: 100, ...over };
}

function task(inputs: readonly InputProgress[], over: Partial<TaskProgress> = {}): TaskProgress {
  return {
    id: "0_1",
    restoring: false,
    inputs,
    waitsFor: undefined,
    pauses: 0,
    commitWaits: false,
    callTimeoutMs: 0,
    ...over,
  };
}

Deno.test("progress: records that nobody processes are a stall, told with partition, lag, since when and the last error", () => {
  const watching = new Watching();
  assertEquals(watching.for(5, () => ({ tasks: [task([input("in")])] })), []);
  const waiting = (second: number) => ({
    tasks: [task([input("in", { end: 140 })])],
    failing: [{ count: second, last: "fetch: not leader" }],
  });
  const begun = EPOCH + watching.now;
  assertEquals(watching.for(10, waiting), []);
  const [stall, ...others] = watching.for(1, () => waiting(10));
  assertEquals(others, []);
  assertEquals(
    stall,
    `task 0_1 has processed nothing for 11 s (since ${
      new Date(begun).toISOString()
    }; last error: fetch: not leader), with records left: in-1 is at 100 of 140, a lag of 40`,
  );
  assertEquals(watching.for(1, () => ({ tasks: [task([input("in", { position: 101, end: 140 })])] })), []);
});

Deno.test("progress: a task whose promises may take long stands still for as long more, and is then told of", () => {
  const watching = new Watching();
  const calling = () => ({ tasks: [task([input("in", { end: 140 })], { callTimeoutMs: 120_000 })] });
  assertEquals(watching.for(131, calling), []);
  assertMatch(watching.for(1, calling)[0]!, /^task 0_1 has processed nothing for 131 s/);
});

Deno.test("progress: a task without records is no stall, however long", () => {
  const watching = new Watching();
  assertEquals(watching.for(1_000, () => ({ tasks: [task([input("in")])] })), []);
  assertEquals(watching.for(1_000, () => ({ tasks: [task([input("in", { end: undefined })])] })), []);
});

Deno.test("progress: one task that stands still is a stall while others get on", () => {
  const watching = new Watching();
  const stalls = watching.for(20, (second) => ({
    tasks: [
      task([input("in", { position: second, end: 1_000 })]),
      task([input("in", { partition: 2, position: 3, end: 9 })], { id: "0_2" }),
    ],
  }));
  assertEquals(stalls.length, 1);
  assertMatch(stalls[0]!, /^task 0_2 .*in-2 is at 3 of 9, a lag of 6$/);
});

Deno.test("progress: a side of a join that waits for the other one is no stall while that one gets on", () => {
  const watching = new Watching();
  assertEquals(
    watching.for(100, (second) => ({
      tasks: [task([
        input("left", { position: 7, end: 50 }),
        input("right", { position: second, end: 1_000 }),
      ])],
    })),
    [],
  );
  // And neither when the other one has no records: then the task does not wait for it.
  const alone = new Watching();
  assertEquals(
    alone.for(100, (second) => ({
      tasks: [task([input("left", { position: second, end: 1_000 }), input("right")])],
    })),
    [],
  );
});

Deno.test("progress: restoring is progress while changelog records come, and a stall when they do not", () => {
  const watching = new Watching();
  const tasks = [task([input("in", { end: 5_000 })], { restoring: true })];
  assertEquals(watching.for(100, (second) => ({ tasks, restored: 10 * second })), []);
  const stalls = watching.for(11, () => ({ tasks, restored: 990 }));
  assertEquals(stalls.length, 1);
  assertMatch(stalls[0]!, /^task 0_1 is being restored and has read nothing for 11 s \(since 2026-/);
  // What it could not process meanwhile is no stall of its own: the time begins with the first record that it may take.
  assertEquals(watching.for(9, () => ({ tasks: [task(tasks[0]!.inputs)] })), []);
});

Deno.test("progress: a rebalance that takes tasks away and brings others begins their times anew", () => {
  const watching = new Watching();
  for (let i = 0; i < 10; i++) {
    assertEquals(watching.for(8, () => ({ tasks: [task([input("in", { end: 140 })])] })), []);
    assertEquals(watching.for(1, () => ({ tasks: [] })), []);
  }
});

Deno.test("progress: records processed and never committed are a stall, though more are processed", () => {
  const watching = new Watching({ stallTimeoutMs: 10_000, commitIntervalMs: 5_000 });
  const sample = (second: number) => ({
    tasks: [task([input("in", { position: 100 + second, committed: 100, end: 9_000 })])],
    failing: [{ count: second, last: "REBALANCE_IN_PROGRESS" }],
  });
  assertEquals(watching.for(16, sample), []);
  const stalls = watching.for(2, (second) => sample(16 + second));
  assertEquals(stalls.length, 1);
  assertMatch(
    stalls[0]!,
    /^task 0_1 has committed nothing for 1\d s .*REBALANCE_IN_PROGRESS\), .*: in-1 was processed to 11\d and committed to 100$/,
  );
  assertEquals(watching.for(1, () => ({ tasks: [task([input("in", { position: 118 })])] })), []);
});

Deno.test("progress: offsets past the last record, such as a transaction's mark, need no commit", () => {
  const watching = new Watching();
  const marked = input("in", { position: 101, processedTo: 100, committed: 100, end: 101 });
  assertEquals(watching.for(100, () => ({ tasks: [task([marked])] })), []);
});

Deno.test("progress: back-pressure of a producer that can't write is a stall that names the retries' reason", () => {
  const watching = new Watching();
  const stalls = watching.for(12, (second) => ({
    tasks: [task([input("in", { end: 4_000 })])],
    failing: [{ count: 0, last: undefined }, { count: second, last: "NOT_ENOUGH_REPLICAS" }],
  }));
  assertMatch(stalls[0]!, /last error: NOT_ENOUGH_REPLICAS/);
});

Deno.test("progress: a record that gives so much that it takes longer than the timeout is no stall while it gets on", () => {
  const watching = new Watching();
  const inputs = [input("in", { end: 140, committed: 90 })];
  // A cache can't be flushed amid a record, so what is before it is committed after it.
  assertEquals(
    watching.for(60, (pauses) => ({ tasks: [task(inputs, { pauses, commitWaits: true })] })),
    [],
  );
  assertMatch(
    watching.for(11, () => ({ tasks: [task(inputs, { pauses: 59, commitWaits: true })] }))[0]!,
    /^task 0_1 has processed nothing for 11 s/,
  );
  assertMatch(
    watching.for(11, (pauses) => ({ tasks: [task(inputs, { pauses })] }))[0]!,
    /^task 0_1 has committed nothing for 11 s/,
  );
});

Deno.test("progress: what a task waits for is named", () => {
  const watching = new Watching();
  const stalls = watching.for(12, () => ({
    tasks: [task([input("in", { end: 4_000 })], { waitsFor: "schema 7 of the registry" })],
  }));
  assertMatch(stalls[0]!, /; it waits: schema 7 of the registry/);
});

Deno.test("progress: an error from before the stall is not its cause", () => {
  const watching = new Watching();
  const failing = [{ count: 3, last: "long ago" }];
  watching.for(5, () => ({ tasks: [task([input("in")])], failing }));
  const stalls = watching.for(12, () => ({ tasks: [task([input("in", { end: 101 })])], failing }));
  assert(!stalls[0]!.includes("long ago"), stalls[0]);
});

Deno.test("progress: no answer of any broker is cut off after 5 s and a stall after the timeout, until one answers", () => {
  const watching = new Watching();
  watching.for(3, () => ({}));
  const silent = (second: number) => ({
    answers: 77,
    tasks: [task([input("in", { end: 140 })])],
    failing: [{ count: second + 1, last: "ECONNREFUSED" }],
  });
  watching.for(1, silent);
  assertEquals(watching.watch.cutOff, undefined);
  watching.for(4, silent);
  assertEquals(watching.watch.cutOff, undefined);
  watching.for(1, silent);
  assertMatch(
    watching.watch.cutOff!,
    /^no broker has answered for 5 s \(since .*; last error: ECONNREFUSED\)$/,
  );
  assertEquals(watching.watch.stalls(), []);
  // One sentence, though the task stands still as well: all else does because of it.
  const stalls = watching.for(6, silent);
  assertEquals(stalls.length, 1);
  assertMatch(stalls[0]!, /^no broker has answered for 11 s/);
  assertEquals(watching.for(1, () => ({})), []);
  assertEquals(watching.watch.cutOff, undefined);
});

Deno.test("progress: until a first answer it is not ready, but no stall: who waits for a broker decides for how long", () => {
  const watching = new Watching();
  assertEquals(watching.for(100, () => ({ answers: 0, failing: [{ count: 1, last: "ECONNREFUSED" }] })), []);
  assertEquals(watching.watch.cutOff, "no broker has answered yet; last error: ECONNREFUSED");
});

Deno.test("progress: a log that needs no broker is never cut off", () => {
  const watching = new Watching();
  assertEquals(watching.for(100, () => ({ answers: undefined })), []);
  assertEquals(watching.watch.cutOff, undefined);
});

Deno.test("progress: with a timeout of 0 nothing is a stall, and cut off all the same", () => {
  const watching = new Watching({ stallTimeoutMs: 0 });
  const stuck = { answers: 5, tasks: [task([input("in", { end: 140, committed: 3 })])] };
  assertEquals(watching.for(10_000, () => stuck), []);
  assertMatch(watching.watch.cutOff!, /^no broker has answered for/);
});

Deno.test("progress: the time in which the process itself stood still does not count", () => {
  const watching = new Watching();
  const waiting = { tasks: [task([input("in", { end: 140 })])], answers: 5 };
  watching.for(2, () => waiting);
  watching.now += 3_600_000; // it was stopped, or the machine slept
  assertEquals(watching.for(1, () => waiting), []);
  assertEquals(watching.for(3, (second) => ({ ...waiting, answers: 6 + second })), []);
});

Deno.test("progress: of many stalls the first five are named", () => {
  const watching = new Watching();
  const tasks = Array.from(
    { length: 64 },
    (_, p) => task([input("in", { partition: p, end: 140 })], { id: `0_${p}` }),
  );
  const stalls = watching.for(12, () => ({ tasks }));
  assertEquals(stalls.length, 6);
  assertEquals(stalls[5], "and 59 more tasks");
});
