/**
 * The frame of Confluent's [wire format](https://docs.confluent.io/platform/current/schema-registry/): a
 * zero, then the registry's id of the schema, big-endian in 4 bytes; the body follows.
 *
 * @module
 */
import { DeserializationError, type Serde } from "../serde.ts";
import { isSchemaId } from "./schema_id.ts";

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

/** Writes a header, then a value by its serde; returns what {@linkcode Serde.encode} does. */
export function encodeFramed<T>(
  header: Uint8Array,
  serde: Serde<T>,
  value: T,
  into: Uint8Array,
  at: number,
): number {
  const start = at + header.length;
  if (start > into.length) return into.length - start;
  into.set(header, at);
  return serde.encode(value, into, start);
}

/**
 * Checks the header of a message of the wire format alone, and gives its schema id.
 *
 * @param what For the error, such as `an Order`.
 * @throws {DeserializationError} When there is none.
 */
export function framedSchemaId(bytes: Uint8Array, from: number, to: number, what: string): number {
  if (to - from < CONFLUENT_HEADER_BYTES) {
    throw new DeserializationError(
      `Cannot decode ${what}: received ${to - from} bytes; the frame alone has ${CONFLUENT_HEADER_BYTES}`,
    );
  }
  if (bytes[from] !== CONFLUENT_MAGIC) {
    const first = bytes[from]!.toString(16).padStart(2, "0");
    throw new DeserializationError(
      `Cannot decode ${what}: received 0x${first} as the first byte; ` +
        `expected is 00 (Confluent's wire format)`,
    );
  }
  const id = schemaId(bytes, from);
  if (isSchemaId(id)) return id;
  throw new DeserializationError(
    `Cannot decode ${what}: received the schema id ${id}; a registry's are from 1 to 2147483647`,
  );
}

/** Binds a serde to a topic: what {@linkcode Serde.forTopic} is. */
export type Bind<T> = (topic: string, part: "key" | "value") => Promise<Serde<T>>;

/**
 * Binds a serde to topics, one an id however many topics have it.
 *
 * @param register Registers the schema under a subject, and gives its id.
 * @param make Makes the serde of an id.
 */
export function bindById<T>(
  register: (subject: string) => Promise<number>,
  make: (id: number, bind: Bind<T>) => Serde<T>,
): Bind<T> {
  const byId = new Map<number, Serde<T>>();
  const bind: Bind<T> = async (topic, part) => {
    const id = await register(subjectOf(topic, part));
    let bound = byId.get(id);
    if (!bound) byId.set(id, bound = make(id, bind));
    return bound;
  };
  return bind;
}

/** The error of a serde with a registry that is to write before it is bound to a topic. */
export function notBound(what: string): Error {
  return new Error(
    `Cannot encode ${what}: with a registry its subject depends on the topic; ` +
      `use what forTopic() resolves to`,
  );
}

/**
 * The subject under which the schemas of a topic's keys or values are registered (Confluent's
 * TopicNameStrategy).
 */
export function subjectOf(topic: string, part: "key" | "value"): string {
  return `${topic}-${part}`;
}
