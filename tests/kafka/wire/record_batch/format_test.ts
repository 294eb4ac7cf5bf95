import { assertEquals } from "@std/assert";
import { readInt64, writeInt64 } from "../../../../src/kafka/wire/record_batch/format.ts";

Deno.test("64-bit numbers are written and read, negative ones too", () => {
  for (
    const value of [
      0,
      1,
      -1,
      2 ** 32 - 1,
      2 ** 32,
      -(2 ** 32) - 1,
      Number.MAX_SAFE_INTEGER,
      Number.MIN_SAFE_INTEGER,
    ]
  ) {
    const bytes = new Uint8Array(8);
    writeInt64(bytes, 0, value);
    assertEquals(new DataView(bytes.buffer).getBigInt64(0), BigInt(value));
    assertEquals(readInt64(bytes, 0), value);
  }
});
