import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { Recommender } from "../../src/autoscale/recommender.ts";
import { even, type Looks, snapshotAt } from "./snapshots.ts";

const BOUNDS = { minReplicas: 1, maxReplicas: 4 };

/** What is said to the same looks, each quarter of a minute. */
function watch(own: Recommender, fromSecond: number, toSecond: number, looks: Looks): number[] {
  const said: number[] = [];
  let { running } = looks;
  for (let second = fromSecond; second < toSecond; second += 15) {
    said.push(running = own.observe(snapshotAt(second, { ...looks, running })).replicas);
  }
  return said;
}

Deno.test("recommender: the least count whose most loaded instance carries what comes", () => {
  const of = (arrival: number): number =>
    new Recommender({ minReplicas: 1, maxReplicas: 12 })
      .observe(snapshotAt(0, { running: 1, arrivals: even(12, arrival) })).replicas;
  assertEquals([500, 800, 900, 1_700, 2_600, 4_900, 5_500].map(of), [1, 1, 2, 3, 4, 6, 12]);
});

Deno.test("recommender: where help comes too late for the SLO, it comes sooner", () => {
  const looks = { running: 1, arrivals: even(4, 2_300) };
  const of = (startSeconds: number): number =>
    new Recommender({ ...BOUNDS, startSeconds }).observe(snapshotAt(0, looks)).replicas;
  assertEquals([of(30), of(300)], [1, 2]);
});

Deno.test("recommender: instances go when fewer have been enough for a while, at once to what is enough", () => {
  const own = new Recommender(BOUNDS);
  assertEquals(watch(own, 0, 30, { running: 4, arrivals: even(4, 6_000) }), [4, 4]);
  assertEquals(watch(own, 30, 105, { running: 4, arrivals: even(4, 500) }), [4, 4, 4, 1, 1]);
  const { reason } = new Recommender({ ...BOUNDS, holdSeconds: 0 })
    .observe(snapshotAt(0, { running: 4, arrivals: even(4, 500) }));
  assertEquals(
    reason,
    "Go from 4 to 1: with 1 the most loaded instance gets 2,000 records/s of the 10,000 that it can process, " +
      "and what moves rests for 3 s.",
  );
});

Deno.test("recommender: between two counts that both carry it, none comes and none goes", () => {
  // One instance does 10,000, so 9,500 are enough for one that is alone, and too much to make it so.
  for (const running of [1, 2]) {
    const own = new Recommender(BOUNDS);
    const said = watch(own, 0, 900, { running, arrivals: even(4, 9_500 / 4) });
    assert(said.every((count) => count === running), `${said}`);
  }
});

Deno.test("recommender: a surge is known from the lag that grows, before the average of a minute tells", () => {
  const own = new Recommender(BOUNDS);
  const calm = { running: 1, arrivals: even(4, 2_000), busy: 0.8 };
  assertEquals(watch(own, 0, 60, calm), [1, 1, 1, 1]);
  const surge = { ...calm, arrivals: even(4, 2_100), busy: 1 };
  // In the first look the surge is a few seconds old: its size is not known yet.
  const first = own.observe(snapshotAt(60, { ...surge, lags: even(4, 30_000) }));
  assertEquals(first.replicas, 1);
  assertMatch(first.reason, /the next one tells how much/);
  const second = own.observe(snapshotAt(75, { ...surge, lags: even(4, 125_000) }));
  assertEquals(second.replicas, 4);
  assertMatch(second.reason, /gets 35,333 records\/s of the 10,000/);
});

Deno.test("recommender: its last word stands while whoever follows it takes time, and is said anew after that", () => {
  const own = new Recommender(BOUNDS);
  const looks = { running: 1, arrivals: even(4, 6_000) };
  const said = [0, 15, 30, 60].map((second) => own.observe(snapshotAt(second, looks)).replicas);
  assertEquals(said, [4, 4, 4, 4]);
  const again = own.observe(snapshotAt(600, looks));
  assertMatch(again.reason, /^Go from 1 to 4/);
});

Deno.test("recommender: pending instances belong to the count, so that they are not asked for twice", () => {
  const own = new Recommender(BOUNDS);
  const looks = { running: 1, pending: 3, arrivals: even(4, 6_000) };
  assertEquals(own.observe(snapshotAt(0, looks)).replicas, 4);
});

Deno.test("recommender: uneven partitions are learned from who is most loaded", () => {
  const own = new Recommender({ minReplicas: 1, maxReplicas: 4, holdSeconds: 0, settleSeconds: 0 });
  // Both hot ones are with the same instance, which the average does not tell.
  const arrivals = [6_000, 6_000, 500, 500];
  const two = { running: 2, arrivals };
  assertEquals(own.observe(snapshotAt(0, two)).replicas, 4);
  const four = { running: 4, arrivals };
  assertEquals([15, 30, 45].map((second) => own.observe(snapshotAt(second, four)).replicas), [4, 4, 4]);
});

Deno.test("recommender: out of its bounds it goes to them, and each reason is one sentence", () => {
  const own = new Recommender({ minReplicas: 2, maxReplicas: 4 });
  const { replicas, reason } = own.observe(snapshotAt(0, { running: 9, arrivals: even(4, 1) }));
  assertEquals([replicas, reason], [4, "Go from 9 to 4: 9 is out of the bounds 2 to 4."]);
  for (const running of [1, 2, 3, 4, 5]) {
    for (const arrival of [0, 3_000, 12_000]) {
      const looks = { running, arrivals: even(4, arrival), lags: even(4, 1e6) };
      const { reason } = new Recommender(BOUNDS).observe(snapshotAt(0, looks));
      assertMatch(reason, /^(Keep|Go from) [^.]*\.$/);
    }
  }
});

Deno.test("recommender: a setting that can't be is named", () => {
  const wrong = (settings: object, name: string): void => {
    assertThrows(() => new Recommender({ ...BOUNDS, ...settings }), RangeError, `received ${name}`);
  };
  wrong({ maxReplicas: 0 }, "maxReplicas 0");
  wrong({ minReplicas: 0 }, "minReplicas 0");
  wrong({ target: 0 }, "target 0");
  wrong({ target: 1.2 }, "target 1.2");
  wrong({ sloSeconds: 0 }, "sloSeconds 0");
  wrong({ restoreRate: NaN }, "restoreRate NaN");
  wrong({ startSeconds: -1 }, "startSeconds -1");
});
