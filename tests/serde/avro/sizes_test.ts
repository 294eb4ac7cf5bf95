import { assertEquals, assertThrows } from "@std/assert";
import { avroSerde } from "../../../src/serde/avro/avro_serde.ts";
import { SchemaRegistry } from "../../../src/serde/avro/registry.ts";
import { DeserializationError, UnusableSchema } from "../../../src/serde/serde.ts";

/** Schemas and messages that are made to take memory or time: a registry may be open to anybody. */

const field = (name: string, type: unknown): object => ({ name, type });
const record = (name: string, ...fields: object[]): object => ({ type: "record", name, fields });
const READER = record("R", field("kept", "int"));

/** A long as the bytes of its varint. */
function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = 2 * value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
  return [...bytes, rest];
}

/** Decodes a message of a registry's schema. */
async function decode(schema: string | object, body: number[], reader: object = READER): Promise<unknown> {
  const text = typeof schema === "string" ? schema : JSON.stringify(schema);
  const registry = new SchemaRegistry("http://registry.test", {
    fetch: () => Promise.resolve(Response.json({ schema: text })),
  });
  await registry.schemaById(7);
  const bytes = Uint8Array.of(0, 0, 0, 0, 7, ...body);
  return avroSerde<unknown>(reader, { registry }).decode(bytes, 0, bytes.length);
}

/** `depth` records, each of which has the one before it twice. */
function doubling(name: (level: number) => string, depth: number, innermost: unknown): object {
  let type = record(name(0), field("a", innermost), field("b", innermost));
  for (let level = 1; level <= depth; level++) {
    type = record(name(level), field("a", type), field("b", name(level - 1)));
  }
  return type;
}

Deno.test("items without bytes are left out without counting them, however many blocks say", async () => {
  const nulls = { type: "array", items: "null" };
  const blocks = Array.from({ length: 300 }, () => varint(2 ** 40)).flat();
  const writer = record("R", field("extra", nulls), field("kept", "int"));
  assertEquals(await decode(writer, [...blocks, 0, 2]), { kept: 1 });
});

Deno.test("items without bytes that are read are bounded over all blocks of a message", async () => {
  const nulls = record("R", field("kept", { type: "array", items: "null" }));
  const blocks = (count: number): number[] => Array.from({ length: count }, () => varint(30_000)).flat();
  const value = await decode(nulls, [...blocks(2), 0], nulls) as { kept: null[] };
  assertEquals(value.kept.length, 60_000);
  const error = await decode(nulls, [...blocks(3), 0], nulls).catch((error) => error);
  assertThrows(
    () => {
      throw error;
    },
    DeserializationError,
    "a block says that it has 30000 items",
  );
});

Deno.test("records that double with each level are read as far as their bytes go", async () => {
  const writer = record(
    "R",
    field("extra", { type: "array", items: doubling((i) => `D${i}`, 60, "int") }),
    field("kept", "int"),
  );
  assertEquals(await decode(writer, [0, 2]), { kept: 1 });
  const error = await decode(writer, [2, 2, 2]).catch((error) => error);
  assertThrows(
    () => {
      throw error;
    },
    DeserializationError,
    "Cannot decode a R: ",
  );
});

Deno.test("records that double with each level and have no bytes are left out at once, or refused", async () => {
  const writer = record("R", field("extra", doubling((i) => `D${i}`, 60, "null")), field("kept", "int"));
  await refused(decode(writer, [2]), "parts, which is refused");
  // Names count without their namespaces: each level is read as the reader's one record.
  const node = doubling((i) => `n${i}.Node`, 40, "null");
  const union = ["null", "Node"];
  const reader = record("R", field("kept", record("Node", field("a", union), field("b", union))));
  await refused(decode(record("R", field("kept", node)), [], reader), "parts, which is refused");
});

Deno.test("a schema that fits nowhere is tried once a type, not once a way to it", async () => {
  const node = doubling((i) => `n${i}.Node`, 60, "string");
  const union = ["null", "Node"];
  const reader = record("R", field("kept", record("Node", field("a", union), field("b", union))));
  await refused(decode(record("R", field("kept", node)), [], reader), "which does not fit");
});

Deno.test("a schema that is too deep or too long is refused", async () => {
  const deep = (levels: number): string =>
    `{"type":"record","name":"R","fields":[{"name":"kept","type":"int"},{"name":"extra","type":${
      '{"type":"array","items":'.repeat(levels)
    }"int"${"}".repeat(levels)}}]}`;
  assertEquals(await decode(deep(300), [2, 0]), { kept: 1 });
  await refused(decode(deep(20_000), [2, 0]), "it nests deeper than 400 levels");
  await refused(decode(`"${"x".repeat(2 ** 20)}"`, []), "characters, allowed are 1048576");
});

Deno.test("a name that is code is no name", async () => {
  const name = "x:(globalThis.PWNED=1),y";
  for (
    const writer of [
      record("R", field("kept", "int"), field(name, "int")),
      record("R", field("kept", "int"), field("extra", record(name, field("a", "int")))),
      record("R", field("kept", "int"), field("extra", { type: "enum", name: "E", symbols: [name] })),
    ]
  ) {
    await refused(decode(writer, [2, 2]), "which does not fit");
  }
  assertEquals("PWNED" in globalThis, false);
});

async function refused(decoded: Promise<unknown>, message: string): Promise<void> {
  const error = await decoded.then((value) => `decoded ${JSON.stringify(value)}`, (error) => error);
  assertThrows(
    () => {
      throw error;
    },
    UnusableSchema,
    message,
  );
}
