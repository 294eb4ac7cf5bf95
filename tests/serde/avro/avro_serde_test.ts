import {
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { avroSerde } from "../../../src/serde/avro/avro_serde.ts";
import { SchemaRegistry } from "../../../src/serde/avro/registry.ts";
import { DeserializationError, SchemaNotLoaded, UnusableSchema } from "../../../src/serde/serde.ts";
import { FrameGenerator } from "../../../src/game/frame_generator.ts";
import type { FrameBody, FrameHeader, GameSession, Hit } from "../../../src/game/hit.ts";
import { hitFromHex } from "../../../src/game/hit_codec.ts";
import {
  FRAME_BODY_SCHEMA,
  FRAME_HEADER_SCHEMA,
  GAME_ACTION_SCHEMA,
  GAME_SESSION_SCHEMA,
  HIT_SCHEMA,
} from "../../../src/game/schemas.ts";
import { decode, encode, hex, unhex } from "./support.ts";

const HEADER: FrameHeader = { ts: 1571000000000, machine: "000042", zone: "AU" };

/** A registry that answers from a list; counts what it is asked. */
function registryOf(schemas: Record<number, string>): { registry: SchemaRegistry; asked: string[] } {
  const asked: string[] = [];
  const registry = new SchemaRegistry("http://registry.test", {
    fetch: (url, init) => {
      const path = new URL(url).pathname;
      asked.push(`${init.method} ${path}`);
      if (init.method === "POST") return Promise.resolve(Response.json({ id: 1000 + asked.length }));
      const schema = schemas[Number(path.split("/").pop())];
      return Promise.resolve(
        schema === undefined
          ? Response.json({ error_code: 40403, message: "Schema not found" }, { status: 404 })
          : Response.json({ schema }),
      );
    },
  });
  return { registry, asked };
}

/** Written by Java's BinaryMessageEncoder (Avro 1.12.0) with the project's own schema files. */
const FROM_JAVA: [string, object, unknown, string][] = [
  ["FrameHeader", FRAME_HEADER_SCHEMA, HEADER, "c30129ea066001e8893c80f8aceeb85b0c30303030343206"],
  [
    "FrameBody",
    FRAME_BODY_SCHEMA,
    { approval: false, bytes: ["c3004f2a00d9a5", "e3001f00d9b5"] },
    "c301ed9af227eebff1930200041c63333030346632613030643961351865333030316630306439623500",
  ],
  ["an empty FrameBody", FRAME_BODY_SCHEMA, { approval: null, bytes: [] }, "c301ed9af227eebff1930000"],
  [
    "GameSession",
    GAME_SESSION_SCHEMA,
    { hits: [hitFromHex("c3ff8d4f14ffc3d9b5"), hitFromHex("e3001f00d9b5")] },
    "c30173e231494a2df1d5042802020202060204020000000008040200",
  ],
  ["Hit", HIT_SCHEMA, hitFromHex("c3ff8d4f14ffc3d9b5"), "c301d803315f7307ec76280202020206020402"],
  [
    "GameAction",
    GAME_ACTION_SCHEMA,
    { game: "Neowave", machine: "000000" },
    "c301b98086fb1eb2131b0e4e656f776176650c303030303030",
  ],
];

for (const [name, schema, value, bytes] of FROM_JAVA) {
  Deno.test(`without a registry, ${name} is byte for byte what Java writes`, () => {
    const serde = avroSerde<unknown>(schema);
    assertEquals(hex(encode(serde, value)), bytes);
    assertEquals(decode(serde, unhex(bytes)), value);
  });
}

Deno.test("the arcade's messages round-trip as plain objects", () => {
  const generator = new FrameGenerator({ seed: 3 });
  const headers = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA);
  const bodies = avroSerde<FrameBody>(FRAME_BODY_SCHEMA);
  const sessions = avroSerde<GameSession>(GAME_SESSION_SCHEMA);
  const hits = avroSerde<Hit>(HIT_SCHEMA);
  for (let i = 0; i < 200; i++) {
    const { header, hits: bytes } = generator.next(HEADER.ts + i);
    const session = { hits: bytes.map((each) => hitFromHex(each)!) };
    assertEquals(decode(headers, encode(headers, header)), header);
    assertEquals(decode(sessions, encode(sessions, session)), session);
    assertEquals(decode(hits, encode(hits, session.hits[0]!)), session.hits[0]);
    for (const approval of [true, false, null]) {
      const body = { approval, bytes };
      assertEquals(decode(bodies, encode(bodies, body)), body);
    }
  }
  const action = { game: "Neowave", machine: "000000" };
  assertEquals(decode(avroSerde(GAME_ACTION_SCHEMA), encode(avroSerde(GAME_ACTION_SCHEMA), action)), action);
});

