import { assertAlmostEquals, assertEquals } from "@std/assert";
import { Pace } from "../../../../src/engine/app/progress/pace.ts";

/** An instance whose work and waits take what the test says. */
function instance(perSecond: number, overshootMs = 0) {
  const stats = { processed: 0 };
  let busyMs = 0;
  const waits: number[] = [];
  const wait = (ms: number): Promise<void> => {
    waits.push(ms);
    busyMs += ms + overshootMs;
    return Promise.resolve();
  };
  const pace = new Pace(perSecond, stats, () => busyMs, wait);
  return {
    pace,
    waits,
    capacity: () => 1000 * stats.processed / busyMs,
    async work(records: number, ms: number) {
      stats.processed += records;
      busyMs += ms;
      await pace.keep();
    },
  };
}

Deno.test("an instance with a pace is as busy as one whose machine can do no more", async () => {
  const { work, waits, capacity } = instance(1000);
  await work(50, 10);
  assertEquals(waits, [40]);
  await work(50, 20);
  assertEquals(waits, [40, 30]);
  assertEquals(capacity(), 1000);
});

Deno.test("a pace takes single records together, and so waits no time that a timer can't", async () => {
  const { work, waits, capacity } = instance(1000);
  for (let i = 0; i < 40; i++) await work(1, 0.25);
  assertEquals(waits.every((ms) => ms >= 4), true, `${waits}`);
  assertAlmostEquals(capacity(), 1000, 120);
});

Deno.test("a pace makes up for timers that fire late", async () => {
  const { work, capacity } = instance(1000, 2);
  for (let i = 0; i < 100; i++) await work(20, 1);
  assertAlmostEquals(capacity(), 1000, 2);
});

Deno.test("a pace gives no credit for work that was slower than it", async () => {
  const { work, waits } = instance(1000);
  await work(10, 5_000);
  await work(100, 0);
  assertEquals(waits, [80]);
});

Deno.test("a pace processes so many records at once that a commit waits 50 ms", () => {
  assertEquals([1, 1000, 3001].map((perSecond) => instance(perSecond).pace.slice), [1, 50, 150]);
});
