/**
 * HOT PATH. What a cache of a store holds: the last value of each key with the record that made it, in the
 * order of use, and which of them are changed. Bytes in an arena and rows in parallel arrays, as in the
 * stores.
 *
 * @module
 */
import { NO_HEADERS, type RecordHeaders } from "../../../kafka/port/record_set.ts";
import type { RecordPlace } from "../../record/record_origin.ts";
import { Arena, blockCapacity, chunkOf, copyBytes, offsetOf } from "../bytes/arena.ts";
import { BytesIndex } from "../bytes/bytes_index.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { grown } from "../bytes/grown.ts";
import { IdList, NO_ID } from "../bytes/id_list.ts";

export { NO_ID } from "../bytes/id_list.ts";

/**
 * Fixed sizes in Kafka Streams' estimate of an entry: three references, and offset, time, partition and flag
 * of its record.
 */
const ENTRY_BYTES = 3 * 8 + 8 + 8 + 4 + 1;
/** How long the timestamp is that Kafka Streams keeps before each value. */
const TIMESTAMP_BYTES = 8;

/** The entries of one cache, each an id that is valid until it is removed. */
export class CacheEntries {
  readonly #arena = new Arena();
  readonly #index = new BytesIndex(this.#arena);
  /** All entries, the least recently used first. */
  readonly #used = new IdList();
  /** The entries that are changed, in the order of their last changes. */
  readonly #dirty = new IdList();
  #hash = new Int32Array(16);
  /** By entry: how long the value is; −1 for a key that was removed. */
  #valueLength = new Int32Array(16);
  #timestamp = new Float64Array(16);
  /** By entry: the offset of the record that made the change; −1 outside of a record. */
  #offset = new Float64Array(16);
  /** By entry: its size by Kafka Streams' estimate, in bytes. */
  #estimate = new Int32Array(16);
  /** By entry: the number of the record's topic, whose name `#topics` has. */
  #topic = new Int32Array(16);
  readonly #topics: (string | undefined)[] = [];
  /** The headers of the few entries whose record has any. */
  readonly #headers = new Map<number, RecordHeaders>();

  get size(): number {
    return this.#index.size;
  }

  /** Bytes of memory that it takes. */
  get bytes(): number {
    return this.#arena.reservedBytes + this.#index.tableBytes + this.#used.tableBytes +
      this.#dirty.tableBytes +
      this.#timestamp.length * 32;
  }

  /** The least recently used entry, or {@linkcode NO_ID}. */
  get oldest(): number {
    return this.#used.first;
  }

  /** The entry that was used last, or {@linkcode NO_ID}. */
  get latest(): number {
    return this.#used.last;
  }

  /** The entry that was used next after this one, or {@linkcode NO_ID}. */
  usedAfter(id: number): number {
    return this.#used.next(id);
  }

  find({ bytes, from, to, hash }: KeyBytes): number {
    return this.#index.find(bytes, from, to, hash);
  }

  /** Notes that an entry was used now. */
  use(id: number): void {
    this.#used.push(id);
  }

  /** The size of an entry by Kafka Streams' estimate, in bytes. */
  estimate(id: number): number {
    return this.#estimate[id]!;
  }

  timestamp(id: number): number {
    return this.#timestamp[id]!;
  }

  /**
   * The bytes that an entry's key and value are in, the value after the key. Valid until the entry is
   * changed.
   */
  chunk(id: number): Uint8Array {
    return this.#arena.chunks[chunkOf(this.#index.address[id]!)]!;
  }