Deno.test("a value decoded keeps no reference to the bytes", () => {
  const serde = avroSerde<{ raw: Uint8Array; text: string }>({
    type: "record",
    name: "R",
    fields: [{ name: "raw", type: "bytes" }, { name: "text", type: "string" }],
  });
  const bytes = encode(serde, { raw: Uint8Array.of(1, 2), text: "kos" });
  const value = serde.decode(bytes, 0, bytes.length);
  bytes.fill(0xff);
  assertEquals(value, { raw: Uint8Array.of(1, 2), text: "kos" });
});

Deno.test("a buffer that is too small is told by how much", () => {
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA);
  const { length } = encode(serde, HEADER);
  for (let room = 0; room < length; room++) {
    assertEquals(serde.encode(HEADER, new Uint8Array(4 + room), 4), room - length);
  }
  const around = new Uint8Array(length + 8).fill(0xee);
  assertEquals(serde.encode(HEADER, around, 4), 4 + length);
  assertEquals(hex(around.subarray(0, 4)) + hex(around.subarray(4 + length)), "eeeeeeeeeeeeeeee");
});

Deno.test("a value that is not of the type names the field", () => {
  const sessions = avroSerde<unknown>(GAME_SESSION_SCHEMA);
  const hit = hitFromHex("c3004f2a00d9a5")!;
  const cases: [unknown, string][] = [
    [
      { hits: [hit, { ...hit, level: "God" }] },
      'hits[1].level: received "God"; allowed is one of Pro, Inter, NewBie',
    ],
    [
      { hits: [{ ...hit, impact: 1.5 }] },
      "hits[0].impact: received 1.5; allowed is a whole number of 32 bits",
    ],
    [
      { hits: [{ ...hit, direction: "Up" }] },
      'hits[0].direction: received "Up"; allowed is one of UP, DOWN, RIGHT, LEFT or null',
    ],
    [
      { hits: [{ ...hit, doubleKey: undefined }] },
      "hits[0].doubleKey: received undefined; allowed is one of X, O or null",
    ],
    [{ hits: hit }, "hits: received {"],
    [{}, "hits: received undefined; allowed is an array"],
    [null, "Cannot encode a GameSession: received null; allowed is an object"],
  ];
  for (const [value, message] of cases) {
    assertThrows(() => sessions.encode(value, new Uint8Array(1000), 0), TypeError, message);
  }
  assertThrows(
    () => avroSerde<unknown>(FRAME_HEADER_SCHEMA).encode({ ...HEADER, ts: 2 ** 53 }, new Uint8Array(99), 0),
    TypeError,
    "Cannot encode a FrameHeader: ts: received 9007199254740992; allowed is a whole number up to 2^53 - 1 either way",
  );
});

