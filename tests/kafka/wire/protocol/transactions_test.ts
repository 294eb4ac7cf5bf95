import { assertEquals, assertThrows } from "@std/assert";
import {
  decodeInitProducerId,
  decodeTxnOffsetCommit,
  encodeInitProducerId,
  encodeTxnOffsetCommit,
} from "../../../../src/kafka/wire/protocol/transactions.ts";
import { DamagedAnswer } from "../../../../src/kafka/wire/protocol/damaged_answer.ts";
import { int16, int32, int64, raw } from "./raw_bytes.ts";

Deno.test("protocol: InitProducerId 3, byte for byte", () => {
  assertEquals(
    encodeInitProducerId("tx", 10_000, { id: 5_000_000_000, epoch: 7 }),
    raw(3, "tx", ...int32(10_000), ...int64(5_000_000_000), ...int16(7), 0),
  );
  assertEquals(
    encodeInitProducerId("tx", 1, { id: -1, epoch: -1 }),
    raw(3, "tx", ...int32(1), ...Array(10).fill(255), 0),
  );
  // One tagged field that nobody here knows, in the header.
  const answer = raw(1, 9, 2, 1, 2, ...int32(4), ...int16(90), ...int64(5_000_000_000), ...int16(8), 0);
  assertEquals(decodeInitProducerId(answer), { throttleMs: 4, errorCode: 90, id: 5_000_000_000, epoch: 8 });
  for (let length = 0; length < answer.length - 1; length++) {
    assertThrows(() => decodeInitProducerId(answer.subarray(0, length)), RangeError);
  }
});

Deno.test("protocol: TxnOffsetCommit 3, byte for byte", () => {
  const offset = (partition: number, offset: number) => [
    ...int32(partition),
    ...int64(offset),
    ...int32(-1),
    1,
    0,
  ];
  assertEquals(
    encodeTxnOffsetCommit("tx", { id: 12, epoch: 3 }, {
      groupId: "grp",
      memberId: "m-1",
      generation: 42,
      offsets: [
        { topic: "a", partition: 1, offset: 5_000_000_000 },
        { topic: "b", partition: 0, offset: 7 },
        { topic: "a", partition: 2, offset: 0 },
      ],
    }),
    raw(
      ...[3, "tx", 4, "grp", ...int64(12), ...int16(3), ...int32(42), 4, "m-1", 0],
      ...[3, 2, "a", 3, ...offset(1, 5_000_000_000), ...offset(2, 0), 0],
      ...[2, "b", 2, ...offset(0, 7), 0, 0],
    ),
  );
  const answer = raw(
    ...[0, ...int32(2), 3, 2, "a", 3, ...int32(1), ...int16(0), 0, ...int32(2), ...int16(22), 0, 0],
    ...[2, "b", 2, ...int32(0), ...int16(27), 0, 0, 0],
  );
  const asked = [["a", 1], ["a", 2], ["b", 0]] as const;
  const partitions = asked.map(([topic, partition]) => ({ topic, partition }));
  assertThrows(() => decodeTxnOffsetCommit(answer, partitions.slice(1)), DamagedAnswer, "a-1, which was not");
  assertEquals(decodeTxnOffsetCommit(answer, partitions), {
    throttleMs: 2,
    partitions: [
      { topic: "a", partition: 1, errorCode: 0 },
      { topic: "a", partition: 2, errorCode: 22 },
      { topic: "b", partition: 0, errorCode: 27 },
    ],
  });
});

Deno.test("protocol: an identity that is none is no answer to InitProducerId, unless it is an error", () => {
  const answer = (errorCode: number, id: number) =>
    raw(0, ...int32(0), ...int16(errorCode), ...int64(id), ...int16(0), 0);
  assertEquals(decodeInitProducerId(answer(51, -1)).errorCode, 51);
  assertThrows(() => decodeInitProducerId(answer(0, -1)), DamagedAnswer, "producer id -1 with epoch 0");
});
