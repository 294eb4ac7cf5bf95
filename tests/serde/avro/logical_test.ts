import { assertEquals, assertThrows } from "@std/assert";
import { avroSerde } from "../../../src/serde/avro/avro_serde.ts";
import { avroLogicalTypes as logicalTypes, type LogicalTypes } from "../../../src/serde/avro/logical.ts";
import { DeserializationError } from "../../../src/serde/serde.ts";
import { decode, encode, hex } from "./support.ts";

const record = (fields: unknown[]): object => ({ type: "record", name: "R", fields });
const bodyOf = (schema: object, value: unknown, types?: LogicalTypes): string =>
  hex(encode(avroSerde<unknown>(schema, { logicalTypes: types }), value).subarray(10));

Deno.test("dates and timestamps are Dates where asked, and numbers where not", () => {
  const at = { type: "long", logicalType: "timestamp-millis" };
  const day = { type: "int", logicalType: "date" };
  const moment = new Date("2026-11-26T01:02:03.004Z");
  assertEquals(bodyOf(at, moment, logicalTypes), bodyOf(at, moment.getTime()));
  const asBigint = avroSerde<unknown>(at, { logicalTypes, longs: "bigint" });
  assertEquals(decode(asBigint, encode(asBigint, moment)), moment);
  assertEquals(bodyOf(day, new Date("1969-12-31T23:00:00Z"), logicalTypes), bodyOf(day, -1));
  const schema = record([
    { name: "at", type: at },
    { name: "day", type: ["null", day] },
    { name: "days", type: { type: "array", items: day }, default: [1] },
  ]);
  const serde = avroSerde<unknown>(schema, { logicalTypes });
  const value = { at: moment, day: new Date("2026-11-26"), days: [new Date(0)] };
  assertEquals(decode(serde, encode(serde, value)), value);
  assertEquals(decode(serde, encode(serde, { at: moment, day: null })), {
    at: moment,
    day: null,
    days: [new Date(86_400_000)],
  });
});

Deno.test("a decimal is its digits, in bytes as few as Java writes, or in a fixed", () => {
  const decimal = { type: "bytes", logicalType: "decimal", precision: 40, scale: 2 };
  for (
    const [text, bytes] of [
      ["0.00", "00"],
      ["1.27", "7f"],
      ["1.28", "0080"],
      ["-1.28", "80"],
      ["-0.01", "ff"],
      ["12345678901234567890123456789.01", undefined],
    ] as const
  ) {
    const serde = avroSerde<string>(decimal, { logicalTypes });
    assertEquals(decode(serde, encode(serde, text)), text);
    if (bytes !== undefined) assertEquals(hex(encode(serde, text).subarray(11)), bytes);
  }
  const fixed = { type: "fixed", name: "D", size: 4, logicalType: "decimal", precision: 9 };
  assertEquals(bodyOf(fixed, "-2", logicalTypes), "fffffffe");
  assertEquals(
    decode(avroSerde(fixed, { logicalTypes }), encode(avroSerde(fixed, { logicalTypes }), "7")),
    "7",
  );
});

Deno.test("a value that a logical type does not take is named", () => {
  const schema = record([
    { name: "price", type: { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 } },
    { name: "at", type: ["null", { type: "long", logicalType: "timestamp-millis" }] },
  ]);
  const serde = avroSerde<unknown>(schema, { logicalTypes });
  for (
    const [value, message] of [
      [{ price: "1.234", at: null }, 'price: received "1.234"; allowed is a string of up to 4 digits'],
      [{ price: "100.00", at: null }, 'price: received "100.00"; allowed is a string of up to 4 digits'],
      [
        { price: 1, at: null },
        "price: received 1; allowed is a string of up to 4 digits, 2 of them decimals",
      ],
      [{ price: "1", at: 5 }, "at: received 5; allowed is a valid Date"],
      [{ price: "1", at: new Date(NaN) }, "at: received Invalid Date; allowed is a valid Date"],
    ] as const
  ) {
    assertThrows(() => encode(serde, value), TypeError, message);
  }
});

Deno.test("what a Date can't hold does not decode", () => {
  const at = { type: "long", logicalType: "timestamp-millis" };
  const bytes = encode(avroSerde<number>(at), Number.MAX_SAFE_INTEGER);
  assertThrows(
    () => decode(avroSerde(at, { logicalTypes }), bytes),
    DeserializationError,
    "a Date can't hold",
  );
});

Deno.test("a decimal of more digits than its type has does not decode, as it could not be written again", () => {
  const decimal = { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 };
  const wide = encode(avroSerde<string>({ ...decimal, precision: 5 }, { logicalTypes }), "100.00");
  const narrow = avroSerde(decimal, { logicalTypes });
  assertThrows(() => decode(narrow, wide), DeserializationError, "a decimal has up to 4 digits");
  assertEquals(decode(narrow, encode(narrow, "-99.99")), "-99.99");
});