Deno.test("each undecodable class is a DeserializationError that says why", () => {
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA);
  const good = encode(serde, HEADER);
  const changed = (index: number, byte: number): Uint8Array => {
    const bytes = good.slice();
    bytes[index] = byte;
    return bytes;
  };
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "Cannot decode a FrameHeader: received no bytes"],
    [changed(0, 0x7b), "received 0x7b as the first byte; expected is c3 (single-object encoding) or 00"],
    [changed(1, 2), "received version 2 of single-object encoding; expected is 1"],
    [changed(5, good[5]! ^ 1), "which is not known; pass that schema as one of `known`"],
    [good.subarray(0, 9), "received 9 bytes; the frame alone has 10"],
    [good.subarray(0, 12), "a number goes on after the end of the bytes"],
    [good.subarray(0, 20), "a string of 6 bytes is announced"],
    [good.subarray(0, good.length - 1), "a number needs 1 bytes, 0 are left"],
    [Uint8Array.of(...good, 0), "received 1 bytes more than the value has"],
    [changed(good.length - 1, 8), "Zone has 4 symbols, received number 4"],
    [changed(good.length - 1, 1), "Zone has 4 symbols, received number -1"],
    [changed(16, 1), "a string of -1 bytes is announced"],
    [changed(18, 0xff), "a string is not UTF-8"],
    [unhex("000000"), "received 3 bytes; the frame alone has 5"],
    [unhex("0000000007aa"), "the registry's schema 7, but no registry is configured; set SCHEMA_REGISTRY"],
  ];
  for (const [bytes, message] of cases) {
    assertThrows(() => decode(serde, bytes), DeserializationError, message);
  }
  for (let end = 0; end < good.length; end++) {
    assertThrows(
      () => decode(serde, good.subarray(0, end)),
      DeserializationError,
      "Cannot decode a FrameHeader: ",
    );
  }
  assertEquals(decode(serde, good), HEADER, "an error leaves the serde usable");
});

Deno.test("a count or a length that can't be true is refused before memory is taken for it", () => {
  const head = (schema: object): Uint8Array => encode(avroSerde<unknown[]>(schema), []).subarray(0, 10);
  const arrays = { type: "array", items: "string" };
  const nulls = { type: "array", items: "null" };
  for (
    const [schema, body, message] of [
      [arrays, "feffffff0f", "a block says that it has 2147483647 items, 0 bytes are left"],
      [arrays, "ffffffff0f 02", "a block says that it has 2147483648 items"],
      [nulls, "feffffff0f", "a block says that it has 2147483647 items"],
      ["string", "feffffff0f", "a string of 2147483647 bytes is announced, 0 bytes are left"],
      ["bytes", "02", "bytes of 1 bytes is announced"],
      ["long", "ffffffffffffffffffff01", "more than 10 bytes"],
      ["long", "ffffffffffffffffff01", "2^53 - 1"],
      ["int", "8080808010", "an int has 32 bits"],
      ["boolean", "02", "a boolean is 0 or 1, received 2"],
      [["null", "int"], "04", "a union has 2 branches, received branch 2"],
      [["null", "int"], "01", "a union has 2 branches, received branch -1"],
    ] as [string | object, string, string][]
  ) {
    const header = typeof schema === "object" && !Array.isArray(schema) ? head(schema) : undefined;
    const bytes = header ?? headerOf(schema);
    assertThrows(
      () => decode(avroSerde(schema), Uint8Array.of(...bytes, ...unhex(body))),
      DeserializationError,
      message,
    );
  }
});

function headerOf(schema: string | object): Uint8Array {
  const sample: Record<string, unknown> = {
    string: "",
    bytes: new Uint8Array(0),
    long: 0,
    int: 0,
    boolean: true,
  };
  const value = Array.isArray(schema) ? null : sample[schema as string];
  return encode(avroSerde<unknown>(schema), value).subarray(0, 10);
}

Deno.test("deep nesting of a recursive type ends in an error, not in a crash", () => {
  const schema = { type: "record", name: "Node", fields: [{ name: "next", type: ["null", "Node"] }] };
  const serde = avroSerde<{ next: unknown }>(schema);
  const shallow = { next: { next: { next: null } } };
  assertEquals(decode(serde, encode(serde, shallow)), shallow);
  const header = encode(serde, { next: null }).subarray(0, 10);
  const bytes = new Uint8Array(10 + 2_000_000).fill(2);
  bytes.set(header);
  assertThrows(() => serde.decode(bytes, 0, bytes.length), DeserializationError, "Cannot decode a Node: ");
});

