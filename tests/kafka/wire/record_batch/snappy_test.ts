import { assertEquals, assertThrows } from "@std/assert";
import { InvalidCompression, TooLarge } from "../../../../src/kafka/wire/record_batch/output.ts";
import { decompressSnappy } from "../../../../src/kafka/wire/record_batch/snappy.ts";

Deno.test("raw snappy of the format's elements", () => {
  const raw = (...bytes: number[]) => new TextDecoder().decode(decompressSnappy(new Uint8Array(bytes), 1000));
  assertEquals(raw(0), "");
  assertEquals(raw(3, 2 << 2, 97, 98, 99), "abc");
  assertEquals(raw(7, 2 << 2, 97, 98, 99, 1, 3), "abcabca"); // 4 bytes from 3 back: it overlaps
  assertEquals(raw(6, 2 << 2, 97, 98, 99, (2 << 2) | 2, 3, 0), "abcabc");
  assertEquals(raw(6, 2 << 2, 97, 98, 99, (2 << 2) | 3, 3, 0, 0, 0), "abcabc");
  assertEquals(raw(61, 60 << 2, 60, ...new Array(61).fill(97)), "a".repeat(61));
});

Deno.test("wrong snappy is an error, not a wrong result", () => {
  const wrong: number[][] = [
    [], // no length
    [0x80], // a truncated length
    [3, 2 << 2, 97, 98], // a truncated literal
    [5, 2 << 2, 97, 98, 99], // fewer than announced
    [2, 2 << 2, 97, 98, 99], // more than announced
    [7, 2 << 2, 97, 98, 99, 1, 4], // from before the start
    [7, 2 << 2, 97, 98, 99, 1, 0], // a distance of 0
    [7, 2 << 2, 97, 98, 99, 1], // a truncated copy
    [4, 63 << 2, 0xff, 0xff, 0xff, 0xff], // a length that is negative in 32 bits
    [0xff, 0xff, 0x03, 0, 97], // more than these bytes can give
    [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 9, 0], // a truncated chunk
  ];
  for (const bytes of wrong) {
    assertThrows(
      () => decompressSnappy(new Uint8Array(bytes), 100_000),
      InvalidCompression,
      "",
      bytes.join(),
    );
  }
  assertThrows(() => decompressSnappy(new Uint8Array([0xff, 0xff, 0xff, 0xff, 0x0f, 0]), 1000), TooLarge);
});
