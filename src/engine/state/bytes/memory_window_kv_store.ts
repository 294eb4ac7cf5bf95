/**
 * HOT PATH. Values by key and window in memory: one segment a span of time, dropped whole when its span has
 * passed the retention.
 *
 * @module
 */
import type { ValueBytes } from "./bytes_store.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import {
  type BytesWindowKeyValueStore,
  WindowCursor,
  type WindowEntryBytes,
} from "./bytes_windowed_stores.ts";
import { NONE } from "./entry_lists.ts";
import { grown } from "./grown.ts";
import { KeyedLists } from "./keyed_lists.ts";

/** A {@linkcode BytesWindowKeyValueStore} in memory. */
export class MemoryWindowKeyValueStore implements BytesWindowKeyValueStore {
  readonly #retentionMs: number;
  readonly #segmentMs: number;
  /** By the number of the span of time, `floor(startMs / segmentMs)`; few, in no order. */
  readonly #segments = new Map<number, Segment>();
  readonly #cursor = new WindowCursor();
  readonly #foundSegments: Segment[] = [];
  #foundEntries = new Int32Array(16);
  #found = 0;
  #oldestSegment = Infinity;
  #observedTime = -1;
  #last: Segment | undefined;

  /** @param retentionMs How long a window can be found, in ms after its start, of the latest start. */
  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
    this.#segmentMs = Math.max(1, Math.ceil(retentionMs / 4));
  }

  get size(): number {
    let size = 0;
    for (const segment of this.#segments.values()) size += segment.lists.count;
    return size;
  }

  get bytes(): number {
    let bytes = 0;
    for (const segment of this.#segments.values()) bytes += segment.bytes;
    return bytes;
  }

  get observedTime(): number {
    return this.#observedTime;
  }

  get(key: KeyBytes, startMs: number): ValueBytes | undefined {
    const segment = this.#live(startMs);
    if (segment === undefined) return undefined;
    const entry = segment.findEntry(key, startMs);
    return entry === NONE ? undefined : segment.read(entry, this.#cursor);
  }

  put(
    key: KeyBytes,
    startMs: number,
    value: Uint8Array,
    from: number,
    to: number,
    timestamp: number,
  ): boolean {
    if (startMs > this.#observedTime) {
      this.#observedTime = startMs;
      this.#expire();
    }
    if (startMs <= this.#observedTime - this.#retentionMs) return false;
    const number = Math.floor(startMs / this.#segmentMs);
    let segment = this.#segment(number);
    if (segment === undefined) {
      this.#segments.set(number, segment = new Segment(number));
      this.#oldestSegment = Math.min(this.#oldestSegment, number);
      this.#last = segment;
    }
    segment.put(key, startMs, value, from, to, timestamp);
    return true;
  }

  delete(key: KeyBytes, startMs: number): boolean {
    // As Kafka Streams' stores, which move their time on by tombstones too.
    if (startMs > this.#observedTime) {
      this.#observedTime = startMs;
      this.#expire();
    }
    const segment = this.#live(startMs);
    if (segment === undefined) return false;
    const entry = segment.findEntry(key, startMs);
    if (entry === NONE) return false;
    segment.lists.remove(entry);
    return true;
  }

  fetch(key: KeyBytes, from: number, to: number): number {
    this.#found = 0;
    const first = this.#first(from);
    const last = Math.min(to, this.#observedTime);
    const end = Math.floor(last / this.#segmentMs);
    for (let number = Math.floor(first / this.#segmentMs); number <= end; number++) {
      const segment = this.#segments.get(number);
      if (segment === undefined) continue;
      for (let entry = segment.firstFrom(key, first); entry !== NONE; entry = segment.lists.next[entry]!) {
        if (segment.lists.time[entry]! > last) break;
        this.#add(segment, entry);
      }
    }
    return this.#found;
  }

  fetchAll(from: number, to: number): number {
    this.#found = 0;
    const first = this.#first(from);
    const last = Math.min(to, this.#observedTime);
    const all: { segment: Segment; entry: number }[] = [];
    for (const segment of this.#segments.values()) {
      segment.forEach((entry) => {
        const start = segment.lists.time[entry]!;
        if (start >= first && start <= last) all.push({ segment, entry });
      });
    }
    all.sort((a, b) =>
      a.segment.lists.time[a.entry]! - b.segment.lists.time[b.entry]! ||
      a.segment.compareKeys(a.entry, b.segment, b.entry)
    );
    for (const { segment, entry } of all) this.#add(segment, entry);
    return this.#found;
  }

  entry(i: number): WindowEntryBytes {
    return this.#foundSegments[i]!.read(this.#foundEntries[i]!, this.#cursor);
  }

  #add(segment: Segment, entry: number): void {
    if (this.#found === this.#foundEntries.length) {
      this.#foundEntries = grown(this.#foundEntries, new Int32Array(this.#found * 2));
    }
    this.#foundSegments[this.#found] = segment;
    this.#foundEntries[this.#found++] = entry;
  }

  /**
   * The first start that has not expired, and is at least `from`; what is at the bound has expired, as in
   * Kafka Streams' stores.
   */
  #first(from: number): number {
    return Math.max(0, from, this.#observedTime - this.#retentionMs + 1);
  }

  #live(startMs: number): Segment | undefined {
    if (startMs <= this.#observedTime - this.#retentionMs) return undefined;
    return this.#segment(Math.floor(startMs / this.#segmentMs));
  }

  #segment(number: number): Segment | undefined {
    if (this.#last !== undefined && this.#last.number === number) return this.#last;
    const segment = this.#segments.get(number);
    if (segment !== undefined) this.#last = segment;
    return segment;
  }

  #expire(): void {
    const oldest = Math.floor((this.#observedTime - this.#retentionMs + 1) / this.#segmentMs);
    if (oldest <= this.#oldestSegment) return;
    for (const number of this.#segments.keys()) if (number < oldest) this.#segments.delete(number);
    this.#oldestSegment = oldest;
    this.#last = undefined;
    // What the last fetch found must not keep dropped segments alive.
    this.#foundSegments.length = 0;
  }
}

/**
 * The windows that begin in one span of time: ordered by their starts; the other number is the value's
 * timestamp.
 */
class Segment extends KeyedLists {
  readonly number: number;

  constructor(number: number) {
    super();
    this.number = number;
  }

  findEntry(key: KeyBytes, startMs: number): number {
    const id = this.find(key);
    if (id < 0) return NONE;
    const entry = this.lists.atMost(id, startMs);
    return entry !== NONE && this.lists.time[entry] === startMs ? entry : NONE;
  }

  /** The first window of a key that begins at `startMs` or later. */
  firstFrom(key: KeyBytes, startMs: number): number {
    const id = this.find(key);
    if (id < 0) return NONE;
    const entry = this.lists.atMost(id, startMs);
    if (entry === NONE) return this.lists.first[id]!;
    return this.lists.time[entry] === startMs ? entry : this.lists.next[entry]!;
  }

  put(
    key: KeyBytes,
    startMs: number,
    value: Uint8Array,
    from: number,
    to: number,
    timestamp: number,
  ): void {
    const { lists } = this;
    let id = this.find(key);
    if (id < 0) id = this.insert(key);
    let entry = lists.atMost(id, startMs);
    if (entry === NONE || lists.time[entry] !== startMs) entry = lists.add(id, entry, startMs, timestamp);
    lists.extra[entry] = timestamp;
    lists.write(entry, value, from, to);
  }

  override read(entry: number, cursor: WindowCursor): WindowCursor {
    super.read(entry, cursor);
    cursor.timestamp = this.lists.extra[entry]!;
    cursor.startMs = this.lists.time[entry]!;
    return cursor;
  }

  forEach(visit: (entry: number) => void): void {
    const { lists } = this;
    for (let id = 0; id < this.index.idEnd; id++) {
      for (let entry = lists.first[id]!; entry !== NONE; entry = lists.next[entry]!) visit(entry);
    }
  }
}