Deno.test("arrays and maps may come in blocks, with their sizes too", () => {
  const arrays = avroSerde<number[]>({ type: "array", items: "int" });
  const header = encode(arrays, []).subarray(0, 10);
  // Two items; then a block of −1, its size of 1 byte, one item; then the end.
  assertEquals(decode(arrays, Uint8Array.of(...header, 4, 2, 4, 1, 2, 6, 0)), [1, 2, 3]);
  const maps = avroSerde<Record<string, number>>({ type: "map", values: "int" });
  const map = decode(
    maps,
    Uint8Array.of(...encode(maps, {}).subarray(0, 10), 2, 2, 0x61, 2, 1, 6, 2, 0x62, 4, 0),
  );
  assertEquals(map, { a: 1, b: 2 });
});

Deno.test("a map's key __proto__ is a key like any other", () => {
  const maps = avroSerde<Record<string, number>>({ type: "map", values: "int" });
  const value = JSON.parse('{"__proto__": 7}');
  const map = decode(maps, encode(maps, value));
  assertEquals(Object.keys(map), ["__proto__"]);
  assertEquals(Object.getPrototypeOf(map), Object.prototype);
});

Deno.test("a serde with a registry writes Confluent's format and says so when it is not bound", async () => {
  const { registry, asked } = registryOf({});
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry });
  assertThrows(
    () => encode(serde, HEADER),
    Error,
    "Cannot encode a FrameHeader: with a registry its subject depends on the topic",
  );
  const bound = await serde.forTopic!("GAME-FRAME-RQ", "key");
  assertEquals(asked, ["POST /subjects/GAME-FRAME-RQ-key/versions"]);
  const bytes = encode(bound, HEADER);
  assertEquals(hex(bytes.subarray(0, 5)), "00000003e9");
  assertEquals(
    hex(bytes.subarray(5)),
    hex(encode(avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA), HEADER).subarray(10)),
  );
  assertEquals(decode(bound, bytes), HEADER, "what it registered itself it need not load");
  assertEquals(decode(serde, bytes), HEADER, "reading needs no topic");
  assertEquals(asked.length, 1);
  const other = await bound.forTopic!("SESSIONS", "key");
  assertEquals(hex(encode(other, HEADER).subarray(0, 5)), "00000003ea");
});

Deno.test("topics share a serde where the registry gives them the same id, and only there", async () => {
  const ids: Record<string, number> = { "A-key": 7, "B-key": 7, "C-key": 8 };
  const registry = new SchemaRegistry("http://registry.test", {
    fetch: (url) => Promise.resolve(Response.json({ id: ids[url.split("/").at(-2)!] })),
  });
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry });
  const a = await serde.forTopic!("A", "key");
  assertStrictEquals(await serde.forTopic!("B", "key"), a);
  assertStrictEquals(await a.forTopic!("B", "key"), a, "also when it is bound anew");
  const c = await serde.forTopic!("C", "key");
  assertNotStrictEquals(c, a);
  assertEquals(hex(encode(a, HEADER).subarray(0, 5)), "0000000007");
  assertEquals(hex(encode(c, HEADER).subarray(0, 5)), "0000000008");
});

Deno.test("a serde reads an id of its own schema, however the registry writes it", async () => {
  // Reordered, without doc: other text, the same canonical form.
  const { name, namespace, type } = FRAME_HEADER_SCHEMA;
  const fields = FRAME_HEADER_SCHEMA.fields.map(({ name, type }) => ({ type, name }));
  const { registry } = registryOf({ 5: JSON.stringify({ fields, namespace, name, type }) });
  await registry.schemaById(5);
  const body = encode(avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA), HEADER).subarray(10);
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry });
  assertEquals(decode(serde, Uint8Array.of(0, 0, 0, 0, 5, ...body)), HEADER);
});

Deno.test("a reader takes both framings at any time", async () => {
  const { registry } = registryOf({});
  const bound = await avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry }).forTopic!("T", "key");
  const bare = encode(avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA), HEADER);
  const framed = encode(bound, HEADER);
  for (const bytes of [bare, framed, bare, framed]) assertEquals(decode(bound, bytes), HEADER);
});

const OLD_HEADER = {
  type: "record",
  name: "FrameHeader",
  namespace: "fr.xebia.ldi.common.schema",
  fields: [
    { name: "zone", type: { type: "enum", name: "Zone", symbols: ["AU", "EU", "MOON"] } },
    { name: "operator", type: { type: "array", items: "string" } },
    { name: "ts", type: "int" },
    { name: "machine", type: "string" },
  ],
};

