import { assertEquals } from "@std/assert";
import { decodeOffsetFetch, encodeOffsetFetch } from "../../../../src/kafka/wire/protocol/offset_fetch.ts";
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
