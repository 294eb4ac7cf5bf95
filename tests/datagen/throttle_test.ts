import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { Throttle } from "../../src/datagen/throttle.ts";

/** Runs a throttle over a clock that steps as `step` says, and counts what it lets through. */
function run(throttle: Throttle, fromMs: number, untilMs: number, step: (now: number) => number): number {
  let sent = 0;
  for (let now = fromMs; now <= untilMs; now += step(now)) {
    const due = throttle.due(now);
    throttle.take(due);
    sent += due;
  }
  return sent;
}

/** Numbers in [0, 1) by a seed (mulberry32). */
function random(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

for (const rate of [0.1, 1, 3, 7.5, 1000, 20_000, 333_333, 2_000_000]) {
  Deno.test(`throttle: exact after an hour at ${rate}/s, asked each ms`, () => {
    const seconds = rate > 100_000 ? 60 : 3600;
    const sent = run(new Throttle({ rate, now: 0 }), 0, seconds * 1000, () => 1);
    assertEquals(sent, Math.floor(rate * seconds));
  });
}

Deno.test("throttle: no drift however irregularly it is asked", () => {
  const seed = Date.now() % 1e9;
  const next = random(seed);
  for (const rate of [1, 50, 1000, 250_000]) {
    const start = next() * 1e6;
    const throttle = new Throttle({ rate, now: start });
    let last = start;
    const sent = run(throttle, start, start + 600_000, (now) => (last = now, next() * 40));
    const expected = rate * (last - start) / 1000;
    assert(
      sent <= expected + 1 && sent > expected - 1 - rate * 0.04,
      `seed ${seed}: ${sent} at ${rate}/s, expected ${expected}`,
    );
  }
});

Deno.test("throttle: a stall is made up for by at most 100 ms of records", () => {
  const throttle = new Throttle({ rate: 1000, now: 0 });
  assertEquals(throttle.due(50), 50);
  throttle.take(50);
  assertEquals(throttle.due(10_000), 101);
  throttle.take(101);
  assertEquals(throttle.due(10_000), 0);
  assertEquals(run(throttle, 10_001, 11_000, () => 1), 1000);
});

Deno.test("throttle: a slow rate has its record on time, and tells how long to wait", () => {
  const throttle = new Throttle({ rate: 1, now: 0 });
  assertEquals(throttle.waitMs(0), 1000);
  assertEquals(throttle.waitMs(400), 600);
  assertEquals(throttle.due(999), 0);
  assertEquals(throttle.due(1000), 1);
  assertEquals(throttle.waitMs(1000), 0);
  throttle.take(1);
  // Asked 30 ms late: the next one is due at 2,000 all the same.
  assertEquals(throttle.waitMs(1030), 970);
});

Deno.test("throttle: a change of rate works at once and floods nothing", () => {
  const throttle = new Throttle({ rate: 1, now: 0 });
  throttle.setRate(20_000, 500);
  assertEquals(throttle.due(500), 0);
  assertEquals(run(throttle, 501, 1500, () => 1), 20_000);
  throttle.setRate(10, 1500);
  assertEquals(run(throttle, 1501, 3500, () => 1), 20);
  // From max there is nothing owed.
  throttle.setRate(Infinity, 3500);
  assertEquals(throttle.due(3500), Infinity);
  assertEquals(throttle.waitMs(3500), 0);
  throttle.take(123_456);
  throttle.setRate(100, 4000);
  assertEquals(throttle.due(4000), 0);
  assertEquals(throttle.due(4100), 10);
});

Deno.test("throttle: 0 pauses, and a pause earns nothing", () => {
  const throttle = new Throttle({ rate: 1000, now: 0 });
  throttle.setRate(0, 0);
  assertEquals(throttle.due(60_000), 0);
  assertEquals(throttle.waitMs(60_000), Infinity);
  throttle.setRate(1000, 60_000);
  assertEquals(throttle.due(60_000), 0);
  assertEquals(throttle.due(60_010), 10);
});

Deno.test("throttle: a rate that changes each step sends its integral", () => {
  const throttle = new Throttle({ rate: 0, now: 0 });
  let sent = 0;
  for (let now = 0; now <= 10_000; now += 5) {
    throttle.setRate(now, now); // a ramp from 0 to 10,000 a second
    const due = throttle.due(now);
    throttle.take(due);
    sent += due;
  }
  assertAlmostEquals(sent, 50_000, 30);
});

Deno.test("throttle: refuses what is no rate", () => {
  for (const rate of [-1, NaN]) {
    assertThrows(() => new Throttle({ rate, now: 0 }), RangeError, `received the rate ${rate}`);
    assertThrows(() => new Throttle({ rate: 1, now: 0 }).setRate(rate, 1), RangeError);
  }
});
