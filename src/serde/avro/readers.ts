/**
 * HOT PATH. Reads Avro messages in either framing, with the reader that fits who wrote them.
 *
 * @module
 */
import { BySchemaId } from "./by_schema_id.ts";
import { CONFLUENT_HEADER_BYTES, CONFLUENT_MAGIC, schemaId } from "./confluent.ts";
import { Cursor } from "./cursor.ts";
import { compileReader, type Read } from "./reader.ts";
import type { RegisteredSchema } from "./registered_schema.ts";
import type { SchemaRegistry } from "./registry.ts";
import { type ParsedSchema, parseWriterSchema } from "./schema.ts";
import { DeserializationError } from "../serde.ts";
import {
  fingerprintText,
  SINGLE_OBJECT_HEADER_BYTES,
  SINGLE_OBJECT_MAGIC,
  SINGLE_OBJECT_VERSION,
  singleObjectHeader,
} from "./single_object.ts";
import { messageOf } from "../text.ts";

/** The readers of one schema, by who wrote; shared by the serdes of all its topics. */
export class Readers {
  readonly #schema: ParsedSchema;
  readonly #ownHeader: Uint8Array;
  readonly #ownRead: Read;
  readonly #byFingerprint = new Map<string, Read>();
  readonly #byId: BySchemaId<Read> | undefined;
  readonly #cursor = new Cursor();
  /** The id of the last message and its reader: the next one usually has the same. */
  #lastId = -1;
  #lastRead: Read | undefined;

  constructor(schema: ParsedSchema, registry: SchemaRegistry | undefined) {
    this.#schema = schema;
    this.#ownHeader = singleObjectHeader(schema);
    this.#ownRead = compileReader(schema.node, schema.node);
    this.#byId = registry &&
      new BySchemaId(registry, `a ${schema.name}`, "AVRO", (written) => this.#compile(written));
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

  /** Adds the registry's id of the schema itself. */
  know(id: number): void {
    this.#byId?.know(id, this.#ownRead);
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
      `received a message written with the schema of fingerprint ${fingerprint}, which is not known; ` +
        `pass that schema as one of \`known\``,
    );
  }

  #confluent(bytes: Uint8Array, from: number, to: number): Read {
    if (to - from < CONFLUENT_HEADER_BYTES) {
      throw this.#fail(`received ${to - from} bytes; the frame alone has ${CONFLUENT_HEADER_BYTES}`);
    }
    const id = schemaId(bytes, from);
    if (id === this.#lastId) return this.#lastRead!;
    if (!this.#byId) {
      throw this.#fail(
        `received a message of the registry's schema ${id}, but no registry is configured; ` +
          `set SCHEMA_REGISTRY to its URL`,
      );
    }
    const read = this.#byId.get(id);
    this.#lastId = id;
    this.#lastRead = read;
    return read;
  }

  #compile({ text, references }: RegisteredSchema): Read {
    const writer = parseWriterSchema(text, references.map((each) => each.text));
    // Written as this schema writes: one compiled reader serves both framings and all such ids.
    if (writer.canonical === this.#schema.canonical) return this.#ownRead;
    return compileReader(writer.node, this.#schema.node);
  }

  #fail(why: string, cause?: unknown): DeserializationError {
    return new DeserializationError(
      `Cannot decode a ${this.#schema.name}: ${why}`,
      cause === undefined ? {} : { cause },
    );
  }
}