  keyFrom(id: number): number {
    return offsetOf(this.#index.address[id]!);
  }

  /** Where the key ends and the value begins. */
  keyTo(id: number): number {
    return offsetOf(this.#index.address[id]!) + this.#index.keyLength[id]!;
  }

  /** How long the value is; −1 when the key was removed. */
  valueLength(id: number): number {
    return this.#valueLength[id]!;
  }

  /**
   * Puts an entry, as the one used last.
   *
   * @param value `null` when the key was removed.
   * @param change Where the record that made the change is; `undefined` when the value was only read from the
   * store: it is clean then.
   * @returns By how much the estimate of all has grown, in bytes.
   */
  put(
    key: KeyBytes,
    value: Uint8Array | null,
    from: number,
    to: number,
    timestamp: number,
    change: RecordPlace | undefined,
  ): number {
    const keyLength = key.to - key.from;
    const valueLength = value === null ? -1 : to - from;
    const size = keyLength + (value === null ? 0 : valueLength);
    let id = this.find(key);
    let before = 0;
    if (id < 0) {
      id = this.#index.add(this.#arena.allocate(size), keyLength, key.hash);
      this.#ensure(id);
      this.#hash[id] = key.hash;
      this.#writeKey(id, key);
    } else {
      before = this.#estimate[id]!;
      const capacity = this.#capacity(id);
      if (blockCapacity(size) !== capacity) {
        this.#arena.free(this.#index.address[id]!, capacity);
        this.#index.address[id] = this.#arena.allocate(size);
        this.#writeKey(id, key);
      }
    }
    if (value !== null) copyBytes(value, from, to, this.chunk(id), this.keyTo(id));
    this.#valueLength[id] = valueLength;
    this.#timestamp[id] = timestamp;
    this.#used.push(id);
    let estimate = ENTRY_BYTES + keyLength + (value === null ? 0 : valueLength + TIMESTAMP_BYTES);
    if (change !== undefined) {
      this.#dirty.push(id);
      this.#offset[id] = change.offset;
      estimate += this.#setTopic(id, change.topic) + this.#setHeaders(id, change.headers);
    }
    this.#estimate[id] = estimate;
    return estimate - before;
  }

  /** Takes an entry out. */
  remove(id: number): void {
    this.#used.remove(id);
    this.#dirty.remove(id);
    this.#headers.delete(id);
    this.#arena.free(this.#index.address[id]!, this.#capacity(id));
    this.#index.remove(id, this.#hash[id]!);
    this.#index.recycle(id);
  }

  isDirty(id: number): boolean {
    return id !== NO_ID && this.#dirty.has(id);
  }

  /**
   * Copies the changed entries, in the order of their last changes, and notes them as clean.
   *
   * @param first A changed entry that goes before the others, or {@linkcode NO_ID}.
   * @param kept A changed entry that stays as it is, unless it is the first; or {@linkcode NO_ID}.
   */
  takeDirty(into: DirtyEntries, first: number, kept: number): void {
    into.clear();
    if (first !== NO_ID) {
      this.#dirty.remove(first);
      this.#copy(first, into);
    }
    const stays = kept !== first && this.isDirty(kept);
    for (let id = this.#dirty.first; id !== NO_ID; id = this.#dirty.next(id)) {
      if (id !== kept) this.#copy(id, into);
    }
    this.#dirty.clear();
    if (stays) this.#dirty.push(kept);
  }

  #copy(id: number, into: DirtyEntries): void {
    into.add(
      this.chunk(id),
      this.keyFrom(id),
      this.#index.keyLength[id]!,
      this.#valueLength[id]!,
      this.#hash[id]!,
      this.#timestamp[id]!,
      this.#topics[this.#topic[id]!],
      this.#offset[id]!,
      this.#headers.size === 0 ? NO_HEADERS : this.#headers.get(id) ?? NO_HEADERS,
    );
  }

  #writeKey(id: number, key: KeyBytes): void {
    copyBytes(key.bytes, key.from, key.to, this.chunk(id), this.keyFrom(id));
  }

  #capacity(id: number): number {
    return blockCapacity(this.#index.keyLength[id]! + Math.max(0, this.#valueLength[id]!));
  }

  /** Returns what Kafka Streams counts for it. */
  #setTopic(id: number, topic: string | undefined): number {
    let number = this.#topics.indexOf(topic);
    if (number < 0) number = this.#topics.push(topic) - 1;
    this.#topic[id] = number;
    return topic === undefined ? 0 : topic.length;
  }

  #setHeaders(id: number, headers: RecordHeaders): number {
    if (headers.length === 0) {
      if (this.#headers.size > 0) this.#headers.delete(id);
      return 0;
    }
    this.#headers.set(id, headers);
    let size = 0;
    for (const { key, value } of headers) size += key.length + (value?.length ?? 0);
    return size;
  }

  #ensure(id: number): void {
    if (id < this.#timestamp.length) return;
    const length = this.#timestamp.length * 2;
    this.#hash = grown(this.#hash, new Int32Array(length));
    this.#valueLength = grown(this.#valueLength, new Int32Array(length));
    this.#estimate = grown(this.#estimate, new Int32Array(length));
    this.#topic = grown(this.#topic, new Int32Array(length));
    this.#timestamp = grown(this.#timestamp, new Float64Array(length));
    this.#offset = grown(this.#offset, new Float64Array(length));
  }
}

/**
 * Copies of changed entries, to go through while the cache changes again: what is sent on may come back to
 * it. Entry `i` is the key in `bytes[keyFrom[i], keyTo(i))` and the value behind it.
 */
export class DirtyEntries {
  count = 0;
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
  readonly keyFrom: number[] = [];
  readonly keyLength: number[] = [];
  /** By entry: how long the value is; −1 for a key that was removed. */
  readonly valueLength: number[] = [];
  readonly hash: number[] = [];
  readonly timestamp: number[] = [];
  readonly topic: (string | undefined)[] = [];
  readonly offset: number[] = [];
  readonly headers: RecordHeaders[] = [];
  #end = 0;

  /** The key of entry `i`, as one object for each call: what is sent on may keep using it. */
  key(i: number): KeyBytes {
    const from = this.keyFrom[i]!;
    return { bytes: this.bytes, from, to: from + this.keyLength[i]!, hash: this.hash[i]! };
  }

  clear(): void {
    this.count = 0;
    this.#end = 0;
  }

  add(
    chunk: Uint8Array,
    from: number,
    keyLength: number,
    valueLength: number,
    hash: number,
    timestamp: number,
    topic: string | undefined,
    offset: number,
    headers: RecordHeaders,
  ): void {
    const i = this.count++;
    const size = keyLength + Math.max(0, valueLength);
    const end = this.#end + size;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, this.#end));
      this.bytes = larger;
    }
    copyBytes(chunk, from, from + size, this.bytes, this.#end);
    this.keyFrom[i] = this.#end;
    this.keyLength[i] = keyLength;
    this.valueLength[i] = valueLength;
    this.hash[i] = hash;
    this.timestamp[i] = timestamp;
    this.topic[i] = topic;
    this.offset[i] = offset;
    this.headers[i] = headers;
    this.#end = end;
  }
}
