import { assertEquals, assertThrows } from "@std/assert";
import { median, medianRatio } from "../../../bench/support/statistics.ts";

Deno.test("the median is the value in the middle, whatever the order", () => {
  assertEquals(median([5]), 5);
  assertEquals(median([9, 1, 100]), 9);
  assertEquals(median([4, 1, 3, 2]), 2.5);
  assertThrows(() => median([]), RangeError, "received no value");
});

Deno.test("a ratio is that of each pair, not of the medians", () => {
  assertEquals(medianRatio([10, 20, 90], [10, 5, 30]), 3);
  assertThrows(() => medianRatio([1], [1, 2]), RangeError, "received 1 values and 2");
});
