import { assertEquals, assertThrows } from "@std/assert";
import { decompressLz4 } from "../../../../src/kafka/wire/record_batch/lz4.ts";
import { InvalidCompression, TooLarge } from "../../../../src/kafka/wire/record_batch/output.ts";

/** An LZ4 frame of these blocks; a checksum of 0, which is not looked at. */
const frame = (flags: number, ...rest: number[]) =>
  new Uint8Array([0x04, 0x22, 0x4d, 0x18, flags, 0x40, 0, ...rest]);

Deno.test("LZ4 frames: stored and compressed blocks, overlapping repetitions, long lengths, block checksums", () => {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(decompressLz4(bytes, 10_000));
  assertEquals(text(frame(0x60, 0, 0, 0, 0)), "");
  assertEquals(text(frame(0x60, 3, 0, 0, 0x80, 97, 98, 99, 0, 0, 0, 0)), "abc");
  // Token: 3 literals, 4 + 15 + 2 repeated from 3 back; then 1 literal.
  assertEquals(
    text(frame(0x60, 9, 0, 0, 0, 0x3f, 97, 98, 99, 3, 0, 2, 0x10, 100, 0, 0, 0, 0)),
    "abc".repeat(8) + "d",
  );
  const checked = frame(
    0x70,
    3,
    0,
    0,
    0x80,
    97,
    98,
    99,
    9,
    9,
    9,
    9,
    1,
    0,
    0,
    0x80,
    100,
    9,
    9,
    9,
    9,
    0,
    0,
    0,
    0,
  );
  assertEquals(text(checked), "abcd");
});

Deno.test("wrong LZ4 is an error, not a wrong result", () => {
  const wrong: Uint8Array[] = [
    new Uint8Array(0),
    new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]),
    frame(0xa0, 0, 0, 0, 0), // version 2
    frame(0x60), // no block
    frame(0x60, 3, 0, 0, 0x80, 97, 98), // a truncated block
    frame(0x60, 3, 0, 0, 0x80, 97, 98, 99), // no end mark
    frame(0x60, 3, 0, 0, 0, 0x30, 97, 98, 0, 0, 0, 0), // literals beyond the block
    frame(0x60, 3, 0, 0, 0, 0x10, 97, 1, 0, 0, 0, 0), // a truncated distance
    frame(0x60, 4, 0, 0, 0, 0x10, 97, 2, 0, 0, 0, 0, 0), // from before the start
    frame(0x60, 4, 0, 0, 0, 0x10, 97, 0, 0, 0, 0, 0, 0), // a distance of 0
  ];
  for (const bytes of wrong) {
    assertThrows(() => decompressLz4(bytes, 1000), InvalidCompression, "", bytes.join());
  }
  const bomb = frame(0x60, 104, 0, 0, 0, 0x1f, 97, 1, 0, ...new Array(100).fill(255), 0, 0, 0, 0);
  assertThrows(() => decompressLz4(bomb, 1000), TooLarge);
});
