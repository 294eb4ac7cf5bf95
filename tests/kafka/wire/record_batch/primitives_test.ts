import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import kafkajsMurmur2 from "kafkajs/src/producer/partitioners/default/murmur2.js";
import kafkajsEncoder from "kafkajs/src/protocol/encoder.js";
import { crc32c } from "../../../../src/kafka/wire/record_batch/crc32c.ts";
import { readInt64, writeInt64 } from "../../../../src/kafka/wire/record_batch/format.ts";
import { decompressLz4 } from "../../../../src/kafka/wire/record_batch/lz4.ts";
import { murmur2, partitionFor } from "../../../../src/kafka/port/murmur2.ts";
import { InvalidCompression, TooLarge } from "../../../../src/kafka/wire/record_batch/output.ts";
import { decompressSnappy } from "../../../../src/kafka/wire/record_batch/snappy.ts";
import {
  readVarint,
  readVarlong,
  sizeOfVarint,
  sizeOfVarlong,
  varintEnd,
  writeVarint,
  writeVarlong,
} from "../../../../src/kafka/wire/record_batch/varint.ts";
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

Deno.test("murmur2 of the vectors in Kafka's UtilsTest", () => {
  const vectors: [string, number][] = [
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ];
  for (const [text, hash] of vectors) {
    const bytes = ascii(`--${text}--`);
    assertEquals(murmur2(bytes, 2, 2 + text.length), hash, text);
    assertEquals(partitionFor(bytes, 2, 2 + text.length, 7), (hash & 0x7fffffff) % 7);
  }
});

Deno.test("murmur2 is kafkajs's for any key", () =>
  withSeed((random) => {
    for (let length = 0; length < 200; length++) {
      const bytes = Uint8Array.from({ length }, () => random() * 256);
      assertEquals(murmur2(bytes, 0, length), kafkajsMurmur2(Buffer.from(bytes)));
      const partition = partitionFor(bytes, 0, length, 12);
      assert(partition >= 0 && partition < 12 && Number.isInteger(partition));
    }
  }));

const VARINTS = [
  0,
  -1,
  1,
  63,
  -64,
  64,
  -65,
  8191,
  -8192,
  8192,
  1048575,
  134217727,
  134217728,
  2 ** 31 - 1,
  -(2 ** 31),
];

Deno.test("varints are kafkajs's, in their size too, and read back", () => {
  for (const value of VARINTS) {
    const bytes = new Uint8Array(12);
    const end = writeVarint(bytes, 1, value);
    assertEquals(
      bytes.subarray(1, end),
      new Uint8Array(new kafkajsEncoder().writeVarInt(value).buffer),
      `${value}`,
    );
    assertEquals(sizeOfVarint(value), end - 1);
    assertEquals(readVarint(bytes, 1, 12), value);
    assertEquals(varintEnd, end);
    assertEquals(readVarlong(bytes, 1, 12), value);
    assertEquals(varintEnd, end);
  }
});

Deno.test("varlongs are kafkajs's and read back, up to 2^52", () =>
  withSeed((random) => {
    const values = [
      ...VARINTS,
      2 ** 31,
      -(2 ** 31) - 1,
      2 ** 32,
      2 ** 35,
      2 ** 51,
      2 ** 52 - 1,
      -(2 ** 52) + 1,
    ];
    for (let i = 0; i < 500; i++) values.push(Math.floor((random() - 0.5) * 2 ** (random() * 53)));
    for (const value of values) {
      const bytes = new Uint8Array(12);
      const end = writeVarlong(bytes, 1, value);
      assertEquals(
        bytes.subarray(1, end),
        new Uint8Array(new kafkajsEncoder().writeVarLong(value).buffer),
        `${value}`,
      );
      assertEquals(sizeOfVarlong(value), end - 1);
      assertEquals(readVarlong(bytes, 1, 12), value + 0); // no -0
      assertEquals(varintEnd, end);
    }
  }));

Deno.test("a varint that is too long or cut off is malformed", () => {
  const endless = new Uint8Array(20).fill(0xff);
  for (const read of [readVarint, readVarlong]) {
    read(endless, 0, 20);
    assertEquals(varintEnd, -1);
    read(new Uint8Array([0x80]), 0, 1);
    assertEquals(varintEnd, -1);
    read(new Uint8Array(0), 0, 0);
    assertEquals(varintEnd, -1);
    read(new Uint8Array([0x80, 0x00]), 0, 1); // the limit, not the buffer, ends it
    assertEquals(varintEnd, -1);
  }
});

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
