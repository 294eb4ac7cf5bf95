import { assertEquals, assertNotStrictEquals, assertThrows } from "@std/assert";
import { jsonSerde } from "../../src/serde/json.ts";
import { listSerde } from "../../src/serde/list.ts";
import {
  booleanSerde,
  bytesSerde,
  float32Serde,
  float64Serde,
  int16Serde,
  int32Serde,
  int64Serde,
  stringSerde,
  uuidSerde,
} from "../../src/serde/primitives.ts";
import { DeserializationError, type Serde } from "../../src/serde/serde.ts";
import { decode, encode, hex, unhex } from "./avro/support.ts";

Deno.test("strings are UTF-8", () => {
  const long = "0123456789".repeat(20);
  for (
    const [text, bytes] of [["", ""], ["kos", "6b6f73"], ["é", "c3a9"], ["ab€", "6162e282ac"], [
      "🎮",
      "f09f8eae",
    ], [
      "\ufeffx",
      "efbbbf78",
    ]]
  ) {
    assertEquals(hex(encode(stringSerde(), text!)), bytes);
    assertEquals(decode(stringSerde(), unhex(bytes!)), text);
  }
  for (const text of [long, long + "é", "🎮".repeat(100)]) {
    assertEquals(decode(stringSerde(), encode(stringSerde(), text)), text);
  }
});

Deno.test("half of a surrogate pair is written as the replacement character", () => {
  for (const text of ["\ud83c", "a\udc00b", "\ud83cx"]) {
    assertEquals(encode(stringSerde(), text), new TextEncoder().encode(text));
  }
});

Deno.test("int64 is big-endian over all safe integers", () => {
  for (
    const [value, bytes] of [
      [0, "0000000000000000"],
      [1, "0000000000000001"],
      [-1, "ffffffffffffffff"],
      [258, "0000000000000102"],
      [2 ** 31, "0000000080000000"],
      [2 ** 32, "0000000100000000"],
      [-(2 ** 32), "ffffffff00000000"],
      [-(2 ** 32) - 1, "fffffffeffffffff"],
      [1571000000000, "0000016dc6e59e00"],
      [Number.MAX_SAFE_INTEGER, "001fffffffffffff"],
      [Number.MIN_SAFE_INTEGER, "ffe0000000000001"],
    ] as const
  ) {
    assertEquals(hex(encode(int64Serde(), value)), bytes);
    // An independent reading.
    assertEquals(new DataView(unhex(bytes).buffer).getBigInt64(0), BigInt(value));
    assertEquals(decode(int64Serde(), unhex(bytes)), value);
  }
  assertThrows(() => decode(int64Serde(), unhex("0020000000000000")), DeserializationError, "2^53");
  assertThrows(() => decode(int64Serde(), unhex("8000000000000000")), DeserializationError, "2^53");
});

Deno.test("int32 and float64 are big-endian", () => {
  for (
    const [value, bytes] of [[0, "00000000"], [-2, "fffffffe"], [2 ** 31 - 1, "7fffffff"], [
      -(2 ** 31),
      "80000000",
    ]] as const
  ) {
    assertEquals(hex(encode(int32Serde(), value)), bytes);
    assertEquals(decode(int32Serde(), unhex(bytes)), value);
  }
  for (
    const [value, bytes] of [[1.5, "3ff8000000000000"], [-0, "8000000000000000"], [
      NaN,
      "7ff8000000000000",
    ]] as const
  ) {
    assertEquals(hex(encode(float64Serde(), value)), bytes);
    assertEquals(decode(float64Serde(), unhex(bytes)), value);
  }
});

const UUID = "0f8fad5b-d9cb-469f-a165-70867728950e";

Deno.test("booleans, int16, float32 and UUIDs are what Kafka's serializers write", () => {
  for (
    const [serde, value, bytes] of [
      [booleanSerde(), true, "01"],
      [booleanSerde(), false, "00"],
      [int16Serde(), 258, "0102"],
      [int16Serde(), -2, "fffe"],
      [int16Serde(), -(2 ** 15), "8000"],
      [int16Serde(), 2 ** 15 - 1, "7fff"],
      [float32Serde(), 1.5, "3fc00000"],
      [float32Serde(), -Infinity, "ff800000"],
      [uuidSerde(), UUID, hex(new TextEncoder().encode(UUID))],
    ] as unknown as [Serde<unknown>, unknown, string][]
  ) {
    assertEquals(hex(encode(serde, value)), bytes);
    assertEquals(decode(serde, unhex(bytes)), value);
  }
  assertEquals(decode(float32Serde(), encode(float32Serde(), 0.1)), Math.fround(0.1));
  assertEquals(decode(uuidSerde(), encode(uuidSerde(), UUID.toUpperCase())), UUID, "one UUID is one key");
});

Deno.test("JSON round-trips, and a check can refuse it", () => {
  const value = { a: [1, "é", null], b: true };
  assertEquals(decode(jsonSerde(), encode(jsonSerde(), value)), value);
  const checked = jsonSerde<number>((value) => {
    if (typeof value !== "number") throw new TypeError("it is not a number");
    return value;
  });
  assertEquals(decode(checked, encode(checked, 7)), 7);
  assertThrows(
    () => decode(checked, unhex("2278 22")),
    DeserializationError,
    'received "x"; it is not a number',
  );
});

