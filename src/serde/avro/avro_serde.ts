/**
 * Avro messages, framed for a schema registry or for none.
 *
 * @module
 */
import { confluentHeader, subjectOf } from "./confluent.ts";
import { Output } from "../output.ts";
import { Readers } from "./readers.ts";
import type { SchemaRegistry } from "./registry.ts";
import { type AvroSchema, type ParsedSchema, parseSchema } from "./schema.ts";
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
}

/**
 * The serde of an Avro schema. It reads both framings at any time, told apart by the first byte, and resolves
 * the writer's schema against its own.
 *
 * Records are plain objects, enums strings, bytes and fixed `Uint8Array`, maps objects, unions the value of
 * their branch. Longs are numbers up to 2^53 − 1 either way; larger ones don't decode.
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
  const parsed = parseSchema(schema);
  const { registry, known = [] } = options;
  const readers = new Readers(parsed, registry);
  for (const writer of known) readers.add(parseSchema(writer));
  const writer = new Writer(parsed);
  if (!registry) return new AvroSerde<T>(writer, readers, singleObjectHeader(parsed));
  const byId = new Map<number, AvroSerde<T>>();
  const bind: Bind<T> = async (topic, part) => {
    const id = await registry.register(subjectOf(topic, part), parsed.text);
    let bound = byId.get(id);
    if (!bound) byId.set(id, bound = new AvroSerde<T>(writer, readers, confluentHeader(id), bind));
    return bound;
  };
  return new AvroSerde<T>(writer, readers, undefined, bind);
}

type Bind<T> = (topic: string, part: "key" | "value") => Promise<Serde<T>>;

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
    if (!this.#header) {
      throw new Error(
        `Cannot encode a ${this.#writer.schema.name}: with a registry its subject depends on the topic; ` +
          `use what forTopic() resolves to`,
      );
    }
    return this.#writer.encode(this.#header, value, into, at);
  }

  decode(bytes: Uint8Array, from: number, to: number): T {
    return this.#readers.decode(bytes, from, to) as T;
  }
}
