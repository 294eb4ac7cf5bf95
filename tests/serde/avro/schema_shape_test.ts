import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { avroSerde } from "../../../src/serde/mod.ts";
import { checkShape } from "../../../src/serde/avro/schema_shape.ts";

const WRONG: readonly (readonly [schema: unknown, why: string])[] = [
  [5, "a type is 5; allowed is a name, a list or an object"],
  [["null", null], "a type is null; allowed is a name, a list or an object"],
  [{ type: "toString" }, 'the type of an object is "toString"; allowed is null, boolean'],
  [{ type: "array" }, "a type is undefined"],
  [{ type: "map", values: 1 }, "a type is 1"],
  [{ type: "record", name: {}, fields: [] }, "a type's name is {}; allowed is a text"],
  [{ type: "record", name: "A", namespace: 2, fields: [] }, "a namespace is 2; allowed is a text"],
  [{ type: "record", name: "A", aliases: "B", fields: [] }, 'aliases is "B"; allowed is a list of texts'],
  [{ type: "record", name: "A" }, "a record's fields is undefined; allowed is a list"],
  [{ type: "record", name: "A", fields: [null] }, "a field is null; allowed is an object"],
  [
    { type: "record", name: "A", fields: [{ type: "int" }] },
    "a field's name is undefined; allowed is a text",
  ],
  [{ type: "record", name: "A", fields: [{ name: "a" }] }, "a type is undefined"],
  [{ type: "enum", name: "E", symbols: [1] }, "an enum's symbols is [1]; allowed is a list of texts"],
  [{ type: "fixed", name: "F", size: -1 }, "a fixed's size is -1; allowed is a number of bytes"],
];

for (const [schema, why] of WRONG) {
  Deno.test(`a schema is refused in words of its own: ${JSON.stringify(schema)}`, () => {
    assertStringIncludes(assertThrows(() => checkShape(schema), TypeError).message, why);
    const { message } = assertThrows(() => avroSerde(schema as object), TypeError);
    assertStringIncludes(message, "Cannot use as an Avro schema: received ");
    assertStringIncludes(message, why);
  });
}

Deno.test("a name that every object has is no type", () => {
  for (const name of ["constructor", "toString", "__proto__"]) {
    const { message } = assertThrows(() => avroSerde({ type: "array", items: name }), TypeError);
    assertStringIncludes(message, `undefined type name: ${name}`);
  }
});

Deno.test("a schema with all that it may have is taken", () => {
  const schema = {
    type: "record",
    name: "A",
    namespace: null,
    aliases: ["B"],
    fields: [
      { name: "a", type: ["null", "A"], aliases: ["b"] },
      { name: "e", type: { type: "enum", name: "constructor", symbols: ["X"] } },
      { name: "f", type: { type: "map", values: { type: "fixed", name: "F", size: 0 } } },
    ],
  };
  assertEquals(checkShape(schema), schema);
});
