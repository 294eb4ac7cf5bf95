import { assertEquals, assertThrows } from "@std/assert";
import { ByteReader, ByteWriter } from "../../../../src/kafka/wire/protocol/bytes.ts";

Deno.test("protocol: 64-bit integers keep every bit that a number has", () => {
  const values = [0, 1, -1, -2, 2 ** 31, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53 - 1)];
  const out = new ByteWriter(1);
  for (const value of values) out.int64(value);
  const view = new DataView(out.done().slice().buffer);
  const input = new ByteReader(out.done());
  for (const [i, value] of values.entries()) {
    assertEquals(view.getBigInt64(i * 8), BigInt(value));
    assertEquals(input.int64(), value);
  }
});

Deno.test("protocol: unsigned varints of every size come back, and endless ones are refused", () => {
  const values = [0, 1, 127, 128, 300, 16_383, 16_384, 2 ** 21, 2 ** 28 - 1, 2 ** 31 - 1];
  const out = new ByteWriter(1);
  for (const value of values) out.unsignedVarint(value);
  const input = new ByteReader(out.done());
  for (const value of values) assertEquals(input.unsignedVarint(), value);
  const two = new ByteWriter();
  two.unsignedVarint(300);
  assertEquals([...two.done()], [0xac, 0x02]);
  assertThrows(() => new ByteReader(new Uint8Array(9).fill(255)).unsignedVarint(), RangeError, "5 bytes");
});
