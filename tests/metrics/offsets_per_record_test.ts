import { assertAlmostEquals, assertEquals } from "@std/assert";
import { OffsetsPerRecord } from "../../src/metrics/offsets_per_record.ts";

Deno.test("offsets per record: how many are passed for each record, and 1 before that is known", () => {
  const offsets = new OffsetsPerRecord();
  const place = { topic: "in", partition: 0 };
  assertEquals(offsets.ratio, 1);
  for (let second = 0; second <= 9; second++) {
    offsets.note(second * 1_000, second * 100, [{ ...place, position: second * 120 }]);
    assertEquals(offsets.ratio, 1);
  }
  for (let second = 10; second <= 70; second++) {
    offsets.note(second * 1_000, second * 100, [{ ...place, position: second * 120 }]);
  }
  assertAlmostEquals(offsets.ratio, 1.2);
});

Deno.test("offsets per record: what comes and goes, or is not known yet, is no offset that was passed", () => {
  const offsets = new OffsetsPerRecord();
  for (let second = 0; second <= 60; second++) {
    const at = second * 10;
    const places = [{ topic: "in", partition: 0, position: at }];
    if (second % 20 > 10) places.push({ topic: "in", partition: 1, position: 5_000_000 });
    offsets.note(second * 1_000, at, [...places, { topic: "in", partition: 2, position: undefined }]);
  }
  assertAlmostEquals(offsets.ratio, 1);
});

Deno.test("offsets per record: never less than 1, never more than 2, and 1 where nothing is processed", () => {
  const ratioOf = (passed: number, processed: number): number => {
    const offsets = new OffsetsPerRecord();
    for (const second of [0, 10, 20]) {
      offsets.note(second * 1_000, second * processed, [{
        topic: "in",
        partition: 0,
        position: second * passed,
      }]);
    }
    return offsets.ratio;
  };
  assertEquals([ratioOf(5, 10), ratioOf(1_000_000, 10), ratioOf(100, 0)], [1, 2, 1]);
});
