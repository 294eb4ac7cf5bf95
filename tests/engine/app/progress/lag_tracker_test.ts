import { assertEquals } from "@std/assert";
import { LagTracker } from "../../../../src/engine/app/progress/lag_tracker.ts";
import type { PartitionBounds } from "../../../../src/kafka/port/fetcher.ts";

/** A tracker of one task with one partition, and all that the tests change. */
class Tracking {
  time = 1_000;
  bounds: PartitionBounds | undefined;
  /** What the log says when it is asked; an error when it can't be. */
  answer: PartitionBounds | Error = new Error("no broker");
  queue: { position: number; ready: boolean; refusal: undefined; headTimestamp: number } | undefined;
  owned = true;
  restoring = false;
  readonly errors: unknown[] = [];
  /** Which offsets the log was asked for. */
  readonly asked: string[] = [];
  readonly tracker: LagTracker;

  constructor() {
    this.tracker = new LagTracker({
      now: () => this.time,
      log: {
        offsets: (_partitions, at) => {
          this.asked.push(at);
          return this.answer instanceof Error
            ? Promise.reject(this.answer)
            : Promise.resolve([at === "earliest" ? this.answer.startOffset : this.answer.endOffset]);
        },
      },
      fetcher: { bounds: () => this.bounds, endOffset: () => this.bounds?.endOffset },
      tasks: () =>
        this.owned
          ? [{
            inputs: [{ topic: "in", partition: 3 }],
            restoring: this.restoring,
            queues: this.queue === undefined ? [] : [this.queue],
          }]
          : [],
      onError: (error) => this.errors.push(error),
    });
  }

  /** Position, start, end and age of the partition. */
  get now(): unknown[] {
    return this.tracker.positions().map((p) => [p.position, p.startOffset, p.endOffset, p.ageMs]);
  }
}

function test(name: string, body: (tracking: Tracking) => Promise<void>): void {
  Deno.test(`lag tracker: ${name}`, async () => {
    const tracking = new Tracking();
    try {
      await body(tracking);
    } finally {
      tracking.tracker.close();
    }
  });
}

const at = (position: number) => ({ position, ready: true, refusal: undefined, headTimestamp: 5 });

test("a partition whose committed offset is not read yet is there, with nothing known", async (tracking) => {
  assertEquals(tracking.now, [[undefined, undefined, undefined, Infinity]]);
  await tracking.tracker.refresh();
  assertEquals(tracking.now, [[undefined, undefined, undefined, Infinity]]);
  assertEquals(tracking.errors.length, 1);
});

test("an end that was never told is not taken for the position", async (tracking) => {
  tracking.queue = at(70);
  await tracking.tracker.refresh();
  assertEquals(tracking.now, [[70, undefined, undefined, Infinity]]);
  tracking.answer = { startOffset: 10, endOffset: 90 };
  await tracking.tracker.refresh();
  assertEquals(tracking.now, [[70, 10, 90, 0]]);
});

test("when the log can't be asked any more the last word stays, and ages", async (tracking) => {
  tracking.queue = at(70);
  tracking.answer = { startOffset: 10, endOffset: 90 };
  await tracking.tracker.refresh();
  tracking.answer = new Error("no broker");
  tracking.time += 40_000;
  await tracking.tracker.refresh();
  assertEquals(tracking.now, [[70, 10, 90, 40_000]]);
  // What was fetched before is processed meanwhile: the end is at least there.
  tracking.queue.position = 95;
  assertEquals(tracking.now, [[95, 10, 95, 40_000]]);
});

test("what a fetch has told is kept when fetches end", async (tracking) => {
  tracking.queue = at(70);
  tracking.bounds = { startOffset: 0, endOffset: 100 };
  assertEquals(tracking.now, [[70, 0, 100, 0]]);
  tracking.bounds = undefined;
  tracking.time += 7_000;
  await tracking.tracker.refresh();
  assertEquals(tracking.now, [[70, 0, 100, 7_000]]);
});

test("what belongs to another instance meanwhile is forgotten", async (tracking) => {
  tracking.queue = at(70);
  tracking.bounds = { startOffset: 0, endOffset: 100 };
  assertEquals(tracking.now.length, 1);
  tracking.bounds = undefined;
  tracking.owned = false;
  await tracking.tracker.refresh();
  tracking.owned = true;
  assertEquals(tracking.now, [[70, undefined, undefined, Infinity]]);
});

test("a partition says whether its task is being restored: its position is known by then", async (tracking) => {
  tracking.queue = at(70);
  await tracking.tracker.refresh();
  const restoring = () => tracking.tracker.positions().map((p) => [p.position, p.restoring]);
  tracking.restoring = true;
  assertEquals(restoring(), [[70, true]]);
  tracking.restoring = false;
  assertEquals(restoring(), [[70, false]]);
});

test("records of open transactions are no lag: they can't be read yet", async (tracking) => {
  const partition = { topic: "in", partition: 3 };
  tracking.queue = at(70);
  tracking.answer = { startOffset: 0, endOffset: 90 };
  await tracking.tracker.refresh();
  assertEquals(tracking.asked, ["earliest", "stable"]);
  assertEquals([tracking.tracker.readableEnd(partition), tracking.now], [90, [[70, 0, 90, 0]]]);
  tracking.bounds = { startOffset: 0, endOffset: 95 };
  assertEquals([tracking.tracker.readableEnd(partition), tracking.now], [95, [[70, 0, 95, 0]]]);
});
