/**
 * The buffer of a suppression: the latest change of each key, in the order of the times at which the keys
 * came in. What it holds goes to its changelog at each commit, in the format of Kafka Streams'
 * `InMemoryTimeOrderedKeyValueChangeBuffer`, version 3.
 *
 * @module
 */
import type { RecordHeaders, RecordSet } from "../../../kafka/port/record_set.ts";
import type { ProcessorContext } from "../../record/processor_context.ts";
import { Arena, chunkOf, offsetOf } from "../bytes/arena.ts";
import { BytesIndex } from "../bytes/bytes_index.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { compareBytes } from "../bytes/bytes_windowed_stores.ts";
import { grown } from "../bytes/grown.ts";
import { restoredKey } from "../changelog_keys.ts";
import { unrestorable } from "../restore_error.ts";
import { LoggedStore, type StoreParts } from "./logged_store.ts";
import {
  type BufferedChange,
  decodeChange,
  encodeChange,
  isCurrentFormat,
  VERSION_HEADERS,
} from "../suppress_changelog.ts";

/** A change that is due. */
export interface DueChange<K, V> {
  readonly key: K;
  readonly value: V | null;
  /** The value before the last change. */
  readonly previous: V | null;
  /** The timestamp of the key's last change, in ms since the epoch. */
  readonly timestamp: number;
  readonly headers: RecordHeaders;
}

interface Entry extends BufferedChange {
  /** The key's id in the index. */
  readonly id: number;
  /** Where it is in the heap. */
  at: number;
  bytes: number;
}

/** Keeps the changes that one suppression holds back. */
export class SuppressBuffer<K, V> extends LoggedStore<K, V> {
  readonly flushesLast = true;
  readonly #context: ProcessorContext;
  readonly #arena = new Arena();
  readonly #index = new BytesIndex(this.#arena);
  /** By key id. A key without an entry waits for its tombstone. */
  readonly #entries: (Entry | undefined)[] = [];
  #hash = new Int32Array(16);
  /** A binary heap, by time, then by the key's bytes. */
  readonly #heap: Entry[] = [];
  /** Ids of keys that have changed since the last {@linkcode flush}. */
  readonly #dirty = new Set<number>();
  #bufferBytes = 0;

  constructor(parts: StoreParts<K, V>) {
    super(parts);
    this.#context = parts.context;
  }

  /** How many keys it holds. */
  get size(): number {
    return this.#heap.length;
  }

  get bytes(): number {
    return this.#arena.reservedBytes + this.#index.tableBytes + this.#bufferBytes;
  }

  /**
   * The size of what it holds as Kafka Streams counts it: keys, values, headers and 28 bytes and the topic's
   * name a key.
   */
  get bufferBytes(): number {
    return this.#bufferBytes;
  }

  /** The time of the key that came in first, in ms since the epoch; `Infinity` when it is empty. */
  get minTime(): number {
    return this.#heap.length === 0 ? Infinity : this.#heap[0]!.time;
  }

