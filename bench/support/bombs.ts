/**
 * Schemas, messages and answers of a registry that are small, and made to take time or memory without end.
 *
 * @module
 */
import { avroSerde } from "../../src/serde/avro/avro_serde.ts";
import { SchemaRegistry } from "../../src/serde/avro/registry.ts";
import { jsonSchemaSerde } from "../../src/serde/json_schema/json_schema_serde.ts";
import { protobufSerde } from "../../src/serde/protobuf/protobuf_serde.ts";
import type { Serde } from "../../src/serde/serde.ts";

/** One of them. */
export interface Bomb {
  readonly name: string;
  /** Makes it: what is given then is what reads it, and resolves to the value or rejects. */
  readonly prepare: () => () => Promise<unknown>;
  /** What the answer has, a value as JSON or an error's message. */
  readonly answer: RegExp;
}

const field = (name: string, type: unknown): object => ({ name, type });
const record = (name: string, ...fields: object[]): object => ({ type: "record", name, fields });
const array = (items: unknown): object => ({ type: "array", items });
const KEPT = field("kept", "int");
const READER = record("R", KEPT);
const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** A long as the bytes of its varint. */
function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = value >= 0n ? value * 2n : -value * 2n - 1n;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

/** A registry that answers each request with this. */
function registryOf(answer: () => Response): SchemaRegistry {
  return new SchemaRegistry("http://registry.test", {
    fetch: () => Promise.resolve(answer()),
    pause: () => Promise.resolve(),
    timeoutMs: 1_000,
  });
}

/** Loads schema 7 and reads a message of it. */
async function loadAndRead(
  registry: SchemaRegistry,
  serde: Serde<unknown>,
  body: ArrayLike<number>,
): Promise<unknown> {
  await registry.schemaById(7);
  const bytes = new Uint8Array(5 + body.length);
  bytes[4] = 7;
  bytes.set(body, 5);
  return serde.decode(bytes, 0, bytes.length);
}

interface AvroBomb {
  readonly schema: unknown;
  readonly references?: readonly unknown[];
  readonly body?: ArrayLike<number>;
  readonly reader?: object;
}

/** A message of an Avro schema of the registry. */
function avro(name: string, answer: RegExp, make: () => AvroBomb): Bomb {
  return {
    name,
    answer,
    prepare() {
      const { schema, references = [], body = [2], reader = READER } = make();
      const text = typeof schema === "string" ? schema : JSON.stringify(schema);
      const places = references.map((_, i) => ({ name: `S${i}`, subject: "s", version: i + 1 }));
      const answers = [
        JSON.stringify({ schema: text, references: places }),
        ...references.map((each) => JSON.stringify({ schema: JSON.stringify(each) })),
      ];
      let asked = 0;
      const registry = registryOf(() => new Response(answers[asked++]));
      const serde = avroSerde<unknown>(reader, { registry });
      return () => loadAndRead(registry, serde, body);
    },
  };
}

/** An answer of the registry to a request for a schema. */
function answered(name: string, answer: RegExp, make: () => () => Response): Bomb {
  return {
    name,
    answer,
    prepare() {
      const registry = registryOf(make());
      return () => loadAndRead(registry, avroSerde(READER, { registry }), [2]);
    },
  };
}

/** A message of a `.proto` file of the registry. */
function protobuf(
  name: string,
  answer: RegExp,
  make: () => { file?: string; body: ArrayLike<number> },
): Bomb {
  return {
    name,
    answer,
    prepare() {
      const { file = MESSAGE, body } = make();
      const registry = registryOf(() => Response.json({ schema: file, schemaType: "PROTOBUF" }));
      const serde = protobufSerde<unknown>(MESSAGE, "M", { registry });
      return async () => await loadAndRead(registry, await serde, body);
    },
  };
}

const MESSAGE =
  `syntax = "proto3"; message M { M next = 1; repeated int32 numbers = 2; map<string, M> map = 3; }`;

