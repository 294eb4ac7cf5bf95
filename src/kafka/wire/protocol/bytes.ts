/**
 * The primitive types of Kafka's protocol (big-endian), read and written one after another.
 * Layouts: https://kafka.apache.org/protocol#protocol_types
 *
 * @module
 */

/** Writes primitives into a buffer that grows. */
export class ByteWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #at: number;

  /**
   * @param into Bytes to begin with, or how many of its own. It takes others where they do not suffice.
   * @param from The index to begin at.
   */
  constructor(into: number | Uint8Array = 512, from = 0) {
    this.#bytes = typeof into === "number" ? new Uint8Array(into) : into;
    this.#view = viewOf(this.#bytes);
    this.#at = from;
  }

  int8(value: number): void {
    const at = this.#reserve(1); // first, as it may change the view
    this.#view.setInt8(at, value);
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#view.setInt16(at, value);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#view.setInt32(at, value);
  }

  /** A safe integer as INT64. */
  int64(value: number): void {
    const at = this.#reserve(8);
    this.#view.setInt32(at, Math.floor(value / 0x1_0000_0000));
    this.#view.setUint32(at + 4, value >>> 0);
  }

  /**
   * STRING or NULLABLE_STRING: an INT16 length (−1 for null) and UTF-8.
   * @throws {RangeError} When it is longer than that length can say.
   */
  string(value: string | null): void {
    if (value === null) return this.int16(-1);
    const encoded = utf8.encode(value);
    if (encoded.length > LONGEST_STRING) {
      throw new RangeError(
        `Cannot write Kafka data: received a string of ${encoded.length} bytes; allowed are ` +
          `${LONGEST_STRING}`,
      );
    }
    this.int16(encoded.length);
    this.raw(encoded);
  }

  /** BYTES: an INT32 length and the bytes. */
  bytes(value: Uint8Array): void {
    this.int32(value.length);
    this.raw(value);
  }

  /** UNSIGNED_VARINT. */
  unsignedVarint(value: number): void {
    let at: number;
    while (value > 0x7f) {
      at = this.#reserve(1); // may change the buffer
      this.#bytes[at] = (value & 0x7f) | 0x80;
      value >>>= 7;
    }
    at = this.#reserve(1);
    this.#bytes[at] = value;
  }

  /**
   * COMPACT_STRING or COMPACT_NULLABLE_STRING: the length plus 1 (0 for null) as an UNSIGNED_VARINT, and
   * UTF-8.
   */
  compactString(value: string | null): void {
    if (value === null) return this.unsignedVarint(0);
    const encoded = utf8.encode(value);
    this.unsignedVarint(encoded.length + 1);
    this.raw(encoded);
  }

  /** COMPACT_ARRAY. */
  compactArray<T>(items: readonly T[], write: (item: T) => void): void {
    this.unsignedVarint(items.length + 1);
    for (const item of items) write(item);
  }

  /** No tagged fields. */
  noTags(): void {
    this.unsignedVarint(0);
  }

  /** The bytes alone. */
  raw(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
  }

  /** What was written; a view. */
  done(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #reserve(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(this.#at * 2);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = viewOf(larger);
    }
    return at;
  }
}

/** Reads primitives from bytes. Every method throws a `RangeError` when the bytes end early, or
 * a length is less than null's. */
export class ByteReader {
  readonly #view: DataView;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // Never a Node Buffer, whose `slice` is a view.
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes are not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1));
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2));
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4));
  }

  /** INT64 as a number; exact up to 2^53. */
  int64(): number {
    const at = this.#take(8);
    return this.#view.getInt32(at) * 0x1_0000_0000 + this.#view.getUint32(at + 4);
  }

  /** STRING; a null one reads as empty. */
  string(): string {
    const length = this.int16();
    const at = this.#take(this.#orNull(length));
    return decoder.decode(this.#bytes.subarray(at, this.#at));
  }

  /** BYTES or RECORDS as a view; null ones read as empty. */
  bytes(): Uint8Array {
    const length = this.int32();
    const at = this.#take(this.#orNull(length));
    return this.#bytes.subarray(at, this.#at);
  }

  /** ARRAY; a null one reads as empty. */
  array<T>(item: () => T): T[] {
    return this.#items(this.int32(), item);
  }

  /** UNSIGNED_VARINT. */
  unsignedVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.#take(1)]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("Cannot read Kafka data: received an integer of more than 5 bytes");
  }

  /** COMPACT_STRING; a null one reads as empty. */
  compactString(): string {
    const length = this.unsignedVarint() - 1;
    const at = this.#take(this.#orNull(length));
    return decoder.decode(this.#bytes.subarray(at, this.#at));
  }

  /** COMPACT_ARRAY; a null one reads as empty. */
  compactArray<T>(item: () => T): T[] {
    return this.#items(this.unsignedVarint() - 1, item);
  }

  /** Tagged fields, all of which are skipped: they are optional by definition. */
  skipTags(): void {
    for (let left = this.unsignedVarint(); left > 0; left--) {
      this.unsignedVarint();
      this.#take(this.unsignedVarint());
    }
  }

  /** A length or a count; 0 for null, -1. */
  #orNull(length: number): number {
    if (length < -1) throw new RangeError(`Cannot read Kafka data: received a length of ${length}`);
    return Math.max(0, length);
  }

  #items<T>(count: number, item: () => T): T[] {
    this.#require(this.#orNull(count)); // a byte each at least
    const items: T[] = [];
    for (let i = 0; i < count; i++) items.push(item());
    return items;
  }

  #take(size: number): number {
    this.#require(size);
    const at = this.#at;
    this.#at += size;
    return at;
  }

  /** Throws where less than `size` bytes are left. */
  #require(size: number): void {
    const needed = this.#at + size;
    if (needed > this.#bytes.length) {
      throw new RangeError(
        `Cannot read Kafka data: received ${this.#bytes.length} bytes, needed ${needed} or more`,
      );
    }
  }
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** What an INT16 can say. */
const LONGEST_STRING = 0x7fff;
const utf8 = new TextEncoder();
const decoder = new TextDecoder();
