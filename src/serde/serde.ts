/**
 * A serializer and deserializer of one type. Both work on a range of a shared buffer, so that neither needs a
 * buffer a record.
 *
 * @example
 * ```ts
 * import { stringSerde } from "./primitives.ts";
 *
 * const serde = stringSerde();
 * const buffer = new Uint8Array(16);
 * const end = serde.encode("kos", buffer, 0);
 * console.log(serde.decode(buffer, 0, end)); // kos
 * ```
 */
export interface Serde<T> {
  /**
   * Writes the bytes of `value` into `into`, beginning at index `at`.
   *
   * @returns The index after the last byte written; or, when they do not fit, a negative number: minus the
   * number of bytes that are missing (a lower bound). What `into` holds after `at` is then undefined.
   * @throws {TypeError} When `value` is not of the type, naming the field.
   */
  encode(value: T, into: Uint8Array, at: number): number;

  /**
   * Reads a value from the bytes in `[from, to)`. The value keeps no reference to `bytes`.
   *
   * @throws {DeserializationError} When the bytes are no encoding of the type: a property of the record, it
   * will never decode.
   * @throws {UnusableSchema} When no record of their schema can be read, the fault being of a configuration.
   * @throws {SchemaNotLoaded} When the writer's schema has to be fetched first: await its `load()`, then
   * decode again.
   */
  decode(bytes: Uint8Array, from: number, to: number): T;

  /**
   * This serde bound to where its bytes go: a registry's subject depends on the topic and the part. Serdes
   * that do not care leave this out. Called once a topic when a topology starts, never a record.
   *
   * Topics for which the bytes are equal should get the same object: what was encoded for one is then used
   * for the others. Only then: equal objects are taken to write equal bytes.
   */
  forTopic?(topic: string, part: "key" | "value"): Promise<Serde<T>>;
}

/**
 * Bytes that are no encoding of the expected type. The message says what was expected and what was received.
 */
export class DeserializationError extends Error {
  /** Tells it from other errors. */
  override name = "DeserializationError";
}

/**
 * The schema that bytes were written with can't be used to read them: most likely of all records of that
 * schema, so that the application's configuration is wrong, or the writer's. Applications stop at it by
 * default, where they go on after a record that is damaged alone.
 */
export class UnusableSchema extends DeserializationError {
  /** Tells it from other errors. */
  override name = "UnusableSchema";
}

/** A record's schema is not known yet; it can be had from the registry. */
export class SchemaNotLoaded extends Error {
  /** Tells it from other errors. */
  override name = "SchemaNotLoaded";
  /**
   * Fetches the schema, one request an id however many wait. Resolves when decoding can be tried again (also
   * when the registry says that there is no such schema: decoding then throws a
   * {@linkcode DeserializationError}); rejects when the registry can't be asked at the moment, which says
   * nothing about the record: try again later.
   */
  readonly load: () => Promise<void>;
  /** An error that is over once `load` has resolved. */
  constructor(message: string, load: () => Promise<void>) {
    super(message);
    this.load = load;
  }
}

/**
 * The serde for a topic's keys or values: {@linkcode Serde.forTopic} where the serde has it, else the serde
 * itself.
 */
export async function bindSerde<T>(serde: Serde<T>, topic: string, part: "key" | "value"): Promise<Serde<T>> {
  return serde.forTopic ? await serde.forTopic(topic, part) : serde;
}

/**
 * A serde made around another one, such as that of windowed keys around their keys'. Topics that share the
 * inner serde share this one, so that its bytes are used again as well.
 *
 * @param make Gives a new serde around one that is bound to a topic, or that needs not to be.
 *
 * @example
 * ```ts
 * import { type Serde, serdeAround, stringSerde } from "./mod.ts";
 *
 * const upperCase = (inner: Serde<string>): Serde<string> =>
 *   serdeAround(inner, (bound) => ({
 *     encode: (value, into, at) => bound.encode(value.toUpperCase(), into, at),
 *     decode: (bytes, from, to) => bound.decode(bytes, from, to),
 *   }));
 * const buffer = new Uint8Array(16);
 * const end = upperCase(stringSerde()).encode("kos", buffer, 0);
 * console.log(stringSerde().decode(buffer, 0, end)); // KOS
 * ```
 */
export function serdeAround<I, T>(inner: Serde<I>, make: (inner: Serde<I>) => Serde<T>): Serde<T> {
  const made = new Map<Serde<I>, Serde<T>>();
  const around = (each: Serde<I>): Serde<T> => {
    let serde = made.get(each);
    if (serde === undefined) {
      made.set(each, serde = make(each));
      if (each.forTopic) serde.forTopic = async (topic, part) => around(await bindSerde(each, topic, part));
    }
    return serde;
  };
  return around(inner);
}

/**
 * A buffer to encode into that grows when a value does not fit.
 *
 * @example
 * ```ts
 * import { stringSerde } from "./primitives.ts";
 * import { EncodeBuffer } from "./serde.ts";
 *
 * const scratch = new EncodeBuffer(4);
 * const end = scratch.encode(stringSerde(), "longer than four bytes", 0);
 * console.log(end); // 22
 * ```
 */
export class EncodeBuffer {
  /**
   * Where the bytes are. Replaced by a larger one when it grows: read it after {@linkcode encode}, never
   * before.
   */
  bytes: Uint8Array;

  /** A buffer of so many bytes at first. */
  constructor(size = 4096) {
    this.bytes = new Uint8Array(size);
  }

  /** Encodes `value` from index `at` on, keeping what is before it, and returns the end. */
  encode<T>(serde: Serde<T>, value: T, at: number): number {
    let end = serde.encode(value, this.bytes, at);
    while (end < 0) {
      const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.bytes.length - end));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      end = serde.encode(value, larger, at);
    }
    return end;
  }
}
