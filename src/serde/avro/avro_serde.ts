/**
 * HOT PATH. Avro messages, framed for a schema registry or for none.
 *
 * @module
 */
import {
  CONFLUENT_HEADER_BYTES,
  CONFLUENT_MAGIC,
  confluentHeader,
  schemaId,
  subjectOf,
} from "./confluent.ts";
import { Cursor } from "./cursor.ts";
import { Output } from "../output.ts";
import { compileReader, type Read } from "./reader.ts";
import type { SchemaRegistry } from "./registry.ts";
import { type AvroSchema, messageOf, type ParsedSchema, parseSchema } from "./schema.ts";
import { DeserializationError, SchemaNotLoaded, type Serde } from "../serde.ts";
import {
  fingerprintText,
  SINGLE_OBJECT_HEADER_BYTES,
  SINGLE_OBJECT_MAGIC,
  SINGLE_OBJECT_VERSION,
  singleObjectHeader,
} from "./single_object.ts";
import { findInvalid } from "./validate.ts";
import { compileWriter, NOT_OF_TYPE, type Write } from "./writer.ts";

/** Settings of {@linkcode avroSerde}. */
export interface AvroSerdeOptions {
  /** With it, messages are written in Confluent's wire format; without, in single-object encoding. */
  readonly registry?: SchemaRegistry;
  /** Other schemas with which messages in single-object encoding may have been written, such as former versions. */
  readonly known?: readonly AvroSchema[];
}

/**
 * The serde of an Avro schema. It reads both framings at any time, told apart by the first byte, and resolves the writer's schema
 * against its own.
 *
 * Records are plain objects, enums strings, bytes and fixed `Uint8Array`, maps objects, unions the value of their branch. Longs are
 * numbers up to 2^53 − 1 either way; larger ones don't decode.
 *
 * @param schema What values are read as and written with.
 * @throws {TypeError} When a schema is no valid one, or one of `known` can't be read as `schema`.
 *
 * @example
 * ```ts
 * import { avroSerde } from "./avro_serde.ts";
 * import { EncodeBuffer } from "../serde.ts";
 *
 * const serde = avroSerde<{ machine: string; score: number }>({
 *   type: "record",
 *   name: "Score",
 *   fields: [{ name: "machine", type: "string" }, { name: "score", type: "long" }],
 * });
 * const buffer = new EncodeBuffer();
 * const end = buffer.encode(serde, { machine: "000042", score: 9001 }, 0);
 * console.log(serde.decode(buffer.bytes, 0, end)); // { machine: "000042", score: 9001 }
 * ```
 */
export function avroSerde<T>(schema: AvroSchema, options: AvroSerdeOptions = {}): Serde<T> {
  const parsed = parseSchema(schema);
  const readers = new Readers(parsed, options.registry);
  for (const writer of options.known ?? []) readers.add(parseSchema(writer));
  const { registry } = options;
  if (!registry) return new AvroSerde<T>(parsed, readers, singleObjectHeader(parsed));
  const bound = async (topic: string, part: "key" | "value"): Promise<Serde<T>> => {
    const id = await registry.register(subjectOf(topic, part), parsed.text);
    return new AvroSerde<T>(parsed, readers, confluentHeader(id), bound);
  };
  return new AvroSerde<T>(parsed, readers, undefined, bound);
}

class AvroSerde<T> implements Serde<T> {
  readonly forTopic?: (topic: string, part: "key" | "value") => Promise<Serde<T>>;
  readonly #schema: ParsedSchema;
  readonly #readers: Readers;
  readonly #header: Uint8Array | undefined;
  readonly #write: Write;
  readonly #output: Output = new Output();

  constructor(
    schema: ParsedSchema,
    readers: Readers,
    header: Uint8Array | undefined,
    forTopic?: (topic: string, part: "key" | "value") => Promise<Serde<T>>,
  ) {
    this.#schema = schema;
    this.#readers = readers;
    this.#header = header;
    this.#write = compileWriter(schema.node);
    if (forTopic) this.forTopic = forTopic;
  }

  encode(value: T, into: Uint8Array, at: number): number {
    if (!this.#header) {
      throw new Error(
        `Cannot encode a ${this.#schema.name}: with a registry its subject depends on the topic; use what forTopic() resolves to`,
      );
    }
    const output = this.#output;
    output.reset(into, at);
    output.raw(this.#header);
    try {
      this.#write(output, value);
    } catch (error) {
      if (error !== NOT_OF_TYPE) throw error;
      throw new TypeError(
        `Cannot encode a ${this.#schema.name}: ${findInvalid(this.#schema.node, value, "")}`,
      );
    }
    return output.end;
  }

  decode(bytes: Uint8Array, from: number, to: number): T {
    return this.#readers.decode(bytes, from, to) as T;
  }
}

/** A reader, or why there is none. */
type Reader = Read | DeserializationError;

/** The readers of one schema, by who wrote; shared by the serdes of all its topics. */
class Readers {
  readonly #schema: ParsedSchema;
  readonly #registry: SchemaRegistry | undefined;
  readonly #ownHeader: Uint8Array;
  readonly #ownRead: Read;
  readonly #byFingerprint = new Map<string, Read>();
  readonly #byId = new Map<number, Reader>();
  readonly #cursor = new Cursor();
  /** The id of the last message and its reader: the next one usually has the same. */
  #lastId = -1;
  #lastRead: Read | undefined;

