/** Whatever room a writer begins with, and wherever it runs out of it, what it writes is the same. */
import { assertEquals, assertThrows } from "@std/assert";
import { avroSerde, EncodeBuffer, stringSerde } from "../../../../src/serde/mod.ts";
import { MemoryChunk } from "../../../../src/kafka/memory/chunk.ts";
import { ByteWriter } from "../../../../src/kafka/wire/protocol/bytes.ts";
import { Output } from "../../../../src/kafka/wire/record_batch/output.ts";
import { BatchWriter } from "../../../../src/kafka/wire/record_batch/writer.ts";
import { seededRandom } from "../../../support/seeded_random.ts";
import { whole } from "../../../../src/kafka/port/bytes_range.ts";

/** A primitive: how it is written, and the bytes that it has to be. */
interface Primitive {
  readonly name: string;
  readonly write: (out: ByteWriter) => void;
  readonly bytes: readonly number[];
}

/** A big-endian integer. */
function integer(value: bigint, size: number): number[] {
  return Array.from(
    { length: size },
    (_, i) => Number(BigInt.asUintN(8, value >> BigInt(8 * (size - 1 - i)))),
  );
}

/** A text with characters of one to four bytes. */
const TEXT = "aé€😀";
const TEXT_BYTES = [0x61, 0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80];

const PRIMITIVES: readonly Primitive[] = [
  { name: "int8", write: (out) => out.int8(-2), bytes: integer(-2n, 1) },
  { name: "int16", write: (out) => out.int16(-300), bytes: integer(-300n, 2) },
  { name: "int32", write: (out) => out.int32(-70_000), bytes: integer(-70_000n, 4) },
  { name: "int64", write: (out) => out.int64(-(2 ** 40) - 3), bytes: integer(-(2n ** 40n) - 3n, 8) },
  { name: "string", write: (out) => out.string(TEXT), bytes: [0, 10, ...TEXT_BYTES] },
  { name: "empty string", write: (out) => out.string(""), bytes: [0, 0] },
  { name: "null string", write: (out) => out.string(null), bytes: [255, 255] },
  { name: "bytes", write: (out) => out.bytes(Uint8Array.of(7, 8, 9)), bytes: [0, 0, 0, 3, 7, 8, 9] },
  { name: "small varint", write: (out) => out.unsignedVarint(5), bytes: [5] },
  { name: "varint", write: (out) => out.unsignedVarint(300), bytes: [0xac, 2] },
  { name: "large varint", write: (out) => out.unsignedVarint(2 ** 32 - 1), bytes: [255, 255, 255, 255, 15] },
  { name: "compact string", write: (out) => out.compactString(TEXT), bytes: [11, ...TEXT_BYTES] },
  { name: "compact null string", write: (out) => out.compactString(null), bytes: [0] },
  {
    name: "compact array",
    write: (out) => out.compactArray([1, 2], (item) => out.int16(item)),
    bytes: [3, 0, 1, 0, 2],
  },
  { name: "no tags", write: (out) => out.noTags(), bytes: [0] },
  { name: "raw", write: (out) => out.raw(Uint8Array.of(1, 2, 3)), bytes: [1, 2, 3] },
];

Deno.test("every primitive is written rightly from every capacity and offset", () => {
  for (const { name, write, bytes } of PRIMITIVES) {
    for (let capacity = 0; capacity <= 24; capacity++) {
      for (let from = 0; from <= capacity; from++) {
        const before = Uint8Array.from({ length: capacity }, (_, i) => 100 + i);
        const out = new ByteWriter(before.slice(), from);
        write(out);
        out.int8(77);
        const expected = [...before.subarray(0, from), ...bytes, 77];
        assertEquals([...out.done()], expected, `${name} at ${from} of ${capacity}`);
      }
    }
  }
});

Deno.test("primitives in any order are written rightly from every capacity", () => {
  const { below } = seededRandom();
  for (let round = 0; round < 2_000; round++) {
    const list = Array.from({ length: 1 + below(30) }, () => PRIMITIVES[below(PRIMITIVES.length)]!);
    const out = new ByteWriter(below(64));
    for (const { write } of list) write(out);
    assertEquals([...out.done()], list.flatMap(({ bytes }) => bytes), list.map(({ name }) => name).join());
  }
});

Deno.test("a string that is too long for its length is refused rather than written wrongly", () => {
  new ByteWriter().string("x".repeat(32_767));
  assertThrows(
    () => new ByteWriter().string("x".repeat(32_768)),
    RangeError,
    "32768 bytes; allowed are 32767",
  );
});

