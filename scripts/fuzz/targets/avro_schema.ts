import { avroLogicalTypes, avroSerde, DeserializationError } from "../../../src/serde/mod.ts";
import { parseWriterSchema } from "../../../src/serde/avro/schema.ts";
import { singleObjectHeader } from "../../../src/serde/avro/single_object.ts";
import { FRAME_BODY_SCHEMA, GAME_SESSION_SCHEMA, HIT_SCHEMA } from "../../../src/game/schemas.ts";
import { type Json, mutateJson } from "../json_tree.ts";
import { joined } from "../mutations.ts";
import { bytesOf, refused, textOf } from "../support.ts";
import type { FuzzTarget } from "../target.ts";

/** What readers of schemas know. */
const WORDS: readonly Json[] = [
  ..."null boolean int long float double bytes string record error enum array map fixed union type name namespace"
    .split(" "),
  ..."fields items values symbols size default aliases order doc logicalType precision scale A a.B Tree"
    .split(" "),
  ..."decimal date timestamp-millis timestamp-micros duration uuid __proto__ constructor toString".split(" "),
  null,
  true,
  0,
  -1,
  1,
  2,
  1e9,
  2 ** 31,
  2 ** 53,
  0.5,
  "",
  [],
  {},
  ["null", "string"],
  { type: "array", items: "null" },
  { type: "map", values: "A" },
  { type: "record", name: "A", fields: [{ name: "a", type: ["null", "A"], default: null }] },
  { type: "fixed", name: "B", size: 3 },
  { type: "enum", name: "C", symbols: ["X", "Y"], default: "X" },
  { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 },
];

const PAIRS: readonly (readonly [writer: unknown, reader: unknown])[] = [
  ["int", ["null", "double"]],
  [GAME_SESSION_SCHEMA, GAME_SESSION_SCHEMA],
  [FRAME_BODY_SCHEMA, { ...FRAME_BODY_SCHEMA, fields: FRAME_BODY_SCHEMA.fields.slice(1) }],
  [
    {
      type: "record",
      name: "A",
      fields: [{ name: "a", type: ["null", "A"] }, { name: "b", type: { type: "map", values: HIT_SCHEMA } }],
    },
    {
      type: "record",
      name: "B",
      aliases: ["A"],
      fields: [{ name: "c", aliases: ["a"], type: ["null", "B"], default: null }],
    },
  ],
  [
    { type: "array", items: { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 } },
    { type: "array", items: { type: "bytes", logicalType: "decimal", precision: 4, scale: 2 } },
  ],
  [
    {
      type: "record",
      name: "R",
      fields: [{ name: "e", type: { type: "enum", name: "E", symbols: ["X", "Y", "Z"] } }, {
        name: "f",
        type: { type: "fixed", name: "F", size: 4 },
      }],
    },
    {
      type: "record",
      name: "R",
      fields: [{ name: "e", type: { type: "enum", name: "E", symbols: ["X"], default: "X" } }, {
        name: "d",
        type: "long",
        default: 5,
      }],
    },
  ],
];

/** Pairs of schemas, and a record of the first one that is read as one of the second. */
export const AVRO_SCHEMA: FuzzTarget = {
  name: "avro-schema",
  refusals: [],
  seeds: () =>
    PAIRS.map((pair) => withBody(JSON.stringify(pair), Uint8Array.of(2, 4, 2, 6, 1, 2, 3, 0, 0, 0, 0))),
  mutate(input, random) {
    const [text, body] = parts(input);
    try {
      return withBody(JSON.stringify(mutateJson(JSON.parse(text) as Json, random, WORDS)), body);
    } catch {
      // No JSON any more, or one that nests too deep to be walked.
      return input;
    }
  },
  run(input) {
    const [text, body] = parts(input);
    let pair: unknown;
    try {
      pair = JSON.parse(text);
    } catch {
      pair = text;
    }
    const [writer, reader] = Array.isArray(pair) && pair.length >= 2 ? pair : [pair, "string"];
    let message: Uint8Array;
    let serde: ReturnType<typeof avroSerde>;
    try {
      message = joined(singleObjectHeader(parseWriterSchema(writer)), body);
      serde = avroSerde(reader, { known: [writer], logicalTypes: avroLogicalTypes });
    } catch (error) {
      refused(error, ({ message }) => /^Cannot (use as an Avro schema|read a )/.test(message));
      return;
    }
    try {
      serde.decode(message, 0, message.length);
    } catch (error) {
      refused(error, (error) => error instanceof DeserializationError);
    }
  },
};

/** A text without a 0 in it, then a 0, then the record's bytes. */
function withBody(text: string, body: Uint8Array): Uint8Array {
  return joined(bytesOf(text), Uint8Array.of(0), body);
}

function parts(input: Uint8Array): [text: string, body: Uint8Array] {
  const end = input.indexOf(0);
  return end < 0
    ? [textOf(input), new Uint8Array(0)]
    : [textOf(input.subarray(0, end)), input.subarray(end + 1)];
}
