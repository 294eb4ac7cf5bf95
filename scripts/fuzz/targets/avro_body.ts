import { assertEquals } from "@std/assert";
import {
  avroLogicalTypes,
  type AvroSchema,
  avroSerde,
  DeserializationError,
} from "../../../src/serde/mod.ts";
import { Malformed } from "../../../src/serde/avro/cursor.ts";
import { parseWriterSchema } from "../../../src/serde/avro/schema.ts";
import { singleObjectHeader } from "../../../src/serde/avro/single_object.ts";
import { FRAME_BODY_SCHEMA, FRAME_HEADER_SCHEMA, GAME_SESSION_SCHEMA } from "../../../src/game/schemas.ts";
import type { Serde } from "../../../src/serde/mod.ts";
import { joined } from "../mutations.ts";
import { encoded, refused } from "../support.ts";
import type { FuzzTarget } from "../target.ts";

/** All kinds of types, one in another. */
const ALL_KINDS: AvroSchema = {
  type: "record",
  name: "All",
  fields: [
    { name: "n", type: "null" },
    { name: "b", type: "boolean" },
    { name: "i", type: "int" },
    { name: "l", type: "long" },
    { name: "f", type: "float" },
    { name: "d", type: "double" },
    { name: "s", type: "string" },
    { name: "y", type: "bytes" },
    { name: "x", type: { type: "fixed", name: "Two", size: 2 } },
    { name: "e", type: { type: "enum", name: "Suit", symbols: ["A", "B", "C"], default: "A" } },
    { name: "u", type: ["null", "int", "string", { type: "array", items: "Two" }] },
    { name: "m", type: { type: "map", values: ["null", "double"] } },
    { name: "tree", type: ["null", "All"] },
    { name: "empty", type: { type: "array", items: { type: "record", name: "Empty", fields: [] } } },
    { name: "day", type: { type: "int", logicalType: "date" } },
    { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "sum", type: { type: "bytes", logicalType: "decimal", precision: 8, scale: 2 } },
    { name: "id", type: { type: "string", logicalType: "uuid" } },
  ],
};

/** It reads what {@linkcode ALL_KINDS} has written: skips, widens and fills in. */
const FEWER_KINDS: AvroSchema = {
  type: "record",
  name: "All",
  fields: [
    { name: "i", type: "double" },
    { name: "e", type: { type: "enum", name: "Suit", symbols: ["A"], default: "A" } },
    { name: "tree", type: ["null", "All"], default: null },
    {
      name: "u",
      type: ["string", "null", "long", { type: "array", items: { type: "fixed", name: "Two", size: 2 } }],
    },
    { name: "more", type: { type: "map", values: "int" }, default: { a: 1 } },
  ],
};

const VALUE = {
  n: null,
  b: true,
  i: -5,
  l: 2 ** 40,
  f: 0.5,
  d: -1e100,
  s: "kos \u{1f451}",
  y: Uint8Array.of(1, 2, 3),
  x: Uint8Array.of(4, 5),
  e: "B",
  u: "text",
  m: { a: 1.5, b: null },
  tree: null,
  empty: [{}, {}],
  day: new Date(86_400_000),
  at: new Date(1_000),
  sum: "12.34",
  id: "123e4567-e89b-42d3-a456-426614174000",
};

interface Pair {
  readonly serde: Serde<unknown>;
  readonly header: Uint8Array;
  /** Whether what it reads it writes the same way. */
  readonly own: boolean;
}

function pair(reader: AvroSchema, writer: AvroSchema = reader): Pair {
  return {
    serde: avroSerde(reader, { known: [writer], logicalTypes: avroLogicalTypes, longs: "bigint" }),
    header: singleObjectHeader(parseWriterSchema(writer)),
    own: reader === writer,
  };
}

/** The input's first byte chooses one. */
const PAIRS: readonly Pair[] = [
  pair(ALL_KINDS),
  pair(FEWER_KINDS, ALL_KINDS),
  pair(FRAME_HEADER_SCHEMA),
  pair(FRAME_BODY_SCHEMA),
  pair(GAME_SESSION_SCHEMA),
  pair({ type: "array", items: ["null", { type: "map", values: "bytes" }] }),
  pair({ type: "record", name: "Skips", fields: [] }, {
    type: "record",
    name: "Skips",
    fields: [{ name: "a", type: { type: "array", items: { type: "array", items: "null" } } }, {
      name: "u",
      type: ["string", "double"],
    }],
  }),
];

const HEADER_BYTES = 10;

/** Bodies of Avro records behind a frame that is right, so that they get past it. */
export const AVRO_BODY: FuzzTarget = {
  name: "avro-body",
  refusals: [],
  seeds() {
    const values: readonly (readonly [number, unknown])[] = [
      [0, { ...VALUE, l: 5n }],
      [0, { ...VALUE, l: -1n, u: null, tree: { ...VALUE, l: 2n ** 63n - 1n, u: [Uint8Array.of(1, 2)] } }],
      [2, { ts: 1_700_000_000_000n, machine: "000042", zone: "EU" }],
      [3, { approval: true, bytes: ["c3004f2a00d9a5"] }],
      [5, [null, { a: Uint8Array.of(7) }]],
    ];
    const seeds = values.map(([choice, value]) =>
      joined(Uint8Array.of(choice), encoded(PAIRS[choice]!.serde, value).subarray(HEADER_BYTES))
    );
    return [
      ...seeds,
      joined(Uint8Array.of(1), seeds[0]!.subarray(1)),
      Uint8Array.of(4, 0),
      Uint8Array.of(6, 2, 6, 0, 0, 0),
    ];
  },
  run(input) {
    const { serde, header, own } = PAIRS[(input[0] ?? 0) % PAIRS.length]!;
    const message = joined(header, input.subarray(1));
    let value: unknown;
    try {
      value = serde.decode(message, 0, message.length);
    } catch (error) {
      refused(error, decodes);
      return;
    }
    if (!own) return;
    const again = encoded(serde, value);
    assertEquals(serde.decode(again, 0, again.length), value, "what was written again is another value");
  },
};

/** Bytes that are wrong, a nesting that no stack holds, or a number that its type can't hold. */
function decodes(error: Error): boolean {
  const { cause } = error;
  return error instanceof DeserializationError &&
    (cause === undefined || cause instanceof Malformed || cause instanceof RangeError);
}
