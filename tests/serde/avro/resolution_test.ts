import { assert, assertEquals, assertThrows } from "@std/assert";
import avsc from "avsc";
import { Buffer } from "node:buffer";
import { avroSerde } from "../../../src/serde/avro/avro_serde.ts";
import { DeserializationError } from "../../../src/serde/serde.ts";
import { Random } from "../../../src/game/random.ts";
import { decode, encode, hex } from "./support.ts";

/** What is read with one schema of a value written with another. */
function resolve(writer: string | object, reader: string | object, value: unknown): unknown {
  return decode(avroSerde<unknown>(reader, { known: [writer] }), encode(avroSerde<unknown>(writer), value));
}

const record = (fields: unknown[], name = "R"): object => ({ type: "record", name, fields });

Deno.test("numbers, strings and bytes are promoted", () => {
  const cases: [string, string, unknown, unknown][] = [
    ["int", "long", -7, -7],
    ["int", "float", 7, 7],
    ["int", "double", 2 ** 31 - 1, 2 ** 31 - 1],
    ["long", "float", 2 ** 40, 2 ** 40],
    ["long", "double", -(2 ** 52), -(2 ** 52)],
    ["float", "double", 0.5, 0.5],
    ["string", "bytes", "é", Uint8Array.of(0xc3, 0xa9)],
    ["bytes", "string", Uint8Array.of(0xc3, 0xa9), "é"],
  ];
  for (const [writer, reader, value, expected] of cases) {
    assertEquals(resolve(writer, reader, value), expected);
  }
  assertThrows(() => resolve("bytes", "string", Uint8Array.of(0xff)), DeserializationError, "are not UTF-8");
});

Deno.test("what can't be promoted is refused", () => {
  for (
    const [writer, reader] of [["long", "int"], ["double", "float"], ["string", "int"], ["null", "string"]]
  ) {
    assertThrows(
      () => avroSerde(reader!, { known: [writer!] }),
      TypeError,
      `the value was written as ${writer} and is to be ${reader}`,
    );
  }
});

Deno.test("fields are matched by name and alias, left out and filled by defaults", () => {
  const writer = record([
    { name: "dropped", type: { type: "map", values: { type: "array", items: "string" } } },
    { name: "old", type: "int" },
    { name: "kept", type: "string" },
  ]);
  const reader = record([
    { name: "kept", type: "string" },
    { name: "renamed", aliases: ["old"], type: "long" },
    { name: "list", type: { type: "array", items: "int" }, default: [1, 2] },
    { name: "maybe", type: ["null", "string"], default: null },
    { name: "text", type: "string", default: "é" },
    { name: "raw", type: "bytes", default: "\u00ff" },
    { name: "inner", type: record([{ name: "a", type: ["int", "null"] }], "Inner"), default: { a: 3 } },
  ]);
  const value = { dropped: { x: ["1"], y: [] }, old: 9, kept: "k" };
  const expected = {
    kept: "k",
    renamed: 9,
    list: [1, 2],
    maybe: null,
    text: "é",
    raw: Uint8Array.of(0xff),
    inner: { a: 3 },
  };
  const serde = avroSerde<Record<string, unknown>>(reader, { known: [writer] });
  const bytes = encode(avroSerde<unknown>(writer), value);
  const first = decode(serde, bytes);
  assertEquals(first, expected);
  (first.list as number[]).push(3);
  assertEquals(decode(serde, bytes), expected, "a default is each record's own");
});

Deno.test("a field that was not written and has no default is refused by its path", () => {
  const inner = (fields: unknown[]): object =>
    record([{ name: "in", type: { type: "array", items: record(fields, "Inner") } }]);
  assertThrows(
    () =>
      avroSerde(inner([{ name: "a", type: "int" }, { name: "b", type: "int" }]), {
        known: [inner([{ name: "a", type: "int" }])],
      }),
    TypeError,
    "Cannot read a R as a R: in[].b was not written and has no default",
  );
  assertThrows(
    () => avroSerde(inner([{ name: "a", type: "string" }]), { known: [inner([{ name: "a", type: "int" }])] }),
    TypeError,
    "in[].a was written as int and is to be string",
  );
});

Deno.test("a field with a default may be left out when writing", () => {
  const serde = avroSerde<unknown>(
    record([{ name: "a", type: "int", default: 5 }, { name: "b", type: "int" }]),
  );
  assertEquals(decode(serde, encode(serde, { b: 1 })), { a: 5, b: 1 });
  assertThrows(() => encode(serde, { a: 1 }), TypeError, "b: received undefined");
});

