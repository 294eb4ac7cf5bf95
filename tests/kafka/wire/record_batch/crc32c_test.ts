import { assertEquals } from "@std/assert";
import { crc32c } from "../../../../src/kafka/wire/record_batch/crc32c.ts";
import { withSeed } from "./record_batch_support.ts";

const utf8 = new TextEncoder();

const ascii = (text: string): Uint8Array => utf8.encode(text);

Deno.test("CRC-32C of RFC 3720's examples, wherever they lie in the buffer", () => {
  const ascending = Uint8Array.from({ length: 32 }, (_, i) => i);
  const examples: [Uint8Array, number][] = [
    [new Uint8Array(0), 0],
    [ascii("123456789"), 0xe306_9283],
    [new Uint8Array(32), 0x8a91_36aa],
    [new Uint8Array(32).fill(0xff), 0x62a8_ab43],
    [ascending, 0x46dd_794e],
    [ascending.toReversed(), 0x113f_db5c],
  ];
  for (const [bytes, crc] of examples) {
    for (let before = 0; before < 9; before++) {
      const shifted = new Uint8Array(before + bytes.length + 9).fill(0xaa);
      shifted.set(bytes, before);
      assertEquals(crc32c(shifted, before, before + bytes.length), crc);
    }
  }
});

Deno.test("CRC-32C by steps of 16 is the one bit by bit", () =>
  withSeed((random) => {
    for (let length = 0; length < 100; length++) {
      const bytes = new Uint8Array(length + 3).subarray(3); // a view that begins within its buffer
      for (let i = 0; i < length; i++) bytes[i] = random() * 256;
      let crc = 0xffff_ffff;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f6_3b78 : crc >>> 1;
      }
      assertEquals(crc32c(bytes, 0, length), ~crc >>> 0);
    }
  }));
