import { assertEquals } from "@std/assert";
import kafkajsEncoder from "kafkajs/src/protocol/encoder.js";
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
