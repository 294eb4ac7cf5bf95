import type { Type } from "protobufjs";
import { BySchemaId } from "../avro/by_schema_id.ts";
import {
  type Bind,
  bindById,
  CONFLUENT_HEADER_BYTES,
  confluentHeader,
  encodeFramed,
  framedSchemaId,
  notBound,
} from "../avro/confluent.ts";
import type { SchemaReference } from "../avro/registered_schema.ts";
import type { SchemaRegistry } from "../avro/registry.ts";
import { messageOf } from "../text.ts";
import { DeserializationError, type Serde } from "../serde.ts";
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
  const indexes = indexesOf(protobuf, file, message)!;
  const byId = new BySchemaId(registry, `a ${message}`, "PROTOBUF", ({ text }) => {
    const indexes = indexesOf(protobuf, text, message);
    if (indexes === undefined) throw new TypeError(`it has no message ${message}`);
    return indexes;
  });
  const bind = bindById<T>(
    (subject) => registry.register(subject, file, { type: "PROTOBUF", references }),
    (id, bind) => {
      byId.know(id, indexes);
      const header = Uint8Array.of(...confluentHeader(id), ...encodeIndexes(indexes));
      return new Framed(codec, byId, header, bind);
    },
  );
  return new Framed<T>(codec, byId, undefined, bind);
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
  /** Where the message is in the files that bytes were written with. */
  readonly #byId: BySchemaId<readonly number[]>;
  readonly #reader = new IndexReader();
  readonly #header: Uint8Array | undefined;

  constructor(
    codec: Codec<T>,
    byId: BySchemaId<readonly number[]>,
    header: Uint8Array | undefined,
    bind: Bind<T>,
  ) {
    this.#codec = codec;
    this.#byId = byId;
    this.#header = header;
    this.forTopic = bind;
  }

  encode(value: T, into: Uint8Array, at: number): number {
    if (!this.#header) throw notBound(`a ${this.#codec.name}`);
    return encodeFramed(this.#header, this.#codec, value, into, at);
  }

  decode(bytes: Uint8Array, from: number, to: number): T {
    const { name } = this.#codec;
    const id = framedSchemaId(bytes, from, to, `a ${name}`);
    if (this.#reader.matches(this.#byId.get(id), bytes, from + CONFLUENT_HEADER_BYTES, to)) {
      return this.#codec.decode(bytes, this.#reader.at, to);
    }
    throw new DeserializationError(
      `Cannot decode a ${name}: received another message of the registry's schema ${id}`,
    );
  }
}