/** Records of any sizes, with and without keys, values and headers. */
function randomRecords(below: (count: number) => number) {
  const bytes = () => Uint8Array.from({ length: below(200) }, () => below(256));
  return Array.from({ length: 1 + below(20) }, () => ({
    timestamp: below(2 ** 31),
    key: below(4) === 0 ? null : bytes(),
    value: below(4) === 0 ? null : bytes(),
    headers: below(3) > 0 ? [] : [{ key: "h".repeat(below(20)), value: below(3) === 0 ? null : bytes() }],
  }));
}

Deno.test("a record batch is the same whatever room its writer began with", () => {
  const { below } = seededRandom();
  const ample = new BatchWriter(1_000_000);
  for (let round = 0; round < 300; round++) {
    const records = randomRecords(below);
    const [grown, unhurried] = [new BatchWriter(below(600)), ample].map((writer) => {
      for (const { timestamp, key, value, headers } of records) {
        writer.append(timestamp, whole(key), whole(value), headers);
      }
      return [...writer.finish()];
    });
    ample.reset();
    assertEquals(grown, unhurried);
  }
});

Deno.test("a chunk of the log in memory keeps its records however it grows", () => {
  const { below } = seededRandom();
  for (let round = 0; round < 100; round++) {
    const chunk = new MemoryChunk(0);
    const records = randomRecords(below);
    for (const [i, { timestamp, key, value }] of records.entries()) {
      const size = (key?.length ?? 0) + (value?.length ?? 0);
      chunk.append(i, timestamp, whole(key), whole(value), null, size);
    }
    const part = (from: number, to: number) => from < 0 ? null : [...chunk.bytes.subarray(from, to)];
    for (const [i, { timestamp, key, value }] of records.entries()) {
      assertEquals(chunk.timestamps[i], timestamp);
      assertEquals(part(chunk.keyStart[i]!, chunk.keyEnd[i]!), key && [...key]);
      assertEquals(part(chunk.valueStart[i]!, chunk.valueEnd[i]!), value && [...value]);
    }
  }
});

Deno.test("a decompressor's output is the same whatever room it began with", () => {
  const { below } = seededRandom();
  for (let round = 0; round < 500; round++) {
    const output = new Output(below(40), 100_000);
    const expected: number[] = [];
    for (let step = 0; step < 12; step++) {
      if (expected.length === 0 || below(2) === 0) {
        const input = Uint8Array.from({ length: below(100) }, () => below(256));
        output.literal(input, 0, input.length);
        expected.push(...input);
      } else {
        const distance = 1 + below(expected.length);
        const length = below(100);
        output.repeat(distance, length);
        for (let i = 0; i < length; i++) expected.push(expected[expected.length - distance]!);
      }
    }
    assertEquals([...output.written()], expected);
  }
});

const EVERY_TYPE = avroSerde<Record<string, unknown>>({
  type: "record",
  name: "Everything",
  fields: [
    { name: "yes", type: "boolean" },
    { name: "int", type: "int" },
    { name: "long", type: "long" },
    { name: "float", type: "float" },
    { name: "double", type: "double" },
    { name: "string", type: "string" },
    { name: "bytes", type: "bytes" },
    { name: "list", type: { type: "array", items: "long" } },
    { name: "map", type: { type: "map", values: "string" } },
    { name: "maybe", type: ["null", "string"] },
  ],
});

Deno.test("an Avro record is the same from every capacity and offset", () => {
  const value = {
    yes: true,
    int: -70_000,
    long: 2 ** 50 + 1,
    float: 0.5,
    double: -1e300,
    string: `${TEXT}${"x".repeat(60)}`,
    bytes: Uint8Array.of(1, 2, 3),
    list: [1, -(2 ** 52), 3],
    map: { a: TEXT },
    maybe: TEXT,
  };
  const whole = new Uint8Array(1_000);
  const expected = [...whole.subarray(0, EVERY_TYPE.encode(value, whole, 0))];
  for (let capacity = 0; capacity <= expected.length + 9; capacity++) {
    for (const at of [0, 1, 8]) {
      const buffer = new EncodeBuffer(Math.max(at, capacity));
      buffer.bytes.fill(9);
      const end = buffer.encode(EVERY_TYPE, value, at);
      assertEquals(
        [...buffer.bytes.subarray(0, end)],
        [...new Array(at).fill(9), ...expected],
        `${at} of ${capacity}`,
      );
    }
  }
});

Deno.test("a text is the same from every capacity", () => {
  for (let capacity = 0; capacity <= 12; capacity++) {
    const buffer = new EncodeBuffer(capacity);
    const end = buffer.encode(stringSerde(), TEXT, 0);
    assertEquals([...buffer.bytes.subarray(0, end)], TEXT_BYTES);
  }
});
