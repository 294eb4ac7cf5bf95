/**
 * The frame of Confluent's [wire format](https://docs.confluent.io/platform/current/schema-registry/): a
 * zero, then the registry's id of the schema, big-endian in 4 bytes; the Avro body follows.
 *
 * @module
 */

/** The first byte. */
export const CONFLUENT_MAGIC = 0x00;
/** How many bytes come before the body. */
export const CONFLUENT_HEADER_BYTES = 5;

/** The bytes that come before the body of values of the schema with this id. */
export function confluentHeader(id: number): Uint8Array {
  return Uint8Array.of(CONFLUENT_MAGIC, id >>> 24, id >>> 16, id >>> 8, id);
}

/** The schema id in a header at `from`. */
export function schemaId(bytes: Uint8Array, from: number): number {
  return (bytes[from + 1]! << 24 | bytes[from + 2]! << 16 | bytes[from + 3]! << 8 | bytes[from + 4]!) >>> 0;
}

/**
 * The subject under which the schemas of a topic's keys or values are registered (Confluent's
 * TopicNameStrategy).
 */
export function subjectOf(topic: string, part: "key" | "value"): string {
  return `${topic}-${part}`;
}
