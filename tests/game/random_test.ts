import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { Random, randomSeed } from "../../src/game/random.ts";

Deno.test("xoshiro128** gives the reference sequence", () => {
  // The vector of the reference implementation for the state 1, 2, 3, 4, as in the rand_xoshiro crate's tests.
  const random = new Random(1, 2, 3, 4);
  assertEquals(Array.from({ length: 10 }, () => random.next()), [
    11520,
    0,
    5927040,
    70819200,
    2031721883,
    1637235492,
    1287239034,
    3734860849,
    3729100597,
    4258142804,
  ]);
});

Deno.test("a seed repeats, and seeds that differ in any bit differ", () => {
  const start = (seed: number): number[] => {
    const random = Random.ofSeed(seed);
    return Array.from({ length: 4 }, () => random.next());
  };
  assertEquals(start(42), start(42));
  const seen = new Set([JSON.stringify(start(0))]);
  for (let bit = 0; bit < 53; bit++) seen.add(JSON.stringify(start(2 ** bit)));
  for (let seed = 100; seed < 1100; seed++) seen.add(JSON.stringify(start(seed)));
  assertEquals(seen.size, 54 + 1000 - [128, 256, 512, 1024].length);
});

Deno.test("a seed out of range is refused", () => {
  for (const seed of [-1, 1.5, NaN, Infinity, 2 ** 53]) {
    assertThrows(() => Random.ofSeed(seed), RangeError, `Cannot use as a seed: received ${seed}`);
  }
  assertThrows(() => new Random(0, 0, 0, 0), RangeError, "state of zeros");
});

Deno.test("below is uniform and stays below", () => {
  const random = Random.ofSeed(3);
  const counts = new Array<number>(101).fill(0);
  const draws = 101 * 2_000;
  for (let i = 0; i < draws; i++) counts[random.below(101)]!++;
  assertEquals(counts.length, 101);
  const chiSquare = counts.reduce((sum, count) => sum + (count - 2_000) ** 2 / 2_000, 0);
  // 100 degrees of freedom: 149.4 is exceeded once in a thousand times, and 61.9 undercut as rarely.
  assert(chiSquare > 61.9 && chiSquare < 149.4, `chi-square ${chiSquare}`);
  for (let i = 0; i < 100; i++) assertEquals(random.below(1), 0);
});

Deno.test("a random seed is a seed, and not always the same", () => {
  const seeds = Array.from({ length: 4 }, randomSeed);
  for (const seed of seeds) Random.ofSeed(seed);
  assertNotEquals(new Set(seeds).size, 1);
});