  constructor(schema: ParsedSchema, registry: SchemaRegistry | undefined) {
    this.#schema = schema;
    this.#registry = registry;
    this.#ownHeader = singleObjectHeader(schema);
    this.#ownRead = compileReader(schema.node, schema.node);
  }

  /** Adds a schema with which messages in single-object encoding may have been written. */
  add(writer: ParsedSchema): void {
    let read: Read;
    try {
      read = compileReader(writer.node, this.#schema.node);
    } catch (error) {
      throw new TypeError(
        `Cannot read a ${writer.name} as a ${this.#schema.name}: ${messageOf(error)}`,
        { cause: error },
      );
    }
    this.#byFingerprint.set(fingerprintText(singleObjectHeader(writer), 0), read);
  }

  decode(bytes: Uint8Array, from: number, to: number): unknown {
    if (to <= from) throw this.#fail("received no bytes");
    const magic = bytes[from]!;
    if (magic === SINGLE_OBJECT_MAGIC) {
      return this.#read(this.#singleObject(bytes, from, to), bytes, from + SINGLE_OBJECT_HEADER_BYTES, to);
    }
    if (magic === CONFLUENT_MAGIC) {
      return this.#read(this.#confluent(bytes, from, to), bytes, from + CONFLUENT_HEADER_BYTES, to);
    }
    throw this.#fail(
      `received 0x${
        magic.toString(16).padStart(2, "0")
      } as the first byte; expected is c3 (single-object encoding) or 00 ` +
        `(Confluent's wire format)`,
    );
  }

  #read(read: Read, bytes: Uint8Array, from: number, to: number): unknown {
    const cursor = this.#cursor;
    cursor.reset(bytes, from, to);
    let value: unknown;
    try {
      value = read(cursor);
    } catch (error) {
      // Malformed bytes; or a RangeError, when they nest a recursive type deeper than the stack.
      throw this.#fail(messageOf(error), error);
    }
    if (cursor.left > 0) throw this.#fail(`received ${cursor.left} bytes more than the value has`);
    return value;
  }

  #singleObject(bytes: Uint8Array, from: number, to: number): Read {
    if (to - from < SINGLE_OBJECT_HEADER_BYTES) {
      throw this.#fail(`received ${to - from} bytes; the frame alone has ${SINGLE_OBJECT_HEADER_BYTES}`);
    }
    const header = this.#ownHeader;
    let i = 1;
    while (i < SINGLE_OBJECT_HEADER_BYTES && bytes[from + i] === header[i]) i++;
    if (i === SINGLE_OBJECT_HEADER_BYTES) return this.#ownRead;
    if (bytes[from + 1] !== SINGLE_OBJECT_VERSION) {
      throw this.#fail(
        `received version ${bytes[from + 1]} of single-object encoding; expected is ${SINGLE_OBJECT_VERSION}`,
      );
    }
    const fingerprint = fingerprintText(bytes, from);
    const read = this.#byFingerprint.get(fingerprint);
    if (read) return read;
    throw this.#fail(
      `received a message written with the schema of fingerprint ${fingerprint}, which is not known; pass that schema as one of \`known\``,
    );
  }

  #confluent(bytes: Uint8Array, from: number, to: number): Read {
    if (to - from < CONFLUENT_HEADER_BYTES) {
      throw this.#fail(`received ${to - from} bytes; the frame alone has ${CONFLUENT_HEADER_BYTES}`);
    }
    const id = schemaId(bytes, from);
    if (id === this.#lastId) return this.#lastRead!;
    const reader = this.#byId.get(id) ?? this.#lookUp(id);
    // A new error each time: its stack and its catcher are this record's.
    if (reader instanceof DeserializationError) {
      throw new DeserializationError(reader.message, { cause: reader.cause });
    }
    this.#lastId = id;
    this.#lastRead = reader;
    return reader;
  }

  /** The reader of an id met for the first time, or not loaded when it was met before. */
  #lookUp(id: number): Reader {
    const registry = this.#registry;
    if (!registry) {
      throw this.#fail(
        `received a message of the registry's schema ${id}, but no registry is configured; set SCHEMA_REGISTRY to its URL`,
      );
    }
    const schema = registry.peek(id);
    if (schema === undefined) {
      throw new SchemaNotLoaded(
        `Cannot decode a ${this.#schema.name} yet: the registry's schema ${id} is not loaded`,
        async () => {
          await registry.schemaById(id);
        },
      );
    }
    // Not remembered here: the registry forgets after a while that it has no such schema.
    if (schema === null) {
      throw this.#fail(`received the schema id ${id}, which the registry at ${registry.url} does not have`);
    }
    const reader = this.#compile(id, schema);
    this.#byId.set(id, reader);
    return reader;
  }

  #compile(id: number, schema: string): Reader {
    try {
      return compileReader(parseSchema(schema).node, this.#schema.node);
    } catch (error) {
      return this.#fail(
        `it was written with the registry's schema ${id}, which does not fit: ${messageOf(error)}`,
        error,
      );
    }
  }

  #fail(why: string, cause?: unknown): DeserializationError {
    return new DeserializationError(
      `Cannot decode a ${this.#schema.name}: ${why}`,
      cause === undefined ? {} : { cause },
    );
  }
}
