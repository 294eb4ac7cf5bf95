import { assertEquals, assertThrows } from "@std/assert";
import {
  checkedOffsetFetch,
  decodeOffsetFetch,
  encodeOffsetFetch,
} from "../../../../src/kafka/wire/protocol/offset_fetch.ts";
import { DamagedAnswer } from "../../../../src/kafka/wire/protocol/damaged_answer.ts";
import { int16, int32, int64, raw } from "./raw_bytes.ts";

Deno.test("protocol: OffsetFetch 7, byte for byte", () => {
  assertEquals(
    encodeOffsetFetch("grp", [{ topic: "a", partition: 1 }, { topic: "a", partition: 258 }]),
    raw(4, "grp", 2, 2, "a", 3, ...int32(1), ...int32(258), 0, 1, 0),
  );
  const answer = raw(
    ...[0, ...int32(0), 2, 2, "a", 3],
    ...[...int32(1), ...int64(9), ...int32(-1), 1, ...int16(0), 0],
    ...[...int32(2), ...int64(-1), ...int32(-1), 0, ...int16(88), 0],
    ...[0, ...int16(15), 0],
  );
  assertEquals(decodeOffsetFetch(answer), {
    errorCode: 15,
    offsets: [
      { topic: "a", partition: 1, offset: 9, errorCode: 0 },
      { topic: "a", partition: 2, offset: -1, errorCode: 88 },
    ],
  });
});

Deno.test("protocol: an answer to OffsetFetch without a partition that was asked for is none, as it would pass for never committed", () => {
  const answer = (errorCode: number) =>
    raw(
      ...[0, ...int32(0), 2, 2, "a", 2, ...int32(1), ...int64(9), ...int32(-1), 1, ...int16(0), 0],
      ...[0, ...int16(errorCode), 0],
    );
  const a1 = { topic: "a", partition: 1 };
  assertEquals(checkedOffsetFetch(answer(0), [a1]).offsets, [{ ...a1, offset: 9, errorCode: 0 }]);
  const more = [a1, { topic: "a", partition: 2 }];
  assertThrows(() => checkedOffsetFetch(answer(0), more), DamagedAnswer, "about 1 of 2, without a-2");
  assertEquals(checkedOffsetFetch(answer(15), more).errorCode, 15);
});