Deno.test("an enum's unknown symbol becomes the reader's default, else an error", () => {
  const symbols = (symbols: string[], rest = {}): object => ({ type: "enum", name: "E", symbols, ...rest });
  assertEquals(resolve(symbols(["A", "B"]), symbols(["B", "A"]), "A"), "A");
  assertEquals(resolve(symbols(["A", "B"]), symbols(["X"], { default: "X" }), "B"), "X");
  assertThrows(
    () => resolve(symbols(["A", "B"]), symbols(["A"]), "B"),
    DeserializationError,
    "E does not have the symbol B; it has A",
  );
});

Deno.test("unions are resolved by branch", () => {
  assertEquals(resolve("int", ["null", "long", "string"], 7), 7);
  assertEquals(resolve(["null", "int"], ["string", "null", "double"], 7), 7);
  assertEquals(resolve(["null", "int"], ["string", "null", "double"], null), null);
  assertEquals(resolve(["null", "int"], "long", 7), 7);
  assertThrows(
    () => resolve(["null", "int"], "long", null),
    DeserializationError,
    "the value was written as null and is to be long",
  );
  assertThrows(
    () => avroSerde("long", { known: [["null", "string"]] }),
    TypeError,
    "written as null and is to be long",
  );
  const one = record([{ name: "a", type: "int" }], "One");
  const two = record([{ name: "a", type: "int" }, { name: "b", type: "string" }], "Two");
  // The branch written is the one that has all of the value's properties, not the first that it satisfies.
  assertEquals(resolve([one, two], [two, one], { a: 1, b: "x" }), { a: 1, b: "x" });
  assertEquals(resolve([two, one], [one, two], { a: 1 }), { a: 1 });
});

Deno.test("names match without their namespaces, and by aliases of the reader", () => {
  const writer = { type: "record", name: "Old", namespace: "a", fields: [{ name: "x", type: "int" }] };
  assertEquals(resolve(writer, { ...writer, namespace: "b" }, { x: 1 }), { x: 1 });
  assertEquals(resolve(writer, { ...writer, name: "New", aliases: ["Old"] }, { x: 1 }), { x: 1 });
  assertThrows(
    () => avroSerde({ ...writer, name: "New" }, { known: [writer] }),
    TypeError,
    "written as record Old and is to be record New",
  );
});

Deno.test("recursive records are resolved", () => {
  const node = (extra: unknown[]): object =>
    record([{ name: "children", type: { type: "array", items: "Node" } }, ...extra], "Node");
  const tree = { children: [{ children: [] }, { children: [{ children: [] }] }] };
  const labelled = (value: { children: unknown[] }): unknown => ({
    children: value.children.map((child) => labelled(child as typeof value)),
    label: "-",
  });
  assertEquals(resolve(node([]), node([]), tree), tree);
  assertEquals(
    resolve(node([]), node([{ name: "label", type: "string", default: "-" }]), tree),
    labelled(tree),
  );
});

/** A random schema, with names that are used once. */
function randomSchema(random: Random, depth: number, names: { next: number }): unknown {
  const kinds = ["null", "boolean", "int", "long", "float", "double", "bytes", "string", "enum", "fixed"];
  if (depth > 0) kinds.push("record", "record", "array", "map", "union");
  const kind = kinds[random.below(kinds.length)]!;
  const name = `N${names.next++}`;
  switch (kind) {
    case "enum":
      return { type: "enum", name, symbols: Array.from({ length: 1 + random.below(4) }, (_, i) => `S${i}`) };
    case "fixed":
      return { type: "fixed", name, size: random.below(5) };
    case "record": {
      const fields = Array.from({ length: random.below(5) }, (_, i) => ({
        name: `f${i}`,
        type: randomSchema(random, depth - 1, names),
      }));
      return { type: "record", name, fields };
    }
    case "array":
      return { type: "array", items: randomSchema(random, depth - 1, names) };
    case "map":
      return { type: "map", values: randomSchema(random, depth - 1, names) };
    case "union":
      return ["null", ["int", "string", "double", "boolean"][random.below(4)]];
    default:
      return kind;
  }
}

