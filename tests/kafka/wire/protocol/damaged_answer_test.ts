import { assertThrows } from "@std/assert";
import {
  checkIdentity,
  checkOffset,
  checkPartitions,
  DamagedAnswer,
} from "../../../../src/kafka/wire/protocol/damaged_answer.ts";

const a0 = { topic: "a", partition: 0 };
const a1 = { topic: "a", partition: 1 };

Deno.test("an answer tells of all that was asked, once of each, in any order, and of nothing else", () => {
  checkPartitions([a0, a1], [a1, a0]);
  checkPartitions([a0, a0], [a0]);
  checkPartitions([], []);
  assertThrows(() => checkPartitions([a0, a1], [a1]), DamagedAnswer, "about 1 of 2, without a-0");
  assertThrows(() => checkPartitions([a0], [a0, a0]), DamagedAnswer, "tells twice of a-0");
  assertThrows(() => checkPartitions([a0], [a1]), DamagedAnswer, "about a-1, which was not asked for");
});

Deno.test("an offset is a number that is exact, or -1 for none", () => {
  for (const offset of [-1, 0, Number.MAX_SAFE_INTEGER]) checkOffset(offset, a0);
  for (const offset of [-2, 2 ** 53, NaN, 1.5]) {
    assertThrows(() => checkOffset(offset, a0), DamagedAnswer, `offset ${offset} of a-0`);
  }
});

Deno.test("a producer has an id and an epoch", () => {
  checkIdentity(0, 0);
  for (const [id, epoch] of [[-1, 0], [0, -1], [2 ** 53, 0]] as const) {
    assertThrows(() => checkIdentity(id, epoch), DamagedAnswer, `producer id ${id} with epoch ${epoch}`);
  }
});
