import {
  bindById,
  CONFLUENT_HEADER_BYTES,
  confluentHeader,
  encodeFramed,
  framedSchemaId,
  notBound,
} from "../avro/confluent.ts";
import type { SchemaReference } from "../avro/registered_schema.ts";
import type { SchemaRegistry } from "../avro/registry.ts";
import { jsonSerde } from "../json.ts";
import type { Serde } from "../serde.ts";
import type { StandardSchema } from "../standard_schema.ts";

/** Settings of {@linkcode jsonSchemaSerde}. */
export interface JsonSchemaSerdeOptions<T> {
  /** Where the schema is registered. */
  readonly registry: SchemaRegistry;
  /** Where the registry has the schemas that this one refers to. */
  readonly references?: readonly SchemaReference[];
  /** Checks what is read, as in {@linkcode jsonSerde}. Default: it is taken as it is. */
  readonly check?: StandardSchema<T> | ((value: unknown) => T);
}

/**
 * JSON in Confluent's wire format, like Confluent's `KafkaJsonSchemaSerializer`: the registry's id of a JSON
 * Schema, then JSON. Any id is read, as JSON says itself what it holds; `check` says whether that is of the
 * type.
 *
 * @param schema The JSON Schema, as text or already parsed, with its `$schema`, by which some registries tell
 * that it is one; the registry compares it with the subject's former ones.
 *
 * @example
 * ```ts
 * import { bindSerde, EncodeBuffer, jsonSchemaSerde, SchemaRegistry } from "../mod.ts";
 *
 * const registry = new SchemaRegistry("http://localhost:8081", {
 *   // Leave it out: this one stands in for a registry.
 *   fetch: () => Promise.resolve(Response.json({ id: 7 })),
 * });
 * const schema = { $schema: "http://json-schema.org/draft-07/schema#", type: "object" };
 * const orders = await bindSerde(jsonSchemaSerde<{ id: string }>(schema, { registry }), "orders", "value");
 * const buffer = new EncodeBuffer();
 * const end = buffer.encode(orders, { id: "a" }, 0);
 * console.log(orders.decode(buffer.bytes, 0, end)); // { id: "a" }
 * ```
 */
export function jsonSchemaSerde<T>(
  schema: string | object | boolean,
  { registry, references, check }: JsonSchemaSerdeOptions<T>,
): Serde<T> {
  const text = typeof schema === "string" ? schema : JSON.stringify(schema);
  const json = jsonSerde<T>(check);
  const decode = (bytes: Uint8Array, from: number, to: number): T => {
    framedSchemaId(bytes, from, to, "JSON");
    return json.decode(bytes, from + CONFLUENT_HEADER_BYTES, to);
  };
  const bind = bindById<T>(
    (subject) => registry.register(subject, text, { type: "JSON", references }),
    (id, forTopic) => {
      const header = confluentHeader(id);
      return { encode: (value, into, at) => encodeFramed(header, json, value, into, at), decode, forTopic };
    },
  );
  const encode = (): never => {
    throw notBound("JSON");
  };
  return { encode, decode, forTopic: bind };
}
