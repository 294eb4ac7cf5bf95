import type { Type } from "protobufjs";
import {
  type Bind,
  bindById,
  CONFLUENT_HEADER_BYTES,
  confluentHeader,
  encodeFramed,
  framedSchemaId,
  notBound,
} from "../avro/confluent.ts";
import type { RegisteredSchema, SchemaReference } from "../avro/registered_schema.ts";
import type { SchemaRegistry } from "../avro/registry.ts";
import { messageOf } from "../text.ts";
import { DeserializationError, SchemaNotLoaded, type Serde, UnusableSchema } from "../serde.ts";
import { encodeIndexes, IndexReader } from "./message_index.ts";
import { type Longs, plainReader, PlainWriter } from "./plain.ts";
import { indexesOf, messageType, type Protobuf } from "./proto_file.ts";

/** Settings of {@linkcode protobufSerde}. */
export interface ProtobufSerdeOptions {
  /** With it, messages are in Confluent's wire format; without, they are the bytes of the message alone. */
  readonly registry?: SchemaRegistry;
  /** What the file imports, each after what it imports itself. Google's own files need not be there. */
  readonly references?: readonly ProtobufReference[];
  /** What a number of 64 bits is: a number up to 2^53 − 1 either way, or a bigint. Default: a number. */
  readonly longs?: "number" | "bigint";
}

/** A file that another one imports, and where the registry has it. */
export interface ProtobufReference extends SchemaReference {
  /** The file. */
  readonly text: string;
}

/**
 * The serde of a Protobuf message, like Confluent's `KafkaProtobufSerializer`.
 *
 * Messages are plain objects with fields in camel case, enums strings, bytes `Uint8Array`, repeated fields
 * arrays, maps objects. What was not written is its default, a message null; fields of a `oneof` and
 * `optional` ones are left out. Fields that the file does not have are left out unread.
 *
 * It is a promise, as the library that parses files is loaded only by who uses them.
 *
 * @param file The `.proto` file as text.
 * @param message The message's name without the package, such as `Order` or, where it is nested,
 * `Order.Item`.
 * @throws {TypeError} When the file can't be parsed, an import is missing, or there is no such message.
 *
 * @example
 * ```ts
 * import { EncodeBuffer, protobufSerde } from "../mod.ts";
 *
 * const file = `syntax = "proto3"; message Order { string id = 1; repeated int32 amounts = 2; }`;
 * const orders = await protobufSerde<{ id: string; amounts: number[] }>(file, "Order");
 * const buffer = new EncodeBuffer();
 * const end = buffer.encode(orders, { id: "a", amounts: [1, 2] }, 0);
 * console.log(orders.decode(buffer.bytes, 0, end)); // { amounts: [1, 2], id: "a" }
 * ```
 */
export async function protobufSerde<T>(
  file: string,
  message: string,
  { registry, references = [], longs = "number" }: ProtobufSerdeOptions = {},
): Promise<Serde<T>> {
  const { default: protobuf } = await import("protobufjs");
  const codec = new Codec<T>(protobuf, messageType(protobuf, file, message, references), message, longs);
  if (registry === undefined) return codec;
  const indexes = indexesOf(protobuf, file).get(message)!;
  const writers = new Writers(protobuf, registry, message);
  const bind = bindById<T>(
    (subject) => registry.register(subject, file, { type: "PROTOBUF", references }),
    (id, bind) => {
      // What it wrote itself it reads without asking.
      writers.know(id, indexes);
      const header = Uint8Array.of(...confluentHeader(id), ...encodeIndexes(indexes));
      return new Framed(codec, writers, header, bind);
    },
  );
  return new Framed<T>(codec, writers, undefined, bind);
}

/** The bytes of a message alone. */
class Codec<T> implements Serde<T> {
  readonly name: string;
  readonly #type: Type;
  readonly #plain: (type: Type, message: object) => unknown;
  readonly #writer: PlainWriter;

  constructor(protobuf: Protobuf, type: Type, name: string, longs: Longs) {
    this.name = name;
    this.#type = type;
    this.#plain = plainReader(protobuf, longs);
    this.#writer = new PlainWriter(protobuf);
  }

  encode(value: T, into: Uint8Array, at: number): number {
    const bytes = this.#type.encode(this.#fields(value)).finish();
    const end = at + bytes.length;
    if (end > into.length) return into.length - end;
    into.set(bytes, at);
    return end;
  }