Deno.test("an unknown schema id is loaded once however many wait, then resolved", async () => {
  const { registry, asked } = registryOf({ 7: JSON.stringify(OLD_HEADER) });
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry });
  const body = encode(avroSerde<unknown>(OLD_HEADER), {
    zone: "AU",
    operator: ["Ann", "Bob"],
    ts: 12,
    machine: "000007",
  });
  const framed = Uint8Array.of(0, 0, 0, 0, 7, ...body.subarray(10));
  const errors = [1, 2, 3].map(() =>
    assertThrows(() => decode(serde, framed), SchemaNotLoaded, "schema 7 is not loaded")
  );
  await Promise.all(errors.map((error) => (error as SchemaNotLoaded).load()));
  assertEquals(asked, ["GET /schemas/ids/7"]);
  assertEquals(decode(serde, framed), { ts: 12, machine: "000007", zone: "AU" });
  const moon = encode(avroSerde<unknown>(OLD_HEADER), { zone: "MOON", operator: [], ts: 12, machine: "" });
  assertThrows(
    () => decode(serde, Uint8Array.of(0, 0, 0, 0, 7, ...moon.subarray(10))),
    DeserializationError,
    "does not have the symbol MOON; it has EU, US, ZG, AU",
  );
});

Deno.test("an id that the registry does not have is a DeserializationError after load", async () => {
  const { registry, asked } = registryOf({});
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry });
  const error = assertThrows(() => decode(serde, unhex("00000000ff00")), SchemaNotLoaded) as SchemaNotLoaded;
  await error.load();
  for (let i = 0; i < 2; i++) {
    assertThrows(
      () => decode(serde, unhex("00000000ff00")),
      DeserializationError,
      "received the schema id 255, which the registry at http://registry.test does not have",
    );
  }
  assertEquals(asked.length, 1);
});

Deno.test("an id whose schema does not fit, or is none, is an unusable schema", async () => {
  const { registry } = registryOf({
    1: '"string"',
    2: "{",
    3: JSON.stringify({ ...OLD_HEADER, fields: [] }),
  });
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry });
  for (
    const [id, message] of [
      [1, "schema 1, which does not fit: the value was written as string and is to be record FrameHeader"],
      [2, "schema 2, which does not fit: Cannot use as an Avro schema: received {"],
      [3, "schema 3, which does not fit: ts was not written and has no default"],
    ] as const
  ) {
    const bytes = Uint8Array.of(0, 0, 0, 0, id, 0);
    await (assertThrows(() => decode(serde, bytes), SchemaNotLoaded) as SchemaNotLoaded).load();
    for (let i = 0; i < 2; i++) assertThrows(() => decode(serde, bytes), UnusableSchema, message);
  }
});

Deno.test("load rejects when the registry can't be asked", async () => {
  const registry = new SchemaRegistry("http://registry.test", {
    fetch: () => Promise.resolve(new Response("no", { status: 403 })),
  });
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { registry });
  const error = assertThrows(() => decode(serde, unhex("000000000100")), SchemaNotLoaded) as SchemaNotLoaded;
  await assertRejects(
    () => error.load(),
    Error,
    "Cannot get schema 1 at http://registry.test: received status 403",
  );
  assertThrows(() => decode(serde, unhex("000000000100")), SchemaNotLoaded);
});

Deno.test("known schemas are read in single-object encoding", () => {
  const serde = avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { known: [OLD_HEADER] });
  const bytes = encode(avroSerde<unknown>(OLD_HEADER), { zone: "EU", operator: [], ts: 5, machine: "1" });
  assertEquals(decode(serde, bytes), { ts: 5, machine: "1", zone: "EU" });
  assertThrows(
    () => avroSerde<FrameHeader>(FRAME_HEADER_SCHEMA, { known: ["int"] }),
    TypeError,
    "Cannot read a int as a FrameHeader: the value was written as int and is to be record FrameHeader",
  );
  assertEquals(
    avroSerde(FRAME_HEADER_SCHEMA).forTopic,
    undefined,
    "without a registry nothing depends on the topic",
  );
});