/** A random value of a schema, with the numbers and lengths at which encodings change among them. */
// deno-lint-ignore no-explicit-any -- schemas are JSON
function randomValue(random: Random, schema: any): unknown {
  if (Array.isArray(schema)) return randomValue(random, schema[random.below(schema.length)]);
  const texts = [
    "",
    "a",
    "é",
    "🎮",
    "x".repeat(31),
    "y".repeat(32),
    "z".repeat(33),
    "w".repeat(64),
    "v".repeat(65),
    "ü".repeat(40),
  ];
  const ints = [
    0,
    -1,
    1,
    63,
    64,
    -64,
    -65,
    8191,
    8192,
    2 ** 30 - 1,
    2 ** 30,
    -(2 ** 30),
    -(2 ** 30) - 1,
    2 ** 31 - 1,
    -(2 ** 31),
  ];
  const count = random.below(4);
  const bytes = (size: number): Uint8Array => Uint8Array.from({ length: size }, () => random.below(256));
  switch (schema.type ?? schema) {
    case "null":
      return null;
    case "boolean":
      return random.below(2) === 1;
    case "int":
      return ints[random.below(ints.length)];
    case "long":
      return random.below(2)
        ? ints[random.below(ints.length)]
        : (random.below(2) ? 1 : -1) * (2 ** random.below(52) + random.below(9) - 4);
    case "float":
      return Math.fround(random.next() / 7);
    case "double":
      return random.next() / 7 - 1e8;
    case "bytes":
      return bytes(random.below(100));
    case "fixed":
      return bytes(schema.size);
    case "string":
      return texts[random.below(texts.length)];
    case "enum":
      return schema.symbols[random.below(schema.symbols.length)];
    case "array":
      return Array.from({ length: count }, () => randomValue(random, schema.items));
    case "map":
      return Object.fromEntries(
        Array.from({ length: count }, (_, i) => [`k${i}`, randomValue(random, schema.values)]),
      );
    default:
      return Object.fromEntries(
        schema.fields.map((
          { name, type }: { name: string; type: unknown },
        ) => [name, randomValue(random, type)]),
      );
  }
}

Deno.test("random values of random schemas are written as avsc writes them, and come back", () => {
  const seed = 1853;
  const random = Random.ofSeed(seed);
  for (let round = 0; round < 400; round++) {
    const schema = randomSchema(random, 3, { next: 0 }) as string | object;
    const serde = avroSerde<unknown>(schema);
    const type = avsc.Type.forSchema(structuredClone(schema) as never);
    for (let i = 0; i < 3; i++) {
      const value = randomValue(random, schema);
      const message = `seed ${seed}, round ${round}: ${JSON.stringify(schema)} ${JSON.stringify(value)}`;
      const bytes = encode(serde, value);
      assert(hex(bytes.subarray(10)) === hex(type.toBuffer(forAvsc(value))), message);
      assertEquals(decode(serde, bytes), value, message);
      for (let end = 0; end < bytes.length; end++) {
        assertThrows(
          () => decode(serde, bytes.subarray(0, end)),
          DeserializationError,
          "",
          `${message}, first ${end} bytes`,
        );
      }
    }
  }
});

/** avsc takes bytes only as Buffers. */
function forAvsc(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value);
  if (Array.isArray(value)) return value.map(forAvsc);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, forAvsc(each)]));
  }
  return value;
}

Deno.test("random bytes after a right frame are decoded or refused, never worse", () => {
  const seed = 97;
  const random = Random.ofSeed(seed);
  const schema = schemaOfAllKinds();
  const serde = avroSerde<unknown>(schema);
  const frame = encode(serde, { items: [], byName: {}, next: null, text: "" }).subarray(0, 10);
  let decoded = 0;
  for (let round = 0; round < 30_000; round++) {
    const bytes = new Uint8Array(10 + random.below(24));
    bytes.set(frame);
    for (let i = 10; i < bytes.length; i++) {
      bytes[i] = random.below(5) < 3 ? 0 : random.below(random.below(2) ? 6 : 256);
    }
    try {
      serde.decode(bytes, 0, bytes.length);
      decoded++;
    } catch (error) {
      assert(error instanceof DeserializationError, `seed ${seed}, round ${round}: ${hex(bytes)}: ${error}`);
    }
  }
  assert(decoded > 20, `only ${decoded} decoded: the test has to reach the end of the reader`);
});

function schemaOfAllKinds(): object {
  return record([
    { name: "items", type: { type: "array", items: ["null", "long", "double"] } },
    { name: "byName", type: { type: "map", values: { type: "enum", name: "E", symbols: ["A", "B"] } } },
    { name: "next", type: ["null", "R"] },
    { name: "text", type: "string" },
  ]);
}

Deno.test("longs are exact up to 2^53 - 1 either way", () => {
  const serde = avroSerde<number>("long");
  for (let exponent = 0; exponent <= 53; exponent++) {
    for (const value of [2 ** exponent - 1, 2 ** exponent - 2, -(2 ** exponent) + 1, -(2 ** exponent) + 2]) {
      const bytes = encode(serde, value).subarray(10);
      // An independent reading of zigzag varints.
      const zigzag = bytes.reduceRight((sum, byte) => sum << 7n | BigInt(byte & 0x7f), 0n);
      assertEquals(zigzag & 1n ? -(zigzag >> 1n) - 1n : zigzag >> 1n, BigInt(value));
      assertEquals(decode(serde, encode(serde, value)), value === 0 ? 0 : value);
    }
  }
});