Deno.test("an invalid or unknown logical type is its underlying type", () => {
  const unknown = { type: "long", logicalType: "moon-phase" };
  const invalid = { type: "bytes", logicalType: "decimal", precision: 0 };
  assertEquals(bodyOf(unknown, 1, logicalTypes), "02");
  assertEquals(bodyOf(invalid, Uint8Array.of(7), logicalTypes), "0207");
});

Deno.test("a logical type of one's own is used, also around a record", () => {
  const pair = { ...record([{ name: "a", type: "int" }, { name: "b", type: "int" }]), logicalType: "pair" };
  const types: LogicalTypes = {
    pair: () => ({
      fromAvro: ({ a, b }: { a: number; b: number }) => [a, b],
      toAvro: ([a, b]: [number, number]) => ({ a, b }),
    }),
  };
  const pairs = avroSerde<[number, number][]>({ type: "array", items: pair }, { logicalTypes: types });
  assertEquals(decode(pairs, encode(pairs, [[1, 2], [3, 4]])), [[1, 2], [3, 4]]);
});

Deno.test("longs are bigints where asked, all 64 bits of them", () => {
  const schema = record([
    { name: "id", type: "long" },
    { name: "maybe", type: ["null", "long", "string"] },
    { name: "start", type: "long", default: 5 },
  ]);
  const serde = avroSerde<unknown>(schema, { longs: "bigint" });
  for (const id of [0n, -1n, 63n, 64n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    const value = { id, maybe: id, start: -id === 2n ** 63n ? 0n : -id };
    assertEquals(decode(serde, encode(serde, value)), value);
  }
  assertEquals(decode(serde, encode(serde, { id: 1n, maybe: "x" })), { id: 1n, maybe: "x", start: 5n });
  const numbers = avroSerde<unknown>(schema);
  const same = { id: 2 ** 40, maybe: null, start: -3 };
  const asBigints = { id: 2n ** 40n, maybe: null, start: -3n };
  assertEquals(hex(encode(serde, asBigints)), hex(encode(numbers, same)), "the bytes are those of numbers");
  assertThrows(() => encode(serde, { id: 1, maybe: null }), TypeError, "id: received 1; allowed is a bigint");
  assertThrows(
    () => encode(serde, { id: 2n ** 63n, maybe: null }),
    TypeError,
    "received 9223372036854775808n",
  );
  const ints = record([{ name: "id", type: "int" }, { name: "maybe", type: ["null", "int"] }]);
  const reader = avroSerde<unknown>(schema, { longs: "bigint", known: [ints] });
  assertEquals(decode(reader, encode(avroSerde<unknown>(ints), { id: 7, maybe: 8 })), {
    id: 7n,
    maybe: 8n,
    start: 5n,
  });
});

Deno.test("more than 64 bits are no long", () => {
  const longs = avroSerde<bigint>("long", { longs: "bigint" });
  const header = encode(longs, 0n).subarray(0, 10);
  for (
    const [body, message] of [
      [[...new Array(9).fill(0xff), 0x03], "a long has more than 64 bits"],
      [new Array(11).fill(0xff), "a number has more than 10 bytes"],
      [[0xff], "a number goes on after the end"],
    ] as const
  ) {
    assertThrows(() => decode(longs, Uint8Array.of(...header, ...body)), DeserializationError, message);
  }
});

Deno.test("bigints beside other types: in any branch of a union, and named where they are wrong", () => {
  const bigints = (schema: object): ReturnType<typeof avroSerde<unknown>> =>
    avroSerde<unknown>(schema, { longs: "bigint" });
  const longs = record([{ name: "a", type: "long" }]);
  for (
    const [schema, value] of [
      [["null", "int", "long"], 5n],
      [["int", "long"], -5],
      [["null", "string", longs], { a: 1n }],
      [["null", "string", { type: "array", items: "long" }], [1n]],
    ] as const
  ) assertEquals(decode(bigints(schema), encode(bigints(schema), value)), value);

  const circle: Record<string, unknown> = {};
  circle.circle = circle;
  for (
    const [type, value, shown] of [
      ["int", 1n, "1n"],
      ["int", Symbol("s"), "Symbol(s)"],
      ["string", { b: 1n }, '{"b":"1n"}'],
      ["string", circle, "an object that has no JSON"],
    ] as const
  ) {
    const serde = bigints(record([{ name: "a", type }]));
    assertThrows(() => encode(serde, { a: value }), TypeError, `Cannot encode a R: a: received ${shown}; `);
  }
  assertThrows(() => encode(bigints(["null", "int"]), 1n), TypeError, "received 1n; allowed is a whole");
});
