/**
 * HOT PATH. A window store in memory: one segment a span of time, dropped whole when its span has passed the
 * retention.
 *
 * @module
 */
import { Arena, chunkOf, copyBytes, offsetOf } from "./arena.ts";
import { BytesIndex } from "./bytes_index.ts";
import { type BytesWindowStore, type ValueBytes, ValueCursor } from "./bytes_store.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { grown } from "./grown.ts";

const NONE = -1;

/** A {@linkcode BytesWindowStore} in memory. */
export class MemoryWindowStore implements BytesWindowStore {
  readonly #retentionMs: number;
  readonly #segmentMs: number;
  /** By the number of the span of time, `floor(timestamp / segmentMs)`; few, in no order. */
  readonly #segments = new Map<number, Segment>();
  readonly #cursor = new ValueCursor();
  readonly #foundSegments: Segment[] = [];
  #foundEntries = new Int32Array(16);
  #oldestSegment = Infinity;
  #observedTime = -1;
  #last: Segment | undefined;
  /** A dropped segment, for the next one: what it has grown to need not grow again. */
  #spare: Segment | undefined;

  /** @param retentionMs How long an entry can be found, in ms of stream time. */
  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
    this.#segmentMs = Math.max(1, Math.ceil(retentionMs / 4));
  }

  get size(): number {
    let size = 0;
    for (const segment of this.#segments.values()) size += segment.count;
    return size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const segment of this.#segments.values()) bytes += segment.bytes;
    return bytes + (this.#spare?.bytes ?? 0) + this.#foundEntries.byteLength + this.#foundSegments.length * 8;
  }

  get observedTime(): number {
    return this.#observedTime;
  }

  put(key: KeyBytes, timestamp: number, value: Uint8Array, from: number, to: number): boolean {
    if (timestamp > this.#observedTime) {
      this.#observedTime = timestamp;
      this.#expire();
    }
    // What is at the bound has expired, as in Kafka Streams' InMemoryWindowStore.
    if (timestamp <= this.#observedTime - this.#retentionMs) return false;
    const number = Math.floor(timestamp / this.#segmentMs);
    let segment = this.#last;
    if (segment === undefined || segment.number !== number) {
      segment = this.#segments.get(number);
      if (segment === undefined) {
        segment = this.#spare ?? new Segment();
        segment.number = number;
        this.#spare = undefined;
        this.#segments.set(number, segment);
        this.#oldestSegment = Math.min(this.#oldestSegment, number);
      }
      this.#last = segment;
    }
    segment.add(key, timestamp, value, from, to);
    return true;
  }

  fetch(key: KeyBytes, from: number, to: number): number {
    const first = Math.max(from, this.#observedTime - this.#retentionMs + 1);
    let found = 0;
    const last = Math.floor(Math.min(to, this.#observedTime) / this.#segmentMs);
    for (let number = Math.floor(first / this.#segmentMs); number <= last; number++) {
      const segment = this.#segments.get(number);
      if (segment === undefined) continue;
      for (let entry = segment.firstOf(key); entry !== NONE; entry = segment.next[entry]!) {
        const timestamp = segment.timestamp[entry]!;
        if (timestamp < first) continue;
        if (timestamp > to) break;
        if (found === this.#foundEntries.length) {
          this.#foundEntries = grown(this.#foundEntries, new Int32Array(found * 2));
        }
        this.#foundSegments[found] = segment;
        this.#foundEntries[found++] = entry;
      }
    }
    return found;
  }

  entry(i: number): ValueBytes {
    return this.#foundSegments[i]!.read(this.#foundEntries[i]!, this.#cursor);
  }

  forEach(visit: (key: Uint8Array, value: Uint8Array, timestamp: number) => void): void {
    const first = this.#observedTime - this.#retentionMs + 1;
    for (const segment of this.#segments.values()) segment.forEach(first, this.#cursor, visit);
  }

  #expire(): void {
    const oldest = Math.floor((this.#observedTime - this.#retentionMs + 1) / this.#segmentMs);
    if (oldest <= this.#oldestSegment) return;
    for (const [number, segment] of this.#segments) {
      if (number >= oldest) continue;
      this.#segments.delete(number);
      segment.reset();
      this.#spare = segment;
    }
    this.#oldestSegment = oldest;
    this.#last = undefined;
    // What the last fetch found is not to be read any more.
    this.#foundSegments.length = 0;
  }
}

/** The entries of one span of time: a list in the order of time for each key. */
class Segment {
  number = 0;
  readonly #arena = new Arena();
  readonly #index = new BytesIndex(this.#arena);
  /** By entry: the next entry of the same key, or {@linkcode NONE}. */
  next: Int32Array = new Int32Array(16);
  timestamp: Float64Array = new Float64Array(16);
  #address = new Uint32Array(16);
  #length = new Int32Array(16);
  /** By key id: the first entry of the key in the order of time. */
  #first = new Int32Array(16);
  #lastOfKey = new Int32Array(16);
  count = 0;

  /** Removes all entries, and keeps the memory for those that follow. */
  reset(): void {
    this.#arena.reset();
    this.#index.reset();
    this.count = 0;
  }

  get bytes(): number {
    return this.#arena.reservedBytes + this.#index.tableBytes + this.next.length * 20 +
      this.#first.length * 8;
  }

  firstOf(key: KeyBytes): number {
    const id = this.#index.find(key.bytes, key.from, key.to, key.hash);
    return id < 0 ? NONE : this.#first[id]!;
  }

  add(key: KeyBytes, timestamp: number, value: Uint8Array, from: number, to: number): void {
    if (this.count === this.next.length) this.#growEntries();
    const entry = this.count++;
    const valueLength = to - from;
    this.timestamp[entry] = timestamp;
    this.#length[entry] = valueLength;
    this.next[entry] = NONE;
    let id = this.#index.find(key.bytes, key.from, key.to, key.hash);
    if (id < 0) {
      // The first value of a key lies behind it in one block.
      const keyLength = key.to - key.from;
      const address = this.#arena.allocate(((keyLength + 7) & ~7) + valueLength);
      copyBytes(key.bytes, key.from, key.to, this.#arena.chunks[chunkOf(address)]!, offsetOf(address));
      this.#address[entry] = address + ((keyLength + 7) >>> 3);
      id = this.#index.add(address, keyLength, key.hash);
      if (id >= this.#first.length) this.#growKeys();
      this.#first[id] = entry;
      this.#lastOfKey[id] = entry;
    } else {
      this.#address[entry] = this.#arena.allocate(valueLength);
      this.#link(id, entry, timestamp);
    }
    const address = this.#address[entry]!;
    copyBytes(value, from, to, this.#arena.chunks[chunkOf(address)]!, offsetOf(address));
  }

  read(entry: number, cursor: ValueCursor): ValueBytes {
    const address = this.#address[entry]!;
    cursor.bytes = this.#arena.chunks[chunkOf(address)]!;
    cursor.from = offsetOf(address);
    cursor.to = cursor.from + this.#length[entry]!;
    cursor.timestamp = this.timestamp[entry]!;
    return cursor;
  }

  forEach(
    since: number,
    cursor: ValueCursor,
    visit: (key: Uint8Array, value: Uint8Array, timestamp: number) => void,
  ): void {
    for (let id = 0; id < this.#index.idEnd; id++) {
      const address = this.#index.address[id]!;
      const start = offsetOf(address);
      const key = this.#arena.chunks[chunkOf(address)]!.subarray(start, start + this.#index.keyLength[id]!);
      for (let entry = this.#first[id]!; entry !== NONE; entry = this.next[entry]!) {
        if (this.timestamp[entry]! < since) continue;
        const found = this.read(entry, cursor);
        visit(key, found.bytes.subarray(found.from, found.to), found.timestamp);
      }
    }
  }

  /**
   * Puts an entry behind those of its key that are not later. Records mostly come in order, so the last one
   * is tried first.
   */
  #link(id: number, entry: number, timestamp: number): void {
    const last = this.#lastOfKey[id]!;
    if (this.timestamp[last]! <= timestamp) {
      this.next[last] = entry;
      this.#lastOfKey[id] = entry;
      return;
    }
    let before = NONE;
    let after = this.#first[id]!;
    while (this.timestamp[after]! <= timestamp) {
      before = after;
      after = this.next[after]!;
    }
    this.next[entry] = after;
    if (before === NONE) this.#first[id] = entry;
    else this.next[before] = entry;
  }

  #growEntries(): void {
    const length = this.next.length * 2;
    this.next = grown(this.next, new Int32Array(length));
    this.timestamp = grown(this.timestamp, new Float64Array(length));
    this.#address = grown(this.#address, new Uint32Array(length));
    this.#length = grown(this.#length, new Int32Array(length));
  }

  #growKeys(): void {
    const length = this.#first.length * 2;
    this.#first = grown(this.#first, new Int32Array(length));
    this.#lastOfKey = grown(this.#lastOfKey, new Int32Array(length));
  }
}