  decode(bytes: Uint8Array, from: number, to: number): T {
    try {
      // A copy, as the library gives parts of what it reads as they are.
      return this.#plain(this.#type, this.#type.decode(bytes.slice(from, to))) as T;
    } catch (error) {
      throw new DeserializationError(`Cannot decode a ${this.name}: ${messageOf(error)}`, { cause: error });
    }
  }

  #fields(value: T): Record<string, unknown> {
    try {
      return this.#writer.message(this.#type, value, "");
    } catch (error) {
      throw new TypeError(`Cannot encode a ${this.name}: ${messageOf(error)}`, { cause: error });
    }
  }
}

/** A message in Confluent's wire format. */
class Framed<T> implements Serde<T> {
  readonly forTopic: Bind<T>;
  readonly #codec: Codec<T>;
  readonly #writers: Writers;
  readonly #header: Uint8Array | undefined;

  constructor(codec: Codec<T>, writers: Writers, header: Uint8Array | undefined, bind: Bind<T>) {
    this.#codec = codec;
    this.#writers = writers;
    this.#header = header;
    this.forTopic = bind;
  }

  encode(value: T, into: Uint8Array, at: number): number {
    if (!this.#header) throw notBound(`a ${this.#codec.name}`);
    return encodeFramed(this.#header, this.#codec, value, into, at);
  }

  decode(bytes: Uint8Array, from: number, to: number): T {
    const id = framedSchemaId(bytes, from, to, `a ${this.#codec.name}`);
    const start = this.#writers.messageStart(id, bytes, from + CONFLUENT_HEADER_BYTES, to);
    return this.#codec.decode(bytes, start, to);
  }
}

/** Where the message is in the files that bytes were written with, by the registry's ids. */
class Writers {
  readonly #protobuf: Protobuf;
  readonly #registry: SchemaRegistry;
  readonly #message: string;
  readonly #byId = new Map<number, readonly number[] | UnusableSchema>();
  readonly #reader = new IndexReader();

  constructor(protobuf: Protobuf, registry: SchemaRegistry, message: string) {
    this.#protobuf = protobuf;
    this.#registry = registry;
    this.#message = message;
  }

  /** Adds the id of the file itself. */
  know(id: number, indexes: readonly number[]): void {
    this.#byId.set(id, indexes);
  }

  /** Where the message's bytes begin, after the indexes at `from`, which must be the message's. */
  messageStart(id: number, bytes: Uint8Array, from: number, to: number): number {
    const indexes = this.#byId.get(id) ?? this.#lookUp(id);
    // A new error each time: its stack and its catcher are this record's.
    if (indexes instanceof UnusableSchema) {
      throw new UnusableSchema(indexes.message, { cause: indexes.cause });
    }
    if (this.#reader.matches(indexes, bytes, from, to)) return this.#reader.at;
    throw new DeserializationError(
      `Cannot decode a ${this.#message}: received another message of the registry's schema ${id}`,
    );
  }

  #lookUp(id: number): readonly number[] | UnusableSchema {
    const schema = this.#registry.peek(id);
    if (schema === undefined) {
      throw new SchemaNotLoaded(
        `Cannot decode a ${this.#message} yet: the registry's schema ${id} is not loaded`,
        async () => {
          await this.#registry.schemaById(id);
        },
      );
    }
    // Not remembered here: the registry forgets after a while that it has no such schema.
    if (schema === null) {
      throw new DeserializationError(
        `Cannot decode a ${this.#message}: received the schema id ${id}, which the registry at ` +
          `${this.#registry.url} does not have`,
      );
    }
    const indexes = this.#indexes(id, schema);
    this.#byId.set(id, indexes);
    return indexes;
  }

  #indexes(id: number, { text, type }: RegisteredSchema): readonly number[] | UnusableSchema {
    try {
      if (type !== "PROTOBUF") throw new TypeError(`it is a schema of type ${type}`);
      const indexes = indexesOf(this.#protobuf, text).get(this.#message);
      if (indexes === undefined) throw new TypeError(`it has no message ${this.#message}`);
      return indexes;
    } catch (error) {
      return new UnusableSchema(
        `Cannot decode a ${this.#message}: it was written with the registry's schema ${id}, ` +
          `which does not fit: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }
}