  /** Holds a change back. A key that is held already keeps its place; its change is replaced. */
  put(time: number, key: K, value: V | null, previous: V | null, timestamp: number): void {
    const context = this.#context;
    const id = this.#idOf(this.encoded.encodeKey(this.keySerde, key));
    const next = value === null ? null : this.#bytesOf(value);
    const old = previous === null ? null : this.#bytesOf(previous);
    this.#set(id, this.#entries[id]?.time ?? time, {
      time,
      timestamp,
      offset: context.origin.offset,
      topic: context.origin.topic ?? "",
      partition: context.partition,
      headers: context.origin.headers,
      prior: this.#entries[id] === undefined ? old : this.#entries[id].prior,
      old,
      value: next,
    });
    if (this.changelog !== undefined) this.#dirty.add(id);
  }

  /** The change of the key that came in first. */
  head(): DueChange<K, V> {
    const { id, value, old, timestamp, headers } = this.#heap[0]!;
    const address = this.#index.address[id]!;
    const from = offsetOf(address);
    return {
      key: this.keySerde.decode(
        this.#arena.chunks[chunkOf(address)]!,
        from,
        from + this.#index.keyLength[id]!,
      ),
      value: this.#decoded(value),
      previous: this.#decoded(old),
      timestamp,
      headers,
    };
  }

  /** Takes the key that came in first out. */
  removeHead(): void {
    const entry = this.#heap[0]!;
    this.#remove(entry);
    if (this.changelog === undefined) this.#forgetKey(entry.id);
    else this.#dirty.add(entry.id);
  }

  /**
   * The value that readers of the suppressed table see of a key that is held back: the one before it was;
   * `undefined` when it is not held back.
   */
  priorValue(key: K): V | null | undefined {
    const { bytes, from, to, hash } = this.encoded.encodeKey(this.keySerde, key);
    const id = this.#index.find(bytes, from, to, hash);
    const entry = id < 0 ? undefined : this.#entries[id];
    return entry === undefined ? undefined : this.#decoded(entry.prior);
  }

  /** Writes what has changed since the last time to the changelog. */
  flush(): void {
    const changelog = this.changelog;
    if (changelog === undefined) return;
    for (const id of this.#dirty) {
      const address = this.#index.address[id]!;
      const from = offsetOf(address);
      const key: KeyBytes = {
        bytes: this.#arena.chunks[chunkOf(address)]!,
        from,
        to: from + this.#index.keyLength[id]!,
        hash: this.#hash[id]!,
      };
      const entry = this.#entries[id];
      const now = this.#context.now();
      if (entry === undefined) {
        changelog.write(key, null, 0, 0, now);
        this.#forgetKey(id);
      } else {
        const value = encodeChange(entry);
        changelog.write(key, value, 0, value.length, now, VERSION_HEADERS);
      }
    }
    this.#dirty.clear();
  }

  restore(records: RecordSet): void {
    for (let i = 0; i < records.count; i++) {
      const key = restoredKey(this.name, records, i, 0);
      const value = records.value(i);
      if (value === null) {
        const id = this.#index.find(key.bytes, key.from, key.to, key.hash);
        if (id < 0) continue;
        const entry = this.#entries[id];
        if (entry !== undefined) this.#remove(entry);
        this.#forgetKey(id);
        continue;
      }
      if (!isCurrentFormat(records.headers(i))) {
        throw unrestorable(
          this.name,
          records,
          i,
          "a record without the header v = 3",
          "it is of Kafka Streams before 2.6, or another program's: use another application id",
        );
      }
      const change = decodeChange(value);
      if (change === undefined) throw unrestorable(this.name, records, i, "a record that ends too soon");
      const id = this.#idOf(key);
      this.#set(id, this.#entries[id]?.time ?? change.time, change);
    }
  }

  #bytesOf(value: V): Uint8Array {
    const { bytes, from, to } = this.encoded.encodeValue(this.valueSerde, value);
    return bytes.slice(from, to);
  }

  #decoded(bytes: Uint8Array | null): V | null {
    return bytes === null ? null : this.valueSerde.decode(bytes, 0, bytes.length);
  }

  #idOf(key: KeyBytes): number {
    const { bytes, from, to, hash } = key;
    const found = this.#index.find(bytes, from, to, hash);
    if (found >= 0) return found;
    const id = this.#index.insert(key);
    if (id >= this.#hash.length) this.#hash = grown(this.#hash, new Int32Array(id * 2));
    this.#hash[id] = hash;
    return id;
  }

  #forgetKey(id: number): void {
    this.#index.discard(id, this.#hash[id]!);
  }

  #set(id: number, time: number, change: BufferedChange): void {
    // As in Kafka Streams: equal bytes are held, and counted, once.
    const prior = change.prior !== null && change.old !== null && equal(change.prior, change.old)
      ? change.old
      : change.prior;
    const entry: Entry = this.#entries[id] ?? { ...change, id, at: -1, bytes: 0, time };
    Object.assign(entry, change, { time, prior });
    const bytes = this.#sizeOf(entry);
    this.#bufferBytes += bytes - entry.bytes;
    entry.bytes = bytes;
    if (this.#entries[id] !== undefined) return;
    this.#entries[id] = entry;
    this.#rise(entry, this.#heap.length);
  }

  #remove(entry: Entry): void {
    this.#entries[entry.id] = undefined;
    this.#bufferBytes -= entry.bytes;
    this.#takeOut(entry.at);
  }

  #sizeOf({ id, prior, old, value, topic, headers }: Entry): number {
    let bytes = 8 + this.#index.keyLength[id]! + 8 + 8 + topic.length + 4;
    bytes += (prior?.length ?? 0) + (old === prior ? 0 : old?.length ?? 0) + (value?.length ?? 0);
    for (const header of headers) bytes += header.key.length + (header.value?.length ?? 0);
    return bytes;
  }

  #before(a: Entry, b: Entry): boolean {
    if (a.time !== b.time) return a.time < b.time;
    const [aAt, bAt] = [this.#index.address[a.id]!, this.#index.address[b.id]!];
    const [aFrom, bFrom] = [offsetOf(aAt), offsetOf(bAt)];
    return compareBytes(
      this.#arena.chunks[chunkOf(aAt)]!,
      aFrom,
      aFrom + this.#index.keyLength[a.id]!,
      this.#arena.chunks[chunkOf(bAt)]!,
      bFrom,
      bFrom + this.#index.keyLength[b.id]!,
    ) < 0;
  }

  /** Puts an entry at a place of the heap, or above it as far as it comes before what is there. */
  #rise(entry: Entry, at: number): void {
    const heap = this.#heap;
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!this.#before(entry, heap[up]!)) break;
      this.#place(heap[up]!, at);
      at = up;
    }
    this.#place(entry, at);
  }

  /** Takes an entry out of the heap: the last one takes its place, and sinks or rises from there. */
  #takeOut(at: number): void {
    const heap = this.#heap;
    const moved = heap.pop()!;
    if (at === heap.length) return;
    for (let child = 2 * at + 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && this.#before(heap[child + 1]!, heap[child]!)) child++;
      if (!this.#before(heap[child]!, moved)) break;
      this.#place(heap[child]!, at);
      at = child;
    }
    this.#rise(moved, at);
  }

  #place(entry: Entry, at: number): void {
    this.#heap[at] = entry;
    entry.at = at;
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return compareBytes(a, 0, a.length, b, 0, b.length) === 0;
}
