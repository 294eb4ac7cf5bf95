import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { SchemaRegistry } from "../../../src/serde/avro/registry.ts";
import { jsonSchemaSerde } from "../../../src/serde/json_schema/json_schema_serde.ts";
import { DeserializationError } from "../../../src/serde/serde.ts";
import { decode, encode, hex, unhex } from "../avro/support.ts";

const SCHEMA = { type: "object", properties: { id: { type: "string" } } };

function registryOf(): { registry: SchemaRegistry; asked: unknown[] } {
  const asked: unknown[] = [];
  const registry = new SchemaRegistry("http://registry.test", {
    fetch: (url, { body }) => {
      asked.push({ path: new URL(url).pathname, ...JSON.parse(body as string) });
      return Promise.resolve(Response.json({ id: 258 }));
    },
  });
  return { registry, asked };
}

Deno.test("JSON of a registered schema has the registry's id before it", async () => {
  const { registry, asked } = registryOf();
  const references = [{ name: "money.json", subject: "money", version: 2 }];
  const serde = jsonSchemaSerde<unknown>(SCHEMA, { registry, references });
  assertThrows(() => encode(serde, {}), Error, "use what forTopic() resolves to");
  const bound = await serde.forTopic!("orders", "value");
  assertStrictEquals(await serde.forTopic!("orders", "value"), bound);
  assertEquals(asked, [{
    path: "/subjects/orders-value/versions",
    schema: JSON.stringify(SCHEMA),
    schemaType: "JSON",
    references,
  }]);
  assertEquals(hex(encode(bound, { id: "a" })), "0000000102" + hex(new TextEncoder().encode('{"id":"a"}')));
  assertEquals(decode(bound, encode(bound, { id: "a" })), { id: "a" });
  assertEquals(decode(serde, unhex("00000000637b7d")), {}, "any id is read, also before it is bound");
  for (let room = 0; room < 15; room++) {
    assertEquals(bound.encode({ id: "a" }, new Uint8Array(room), 0) < 0, true);
  }
});

Deno.test("what is no framed JSON, or does not pass its check, does not decode", () => {
  const { registry } = registryOf();
  const serde = jsonSchemaSerde<number>(SCHEMA, {
    registry,
    check(value) {
      if (typeof value !== "number") throw new TypeError("it is not a number");
      return value;
    },
  });
  for (
    const [bytes, message] of [
      ["00000000", "Cannot decode JSON: received 4 bytes; the frame alone has 5"],
      ["7b0000000000", "received 0x7b as the first byte; expected is 00"],
      ["00000000077b", "Cannot decode JSON: received {; "],
      ["00000000077b7d", "Cannot decode JSON: received {}; it is not a number"],
    ] as const
  ) {
    assertThrows(() => decode(serde, unhex(bytes)), DeserializationError, message);
  }
});
