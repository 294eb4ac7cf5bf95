import { assertEquals, assertThrows } from "@std/assert";
import { avroSerde } from "../../../src/serde/avro/avro_serde.ts";
import { DeserializationError } from "../../../src/serde/serde.ts";
import { decode, encode } from "./support.ts";

const record = (fields: unknown[], name = "R"): object => ({ type: "record", name, fields });
const KEPT = { name: "kept", type: "string" };
const READER = record([KEPT]);

/** What the reader above makes of a value that has one field more. */
function read(type: unknown, value: unknown, longs?: "bigint"): unknown {
  const writer = record([{ name: "extra", type }, KEPT]);
  const bytes = encode(avroSerde<unknown>(writer, { longs }), { extra: value, kept: "k" });
  return decode(avroSerde<unknown>(READER, { known: [writer] }), bytes);
}

Deno.test("a field that the reader lacks is left out, whatever it is and holds", () => {
  const inner = record([{ name: "a", type: "int" }, { name: "n", type: "null" }], "Inner");
  for (
    const [type, value] of [
      ["null", null],
      ["boolean", true],
      ["int", -1],
      ["float", 1.5],
      ["double", NaN],
      ["bytes", Uint8Array.of(1, 2, 3)],
      ["string", "é".repeat(100)],
      [{ type: "fixed", name: "F", size: 3 }, Uint8Array.of(1, 2, 3)],
      [{ type: "enum", name: "E", symbols: ["A", "B"] }, "B"],
      [{ type: "array", items: "string" }, ["a", "", "b"]],
      [{ type: "array", items: "null" }, new Array(100_000).fill(null)],
      [{ type: "map", values: { type: "array", items: inner } }, { x: [{ a: 1, n: null }], y: [] }],
      [["null", "string", inner], { a: 1, n: null }],
      [record([], "Empty"), {}],
    ] as const
  ) {
    assertEquals(read(type, value), { kept: "k" }, JSON.stringify(type));
  }
});

Deno.test("a long that a number can't hold matters only to who reads it", () => {
  assertEquals(read("long", 2n ** 60n, "bigint"), { kept: "k" });
  assertEquals(read({ type: "array", items: "long" }, [-(2n ** 63n)], "bigint"), { kept: "k" });
});

Deno.test("blocks that tell their sizes are left out as they are, and their sizes checked", () => {
  const writer = record([{ name: "extra", type: { type: "array", items: "int" } }, KEPT]);
  const serde = avroSerde<unknown>(READER, { known: [writer] });
  const header = encode(avroSerde<unknown>(writer), { extra: [], kept: "" }).subarray(0, 10);
  // A block of two items in three bytes, a block of one item without its size, the end; then the string.
  assertEquals(decode(serde, Uint8Array.of(...header, 3, 6, 2, 0x80, 1, 2, 4, 0, 2, 0x6b)), { kept: "k" });
  assertThrows(() => decode(serde, Uint8Array.of(...header, 3, 60, 2)), DeserializationError, "is announced");
  assertThrows(() => decode(serde, Uint8Array.of(...header, 4, 2)), DeserializationError, "after the end");
});

Deno.test("a record that holds itself is left out, and nested too deep it is an error, not a crash", () => {
  const list = record([{ name: "next", type: ["null", "L"] }], "L");
  assertEquals(read(list, { next: { next: { next: null } } }), { kept: "k" });
  const writer = record([{ name: "extra", type: list }, KEPT]);
  const header = encode(avroSerde<unknown>(writer), { extra: { next: null }, kept: "" }).subarray(0, 10);
  const bytes = new Uint8Array(1_000_000).fill(2);
  bytes.set(header);
  assertThrows(() => decode(avroSerde(READER, { known: [writer] }), bytes), DeserializationError, "a R: ");
});

Deno.test("what a writer's schema says besides its layout is not needed, such as a default of another type", () => {
  const written = record([
    { name: "extra", type: "long", default: "no number", aliases: 7, order: "sideways" },
    { ...KEPT, default: null },
  ]);
  const layout = record([{ name: "extra", type: "long" }, KEPT]);
  const bytes = encode(avroSerde<unknown>(layout), { extra: 1, kept: "k" });
  assertEquals(decode(avroSerde<unknown>(READER, { known: [written] }), bytes), { kept: "k" });
});

Deno.test("a type around a type is the inner one where it was written", () => {
  const written = record([{ name: "extra", type: { type: { type: "long" } } }, KEPT]);
  const layout = record([{ name: "extra", type: "long" }, KEPT]);
  const bytes = encode(avroSerde<unknown>(layout), { extra: 1, kept: "k" });
  assertEquals(decode(avroSerde<unknown>(READER, { known: [written] }), bytes), { kept: "k" });
});

Deno.test("a schema may name types of others", () => {
  const money = record([{ name: "amount", type: "long" }], "Money");
  const order = record([{ name: "price", type: "Money" }, { name: "tip", type: ["null", "Money"] }], "Order");
  const references = [{ name: "Money", subject: "money", version: 1, schema: money }];
  const serde = avroSerde<unknown>(order, { references });
  const value = { price: { amount: 5 }, tip: { amount: 1 } };
  assertEquals(decode(serde, encode(serde, value)), value);
  assertThrows(() => avroSerde(order), TypeError, "undefined type name: Money");
});
