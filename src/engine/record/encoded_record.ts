/**
 * HOT PATH. The bytes of the key and the value that are on their way through a task: encoded once, then used
 * by every store, changelog and sink that meets the same objects.
 *
 * @module
 */
import { EncodeBuffer, type Serde } from "../../serde/serde.ts";
import { murmur2 } from "../../kafka/port/murmur2.ts";
import { type BytesRange, ReusedRange } from "../../kafka/port/bytes_range.ts";
import { type KeyBytes, MAX_KEY_BYTES } from "./key_bytes.ts";

class EncodedKey implements KeyBytes {
  bytes: Uint8Array = new Uint8Array(0);
  from = 0;
  to = 0;
  hash = 0;
}

/** Equal to no key and no value of a program. */
const NOTHING: unknown = Symbol("nothing");

/** The last key and the last value of one task with their bytes, which are known by the objects' identity. */
export class EncodedRecord {
  readonly #keyBuffer = new EncodeBuffer(256);
  readonly #encodedKey = new EncodedKey();
  #key: unknown = NOTHING;
  #keySerde: unknown;
  readonly #valueBuffer = new EncodeBuffer(4096);
  readonly #encodedValue = new ReusedRange();
  #value: unknown = NOTHING;
  #valueSerde: unknown;

  /**
   * The bytes and hash of a key, encoded once as long as the same object (or equal primitive) and serde come
   * again. Valid until the next call.
   *
   * @throws {RangeError} When the encoded key is larger than {@linkcode MAX_KEY_BYTES}.
   */
  encodeKey<K>(serde: Serde<K>, key: K): KeyBytes {
    const encoded = this.#encodedKey;
    if (key === this.#key && serde === this.#keySerde) return encoded;
    this.#key = NOTHING;
    const to = this.#keyBuffer.encode(serde, key, 0);
    if (to > MAX_KEY_BYTES) {
      throw new RangeError(`Cannot use a record key: received ${to} bytes; allowed are ${MAX_KEY_BYTES}`);
    }
    encoded.bytes = this.#keyBuffer.bytes;
    encoded.from = 0;
    encoded.to = to;
    encoded.hash = murmur2(encoded.bytes, 0, to);
    this.#key = key;
    this.#keySerde = serde;
    return encoded;
  }

  /**
   * The bytes of a value, encoded once as long as the same object and serde come again. Valid until the next
   * call.
   */
  encodeValue<V>(serde: Serde<V>, value: V): BytesRange {
    const encoded = this.#encodedValue;
    if (value === this.#value && serde === this.#valueSerde) return encoded;
    this.#value = NOTHING;
    encoded.from = 0;
    encoded.to = this.#valueBuffer.encode(serde, value, 0);
    encoded.bytes = this.#valueBuffer.bytes;
    this.#value = value;
    this.#valueSerde = serde;
    return encoded;
  }

  /**
   * Says what {@linkcode encodeKey} would give: the key was decoded from these bytes, which stay as they are
   * while it is in use.
   */
  knowKey<K>(serde: Serde<K>, key: K, { bytes, from, to, hash }: KeyBytes): void {
    const encoded = this.#encodedKey;
    encoded.bytes = bytes;
    encoded.from = from;
    encoded.to = to;
    encoded.hash = hash;
    this.#key = key;
    this.#keySerde = serde;
  }

  /**
   * Says what {@linkcode encodeValue} would give: the value was decoded from these bytes, which stay as they
   * are while it is in use.
   */
  knowValue<V>(serde: Serde<V>, value: V, bytes: Uint8Array, from: number, to: number): void {
    const encoded = this.#encodedValue;
    encoded.bytes = bytes;
    encoded.from = from;
    encoded.to = to;
    this.#value = value;
    this.#valueSerde = serde;
  }

  /** Says that the bytes which the last key was known by are not its own any more. */
  forgetKey(): void {
    this.#key = NOTHING;
  }

  /** Says that a value object may have been changed in place since it was encoded last. */
  forgetValue(): void {
    this.#value = NOTHING;
  }
}