Deno.test("bytes are copied", () => {
  const bytes = Uint8Array.of(1, 2, 3);
  const decoded = bytesSerde().decode(bytes, 0, 3);
  assertEquals(decoded, bytes);
  assertNotStrictEquals(decoded.buffer, bytes.buffer);
  assertEquals(encode(bytesSerde(), bytes), bytes);
});

Deno.test("a buffer that is too small is told by at least how much, and EncodeBuffer copes", () => {
  const cases: [Serde<never>, unknown, number][] = [
    [stringSerde(), "kos", 3],
    [stringSerde(), "€€", 6],
    [stringSerde(), "x".repeat(50), 50],
    [bytesSerde(), new Uint8Array(9), 9],
    [jsonSerde(), { a: 1 }, 7],
    [int32Serde(), 1, 4],
    [int64Serde(), 1, 8],
    [float64Serde(), 1, 8],
    [float32Serde(), 1, 4],
    [int16Serde(), 1, 2],
    [booleanSerde(), true, 1],
    [uuidSerde(), UUID, 36],
    [listSerde(int16Serde()), [1, null], 15],
  ] as unknown as [Serde<never>, unknown, number][];
  for (const [serde, value, size] of cases) {
    for (let room = 0; room < size; room++) {
      assertEquals(serde.encode(value as never, new Uint8Array(2 + room), 2), room - size);
    }
    assertEquals(serde.encode(value as never, new Uint8Array(2 + size), 2), 2 + size);
  }
});

const WRONG_BYTES: [string, Serde<unknown>, string, string][] = [
  ["a string", stringSerde(), "c328", "Cannot decode a string: the 2 bytes are not UTF-8"],
  ["JSON that is not UTF-8", jsonSerde(), "ff", "Cannot decode JSON: the 1 bytes are not UTF-8"],
  ["JSON", jsonSerde(), "7b", "Cannot decode JSON: received {; "],
  ["nothing as JSON", jsonSerde(), "", "Cannot decode JSON: received nothing; "],
  ["int32", int32Serde(), "0000", "Cannot decode a whole number of 32 bits: received 2 bytes; expected 4"],
  [
    "int64",
    int64Serde(),
    "0000000000",
    "Cannot decode a whole number of 64 bits: received 5 bytes; expected 8",
  ],
  ["int64", int64Serde(), "000000000000000000", "received 9 bytes; expected 8"],
  ["float64", float64Serde(), "", "Cannot decode a number: received 0 bytes; expected 8"],
  ["float32", float32Serde(), "00", "Cannot decode a number: received 1 bytes; expected 4"],
  ["int16", int16Serde(), "000000", "Cannot decode a whole number of 16 bits: received 3 bytes; expected 2"],
  ["a boolean", booleanSerde(), "02", "Cannot decode a boolean: received 2; expected 0 or 1"],
  ["a boolean", booleanSerde(), "", "Cannot decode a boolean: received 0 bytes; expected 1"],
  ["a UUID", uuidSerde(), "30", "Cannot decode a UUID: received 1 bytes; expected 36"],
  ["a UUID", uuidSerde(), "30".repeat(36), "Cannot decode a UUID: received 000000"],
] as unknown as [string, Serde<unknown>, string, string][];

for (const [what, serde, bytes, message] of WRONG_BYTES) {
  Deno.test(`undecodable: ${what} from "${bytes}"`, () => {
    assertThrows(() => decode(serde, unhex(bytes)), DeserializationError, message);
  });
}

Deno.test("values of another type are refused", () => {
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const cases: [Serde<never>, unknown, string][] = [
    [stringSerde(), 7, "Cannot encode as a string: received 7"],
    [stringSerde(), null, "received null"],
    [bytesSerde(), [1, 2], "Cannot encode as bytes: received Array"],
    [jsonSerde(), undefined, "Cannot encode as JSON: received undefined"],
    [jsonSerde(), cyclic, "Cannot encode as JSON: received Object; "],
    [int32Serde(), 2 ** 31, "Cannot encode as a whole number of 32 bits: received 2147483648"],
    [int32Serde(), 0.5, "received 0.5"],
    [int64Serde(), 2 ** 53, "up to 2^53 - 1 either way: received 9007199254740992"],
    [int64Serde(), NaN, "received NaN"],
    [float64Serde(), "1", "Cannot encode as a number: received 1"],
    [float32Serde(), 1n, "Cannot encode as a number: received 1"],
    [int16Serde(), 2 ** 15, "Cannot encode as a whole number of 16 bits: received 32768"],
    [booleanSerde(), 1, "Cannot encode as a boolean: received 1"],
    [uuidSerde(), "1", "Cannot encode as a UUID: received 1"],
    [listSerde(int16Serde()), {}, "Cannot encode as a list: received Object"],
  ] as unknown as [Serde<never>, unknown, string][];
  for (const [serde, value, message] of cases) {
    assertThrows(() => serde.encode(value as never, new Uint8Array(64), 0), TypeError, message);
  }
});

Deno.test("bigints and symbols are refused by name where numbers of few bits are expected", () => {
  for (const serde of [int16Serde(), int32Serde()] as Serde<unknown>[]) {
    assertThrows(() => encode(serde, 1n), TypeError, "Cannot encode as a whole number of ");
    assertThrows(() => encode(serde, Symbol("s")), TypeError, "received Symbol(s)");
  }
});
