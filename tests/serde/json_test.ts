import { assertEquals, assertThrows } from "@std/assert";
import { jsonSerde } from "../../src/serde/json.ts";
import { DeserializationError, UnusableSchema } from "../../src/serde/serde.ts";
import type { StandardResult, StandardSchema } from "../../src/serde/standard_schema.ts";
import { decode, encode } from "./avro/support.ts";

type Answer<T> = StandardResult<T> | Promise<StandardResult<T>>;

/** As a library of Standard Schema has it. */
function schemaOf<T>(validate: (value: unknown) => Answer<T>): StandardSchema<T> {
  return { "~standard": { version: 1, vendor: "test", validate } };
}

const bytesOf = (value: unknown): Uint8Array => encode(jsonSerde(), value);

Deno.test("a Standard Schema checks JSON, and what it makes of a value is the value", () => {
  const doubled = jsonSerde(schemaOf((value) => ({ value: 2 * (value as number) })));
  const value: number = decode(doubled, bytesOf(4));
  assertEquals(value, 8);
});

Deno.test("what a Standard Schema finds wrong is named with its place", () => {
  const orders = jsonSerde(schemaOf<never>(() => ({
    issues: [
      { message: "expected number", path: ["items", { key: 2 }, "amount"] },
      { message: "expected string", path: ["id"] },
      { message: "not an order" },
    ],
  })));
  assertThrows(
    () => decode(orders, bytesOf({ id: 7 })),
    DeserializationError,
    'Cannot decode JSON: received {"id":7}; items.2.amount: expected number, id: expected string, not an order',
  );
});

Deno.test("a schema that is a function too is taken as a schema", () => {
  const schema = Object.assign(() => "called", schemaOf(() => ({ value: "validated" })));
  assertEquals(decode(jsonSerde<string>(schema), bytesOf(1)), "validated");
});

Deno.test("a schema that answers later is refused with the remedy", () => {
  const later = jsonSerde(schemaOf<never>(() => Promise.reject(new Error("nobody waits for it"))));
  assertThrows(() => decode(later, bytesOf(1)), UnusableSchema, "use one that checks at once");
});

Deno.test("also a check that answers later is refused, with a promise or what is like one", () => {
  const rejecting = jsonSerde((): Promise<never> => Promise.reject(new Error("nobody waits for it")));
  const thenable = jsonSerde(schemaOf<never>(() => ({ then() {} }) as unknown as Promise<never>));
  for (const later of [rejecting, thenable]) {
    assertThrows(() => decode(later, bytesOf(1)), UnusableSchema, "answered with a promise");
  }
});