/** `depth` records, each of which has the one before it twice. */
function doubling(depth: number, innermost: unknown): object {
  let type = record("D0", field("a", innermost), field("b", innermost));
  for (let i = 1; i <= depth; i++) type = record(`D${i}`, field("a", type), field("b", `D${i - 1}`));
  return type;
}

/** Records side by side, each of which has the one before it. */
function chain(length: number): object[] {
  return many(length, (i) => record(`C${i}`, field("a", i === 0 ? "int" : `C${i - 1}`)));
}

const LIST = record("L", field("next", ["null", "L"]));

/** All of them. */
export const BOMBS: readonly Bomb[] = [
  avro("records twice in each other, skipped", /^\{"kept":1\}$/, () => ({
    schema: record("R", field("extra", array(doubling(60, "int"))), KEPT),
    body: [0, 2],
  })),
  avro("records twice in each other, of no bytes", /can have \d+ parts, which is refused/, () => ({
    schema: record("R", field("extra", doubling(60, "null")), KEPT),
  })),
  avro("blocks of items without bytes, skipped", /^\{"kept":1\}$/, () => ({
    schema: record("R", field("extra", array("null")), KEPT),
    body: [...many(100_000, () => varint(65_536n)).flat(), 0, 2],
  })),
  avro("blocks of items without bytes, read", /a block says that it has 65536 items/, () => {
    const schema = record("R", field("kept", array("null")));
    return { schema, reader: schema, body: [...many(100_000, () => varint(65_536n)).flat(), 0] };
  }),
  avro("a list in a list, skipped", /values nest deeper than 1000 levels/, () => ({
    schema: record("R", field("extra", LIST), KEPT),
    body: new Uint8Array(1_000_000).fill(2),
  })),
  avro("a list in a list, read", /values nest deeper than 1000 levels/, () => {
    const schema = record("R", field("kept", LIST));
    return { schema, reader: schema, body: new Uint8Array(1_000_000).fill(2) };
  }),
  avro("a record in itself always, skipped", /values nest deeper than 1000 levels/, () => ({
    schema: record("R", field("extra", record("S", field("s", "S"))), KEPT),
  })),
  avro("a record in itself always, read", /values nest deeper than 1000 levels/, () => {
    const schema = record("R", field("kept", record("S", field("s", "S"))));
    return { schema, reader: schema };
  }),
  avro("a cycle through 100 records", /values nest deeper than 1000 levels/, () => {
    let cycle: unknown = ["null", "Y0"];
    for (let i = 99; i >= 0; i--) cycle = record(`Y${i}`, field("y", cycle));
    return { schema: record("R", field("extra", cycle), KEPT), body: new Uint8Array(100_000).fill(2) };
  }),
  avro("brackets 20,000 deep", /it nests deeper than 400 levels/, () => ({
    schema: `{"type":"record","name":"R","fields":[{"name":"extra","type":${
      '{"type":"array","items":'.repeat(20_000)
    }"int"${"}".repeat(20_000)}}]}`,
  })),
  avro("records 90 deep by names, skipped", /^\{"kept":1\}$/, () => ({
    schema: record("R", ...chain(90).map((type, i) => field(`f${i}`, array(type))), KEPT),
    body: [...new Array(90).fill(0), 2],
  })),
  avro("records 500 deep by names", /a C107 of 1 bytes can have 109 parts/, () => ({
    schema: record("R", ...chain(500).map((type, i) => field(`f${i}`, array(type))), KEPT),
    body: new Array(501).fill(0),
  })),
  avro("records 900 deep by names of a reference", /its types nest deeper than 400 levels/, () => ({
    schema: record("R", field("extra", "C899"), KEPT),
    references: [chain(900)],
  })),
  avro("a fixed of two gigabytes", /a value to leave out needs 2147483647 bytes/, () => ({
    schema: record("R", field("extra", { type: "fixed", name: "F", size: 2_147_483_647 }), KEPT),
  })),
  avro("an array of 2^62 items, skipped", /is beyond 2\^53 - 1/, () => ({
    schema: record("R", field("extra", array("int")), KEPT),
    body: varint(2n ** 62n),
  })),
  avro("a map of 2^52 items, read", /a block says that it has 4503599627370496 items/, () => {
    const schema = record("R", field("kept", { type: "map", values: "int" }));
    return { schema, reader: schema, body: varint(2n ** 52n) };
  }),
  avro("a block whose size is a lie", /of 1125899906842624 bytes is announced/, () => ({
    schema: record("R", field("extra", array("int")), KEPT),
    body: [...varint(-5n), ...varint(2n ** 50n), 2],
  })),
  avro("blocks without items that say they have some", /^\{"kept":1\}$/, () => ({
    schema: record("R", field("extra", array("int")), KEPT),
    body: [...many(100_000, () => [...varint(-(2n ** 40n)), 0]).flat(), 0, 2],
  })),
  avro("a string longer than the message", /a string of 1099511627776 bytes is announced/, () => {
    const schema = record("R", field("kept", "string"));
    return { schema, reader: schema, body: varint(2n ** 40n) };
  }),
  avro("a union's branch that is none", /a union has 2 branches, received branch 1073741824/, () => ({
    schema: record("R", field("extra", ["null", "int"]), KEPT),
    body: varint(2n ** 30n),
  })),
  avro("a symbol that is none", /E has 1 symbols, received number -1/, () => {
    const schema = record("R", field("kept", { type: "enum", name: "E", symbols: ["A"] }));
    return { schema, reader: schema, body: varint(-1n) };
  }),
  avro("a name that is code", /which does not fit/, () => ({
    schema: record("R", KEPT, field("x:(globalThis.PWNED=1),y", "int")),
  })),
  avro("types named as what objects have", /which does not fit/, () => ({
    schema: record("R", field("extra", { type: "constructor", typeName: "int" }), KEPT),
  })),
  avro("fields named as what objects have", /^\{"kept":1\}$/, () => ({
    schema: record("R", field("__proto__", "int"), field("constructor", "int"), KEPT),
    body: [2, 2, 2],
  })),
  avro("10,000 fields, skipped", /^\{"kept":1\}$/, () => ({
    schema: record("R", ...many(10_000, (i) => field(`f${i}`, "int")), KEPT),
    body: [...new Array(10_000).fill(0), 2],
  })),
  avro("30,000 symbols", /^\{"kept":1\}$/, () => ({
    schema: record(
      "R",
      field("extra", { type: "enum", name: "E", symbols: many(30_000, (i) => `S${i}`) }),
      KEPT,
    ),
    body: [0, 2],
  })),
  avro("a union of 5,000 records", /it has more than 1000 records/, () => ({
    schema: record("R", field("extra", many(5_000, (i) => record(`U${i}`))), KEPT),
    body: [0, 2],
  })),
  avro("30,000 aliases and a default 300 deep", /^\{"kept":1\}$/, () => {
    let value: unknown = 0;
    for (let i = 0; i < 300; i++) value = [value];
    const more = { aliases: many(30_000, (i) => `A${i}`), default: value };
    return { schema: record("R", { ...field("extra", "int"), ...more }, KEPT), body: [2, 2] };
  }),
  avro("a string that does not end, of escaped quotes", /which does not fit/, () => ({
    schema: `["${'\\"'.repeat(500_000)}`,
  })),
  answered("an answer without end", /its answer is longer than 4194304 bytes/, () => () => {
    const chunk = new Uint8Array(65_536).fill(0x20);
    return new Response(new ReadableStream({ pull: (controller) => controller.enqueue(chunk) }));
  }),
  answered(
    "an answer that nests without end",
    /check that SCHEMA_REGISTRY is the base URL/,
    () => () => new Response("[".repeat(4_000_000)),
  ),
  answered("an answer of a million objects", /check that SCHEMA_REGISTRY is the base URL/, () => {
    const text = `{"schema":"\\"int\\"","more":[${"{},".repeat(1_000_000)}0]}`;
    return () => new Response(text);
  }),
  answered("references without end", /refers to more than 200 schemas/, () => {
    let version = 0;
    return () =>
      Response.json({ schema: "x", references: [{ name: "x", subject: "s", version: ++version }] });
  }),
  answered("references of a megabyte each", /refers to more than 2097152 characters/, () => {
    let version = 0;
    const schema = "x".repeat(1_000_000);
    return () => Response.json({ schema, references: [{ name: "x", subject: "s", version: ++version }] });
  }),
  answered("references to themselves", /duplicate type name: R/, () => () =>
    Response.json({
      schema: JSON.stringify(READER),
      references: [{ name: "x", subject: "s", version: 1 }],
    })),
  {
    name: "1,000 ids that the registry does not have",
    answer: /^\[1000,200\]$/,
    prepare() {
      let now = 0;
      let [asked, waited] = [0, 0];
      const registry = new SchemaRegistry("http://registry.test", {
        fetch: () => Promise.resolve((asked++, Response.json({ error_code: 40403 }, { status: 404 }))),
        now: () => now,
        pause: (ms) => Promise.resolve(void (now += ms, waited += ms)),
      });
      return async () => {
        for (let id = 1; id <= 1_000; id++) await registry.schemaById(id);
        // All but the first 200 wait, 10 ms each.
        return [asked, 1_000 - Math.round(waited / 10)];
      };
    },
  },
  protobuf("messages in messages, 20,000 deep", /which does not fit/, () => ({
    file: "message M {".repeat(20_000) + "}".repeat(20_000),
    body: [0],
  })),
  protobuf("names that are gigabytes together", /it has a name of more than 500 characters/, () => {
    const long = `message ${"L".repeat(15_000)} {`;
    const inner = many(30_000, (i) => `message M${i}{}`).join("");
    return { file: `syntax="proto3";message M{}${long.repeat(30)}${inner}${"}".repeat(30)}`, body: [0] };
  }),
  protobuf("50,000 messages", /more than 10000 messages/, () => ({
    file: `syntax="proto3";message M{}${many(50_000, (i) => `message M${i}{}`).join("")}`,
    body: [0],
  })),
  protobuf("a megabyte of options", /more than 10000 messages/, () => ({
    file: `syntax="proto3";${many(40_000, (i) => `option (a).b${i} = 1;`).join("")}message M{}`,
    body: [0],
  })),
  protobuf("a string that does not end in a file", /which does not fit/, () => ({
    file: `syntax = "${'\\"'.repeat(500_000)}`,
    body: [0],
  })),
  protobuf("a message in itself, 10,000 deep", /max depth exceeded/, () => {
    // From the inside out: each has the length of what it holds, and a tag.
    const lengths: number[][] = [];
    let length = 0;
    for (let i = 0; i < 10_000; i++) {
      const bytes = plainVarint(length);
      lengths.push([0x0a, ...bytes]);
      length += 1 + bytes.length;
    }
    return { body: [0, ...lengths.reverse().flat()] };
  }),
  protobuf("groups in groups, 500,000 deep", /max depth exceeded/, () => ({
    body: [0, ...new Uint8Array(500_000).fill(0x2b)],
  })),
  protobuf("numbers of two gigabytes", /index out of range|Cannot decode/, () => ({
    body: [0, 0x12, ...plainVarint(2_000_000_000), 1],
  })),
  {
    name: "brackets of JSON, 500,000 deep",
    answer: /^\[\[/,
    prepare() {
      const registry = registryOf(() => Response.json({ schema: "{}", schemaType: "JSON" }));
      const serde = jsonSchemaSerde<unknown>({}, { registry });
      const text = new TextEncoder().encode("[".repeat(500_000) + "]".repeat(500_000));
      return async () => (await loadAndRead(registry, serde, text), "[[");
    },
  },
];

/** A number as Protobuf has it. */
function plainVarint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(rest % 128 + 128);
  return [...bytes, rest];
}

/** What reading it gives: the value as JSON, or the message of the error. */
export async function answerOf(read: () => Promise<unknown>): Promise<{ text: string; error?: Error }> {
  try {
    const value = await read();
    return { text: typeof value === "string" ? value : JSON.stringify(value) };
  } catch (error) {
    return error instanceof Error ? { text: error.message, error } : { text: String(error) };
  }
}
