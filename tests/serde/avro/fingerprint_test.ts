import { assertEquals, assertThrows } from "@std/assert";
import { fingerprint } from "../../../src/serde/avro/fingerprint.ts";
import { type AvroSchema, parseSchema } from "../../../src/serde/avro/schema.ts";

/** From the Avro project's share/test/data/schema-tests.txt: schema, Parsing Canonical Form, CRC-64-AVRO as a signed number. */
const CASES: [AvroSchema, string, bigint][] = [
  ["null", '"null"', 7195948357588979594n],
  [{ type: "null" }, '"null"', 7195948357588979594n],
  ['"boolean"', '"boolean"', -6970731678124411036n],
  ["int", '"int"', 8247732601305521295n],
  ['{"type":"long"}', '"long"', -3434872931120570953n],
  ["float", '"float"', 5583340709985441680n],
  ["double", '"double"', -8181574048448539266n],
  ["bytes", '"bytes"', 5746618253357095269n],
  ["string", '"string"', -8142146995180207161n],
  [["int"], '["int"]', -5232228896498058493n],
  [["int", { type: "boolean" }], '["int","boolean"]', 5392556393470105090n],
  [
    { fields: [], type: "record", name: "foo" },
    '{"name":"foo","type":"record","fields":[]}',
    -4824392279771201922n,
  ],
  [
    { fields: [], type: "record", name: "foo", namespace: "x.y" },
    '{"name":"x.y.foo","type":"record","fields":[]}',
    5916914534497305771n,
  ],
  [
    { fields: [], type: "record", name: "a.b.foo", namespace: "x.y" },
    '{"name":"a.b.foo","type":"record","fields":[]}',
    -4616218487480524110n,
  ],
  [
    { fields: [], type: "record", name: "foo", doc: "foo", aliases: ["foo", "bar"] },
    '{"name":"foo","type":"record","fields":[]}',
    -4824392279771201922n,
  ],
  [
    { fields: [{ type: { type: "boolean" }, name: "f1" }], type: "record", name: "foo" },
    '{"name":"foo","type":"record","fields":[{"name":"f1","type":"boolean"}]}',
    7843277075252814651n,
  ],
  [
    {
      fields: [
        // The original has "true" as text here, which is no default of a boolean; defaults are not part of the canonical form.
        { type: "boolean", aliases: [], name: "f1", default: true },
        { order: "descending", name: "f2", doc: "Hello", type: "int" },
      ],
      type: "record",
      name: "foo",
    },
    '{"name":"foo","type":"record","fields":[{"name":"f1","type":"boolean"},{"name":"f2","type":"int"}]}',
    -4860222112080293046n,
  ],
  [
    { type: "enum", name: "foo", symbols: ["A1"] },
    '{"name":"foo","type":"enum","symbols":["A1"]}',
    -6342190197741309591n,
  ],
  [
    { namespace: "x.y.z", type: "enum", name: "foo", doc: "foo bar", symbols: ["A1", "A2"] },
    '{"name":"x.y.z.foo","type":"enum","symbols":["A1","A2"]}',
    -4448647247586288245n,
  ],
  [{ name: "foo", type: "fixed", size: 15 }, '{"name":"foo","type":"fixed","size":15}', 1756455273707447556n],
  [
    { namespace: "x.y.z", type: "fixed", name: "foo", doc: "foo bar", size: 32 },
    '{"name":"x.y.z.foo","type":"fixed","size":32}',
    -3064184465700546786n,
  ],
  [{ items: { type: "null" }, type: "array" }, '{"type":"array","items":"null"}', -589620603366471059n],
  [{ values: "string", type: "map" }, '{"type":"map","values":"string"}', -8732877298790414990n],
  [
    {
      name: "PigValue",
      type: "record",
      fields: [{ name: "value", type: ["null", "int", "long", "PigValue"] }],
    },
    '{"name":"PigValue","type":"record","fields":[{"name":"value","type":["null","int","long","PigValue"]}]}',
    -1759257747318642341n,
  ],
];

for (const [schema, canonical, expected] of CASES) {
  Deno.test(`canonical form and fingerprint of ${JSON.stringify(schema)}`, () => {
    const parsed = parseSchema(schema);
    assertEquals(parsed.canonical, canonical);
    assertEquals(new DataView(fingerprint(parsed.canonical).buffer).getBigInt64(0, true), expected);
  });
}

Deno.test("logical types, docs and defaults do not change a fingerprint", () => {
  const plain = { type: "record", name: "R", fields: [{ name: "at", type: "long" }] };
  const rich = {
    type: "record",
    name: "R",
    doc: "when",
    fields: [{ name: "at", type: { type: "long", logicalType: "timestamp-millis" }, default: 0, doc: "ms" }],
  };
  assertEquals(parseSchema(rich).canonical, parseSchema(plain).canonical);
});

Deno.test("what is no schema is refused, with what was received and why", () => {
  const cases: [AvroSchema, string][] = [
    ["nonsense", "Cannot use as an Avro schema: received nonsense; undefined type name: nonsense"],
    ["{oops", "Cannot use as an Avro schema: received {oops; "],
    [{ type: "enum", name: "E", symbols: [] }, "invalid enum symbols"],
    [{ type: "record", name: "R" }, "received "],
    [
      { type: "record", name: "R", fields: [{ name: "a", type: "int", default: "x" }] },
      "incompatible field default \"x\": it is to be of the field's type, of a union's first branch",
    ],
    [
      { type: "record", name: "R", fields: [{ name: "a", type: ["R"], default: null }] },
      "incompatible field default null: it is to be of",
    ],
    ["", "received "],
  ];
  for (const [schema, message] of cases) assertThrows(() => parseSchema(schema), TypeError, message);
});

Deno.test("a schema is not changed by being parsed", () => {
  const schema = { type: "record", name: "R", namespace: "n", fields: [{ name: "a", type: "int" }] };
  const before = structuredClone(schema);
  const parsed = parseSchema(Object.freeze(schema));
  assertEquals(schema, before);
  assertEquals(JSON.parse(parsed.text), before);
  assertEquals(parsed.name, "R");
});
