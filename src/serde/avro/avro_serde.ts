/**
 * Avro messages, framed for a schema registry or for none.
 *
 * @module
 */
import { type Bind, bindById, confluentHeader, notBound } from "./confluent.ts";
import { Output } from "../output.ts";
import { Readers } from "./readers.ts";
import type { LogicalTypes } from "./logical.ts";
import type { SchemaReference } from "./registered_schema.ts";
import type { SchemaRegistry } from "./registry.ts";
import { type AvroSchema, type ParsedSchema, parseSchema, parseWriterSchema } from "./schema.ts";
import type { Serde } from "../serde.ts";
import { singleObjectHeader } from "./single_object.ts";
import { findInvalid } from "./validate.ts";
import { compileWriter, NOT_OF_TYPE, type Write } from "./writer.ts";

/** Settings of {@linkcode avroSerde}. */
export interface AvroSerdeOptions {
  /** With a registry, messages are written in Confluent's wire format; without, in single-object encoding. */
  readonly registry?: SchemaRegistry;
  /**
   * Other schemas with which messages in single-object encoding may have been written, such as former
   * versions.
   */
  readonly known?: readonly AvroSchema[];
  /**
   * Schemas that this one names types of, each after those that it names itself, and where the registry has
   * them.
   */
  readonly references?: readonly AvroReference[];
  /**
   * Logical types whose values are others than their underlying types', such as {@linkcode avroLogicalTypes}.
   * Default: none.
   */
  readonly logicalTypes?: LogicalTypes;
  /** What a long is: a number up to 2^53 − 1 either way, or a bigint of all 64 bits. Default: a number. */
  readonly longs?: "number" | "bigint";
}

/** A schema that another one names types of. */
export interface AvroReference extends SchemaReference {
  /** Its JSON. */
  readonly schema: AvroSchema;
}

/**
 * The serde of an Avro schema. It reads both framings at any time, told apart by the first byte, and resolves
 * the writer's schema against its own.
 *
 * Records are plain objects, enums strings, bytes and fixed `Uint8Array`, maps objects, unions the value of
 * their branch. Longs are numbers up to 2^53 − 1 either way, and larger ones don't decode; or bigints,
 * where asked. What the writer's schema has and this one has not is left out unread.
 *
 * Make one a schema and pass it wherever that schema is meant: bytes are used again where the same serde
 * comes again. With a registry topics share one where it gives their subjects the same id; another id is
 * another header, and so another serde.
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
  const { registry, known = [], references = [], logicalTypes, longs } = options;
  const referred = references.map((reference) => reference.schema);
  const parsed = parseSchema(schema, { references: referred, logicalTypes, longs });
  const readers = new Readers(parsed, registry);
  for (const writer of known) readers.add(parseWriterSchema(writer, referred));
  const writer = new Writer(parsed);
  if (!registry) return new AvroSerde<T>(writer, readers, singleObjectHeader(parsed));
  const bind = bindById<T>(
    (subject) => registry.register(subject, parsed.text, { references }),
    (id, bind) => {
      // What it wrote itself it reads without asking.
      readers.know(id);
      return new AvroSerde<T>(writer, readers, confluentHeader(id), bind);
    },
  );
  return new AvroSerde<T>(writer, readers, undefined, bind);
}

/** Writes values of one schema; the serdes of all its ids share it. */
class Writer {
  readonly schema: ParsedSchema;
  readonly #write: Write;
  readonly #output = new Output();

  constructor(schema: ParsedSchema) {
    this.schema = schema;
    this.#write = compileWriter(schema.node);
  }

  /** HOT PATH. Writes the header, then the value; returns what {@linkcode Serde.encode} does. */
  encode(header: Uint8Array, value: unknown, into: Uint8Array, at: number): number {
    const output = this.#output;
    output.reset(into, at);
    output.raw(header);
    try {
      this.#write(output, value);
    } catch (error) {
      if (error !== NOT_OF_TYPE) throw error;
      const { name, node } = this.schema;
      throw new TypeError(`Cannot encode a ${name}: ${findInvalid(node, value, "")}`);
    }
    return output.end;
  }
}

/**
 * Schema and header tell what it writes: with a registry there is one an id, however many topics have that
 * id.
 */
class AvroSerde<T> implements Serde<T> {
  readonly forTopic?: Bind<T>;
  readonly #writer: Writer;
  readonly #readers: Readers;
  readonly #header: Uint8Array | undefined;

  constructor(writer: Writer, readers: Readers, header: Uint8Array | undefined, bind?: Bind<T>) {
    this.#writer = writer;
    this.#readers = readers;
    this.#header = header;
    if (bind) this.forTopic = bind;
  }

  encode(value: T, into: Uint8Array, at: number): number {
    if (!this.#header) throw notBound(`a ${this.#writer.schema.name}`);
    return this.#writer.encode(this.#header, value, into, at);
  }

  decode(bytes: Uint8Array, from: number, to: number): T {
    return this.#readers.decode(bytes, from, to) as T;
  }
}
