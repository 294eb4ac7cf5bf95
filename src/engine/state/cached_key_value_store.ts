/**
 * A cache in front of an aggregate's store: what changes is written and sent on when it is flushed, and only the last change of a key.
 * Order and sizes are those of Kafka Streams (its `CachingKeyValueStore`, `NamedCache` and `ThreadCache`), so that the same records come
 * out for the same commits and the same limit.
 *
 * @module
 */
import type { Serde } from "../../avro/serde.ts";
import type { RecordHeaders, RecordSet } from "../../kafka/record_set.ts";
import type { RecordPlace, TaskContext } from "../runtime/task_context.ts";
import type { KeyBytes } from "./bytes_store.ts";
import type { LoggedKeyValueStore, ManagedStore } from "./logged_stores.ts";
import type { KeyValueStore } from "./store.ts";

/** What all caches of an instance share: how much they may hold. */
export class CacheBudget {
  /** Bytes. */
  readonly maxBytes: number;
  /** Bytes held now, by Kafka Streams' estimates. */
  bytes = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }
}

/** Told of a change when it is flushed, with the value that the store had before. */
export type FlushListener<K, V> = (key: K, value: V | null, timestamp: number, previous: V | null) => void;

/** A key's last value. Replaced as a whole, never changed, so that a flush under way keeps what it began with. */
interface Entry<K> {
  readonly key: K;
  readonly bytes: Uint8Array | null;
  readonly timestamp: number;
  /** The record that changed it; `undefined` when it was only read. */
  readonly place: RecordPlace | undefined;
  readonly size: number;
}

/** Fixed sizes in Kafka Streams' estimate of an entry: three references, and offset, time, partition and flag of its record. */
const ENTRY_BYTES = 3 * 8 + 8 + 8 + 4 + 1;
/** Of the timestamp that Kafka Streams keeps before each value. */
const TIMESTAMP_BYTES = 8;

const latin1 = new TextDecoder("latin1");

/** See the module. */
export class CachedKeyValueStore<K, V> implements KeyValueStore<K, V>, ManagedStore {
  readonly name: string;
  lastTimestamp = -1;
  readonly #inner: LoggedKeyValueStore<K, V>;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #context: TaskContext;
  readonly #budget: CacheBudget;
  /** By the key's bytes; the least recently used first. */
  readonly #entries = new Map<string, Entry<K>>();
  /** The keys of changed entries, in the order of their last change. */
  readonly #dirty = new Set<string>();
  #bytes = 0;
  #listener: FlushListener<K, V> = () => {};

  constructor(
    inner: LoggedKeyValueStore<K, V>,
    key: Serde<K>,
    value: Serde<V>,
    context: TaskContext,
    budget: CacheBudget,
  ) {
    this.name = inner.name;
    this.#inner = inner;
    this.#key = key;
    this.#value = value;
    this.#context = context;
    this.#budget = budget;
  }

  /** Sets who is told of what is flushed. */
  onFlush(listener: FlushListener<K, V>): void {
    this.#listener = listener;
  }

  /** Keys that were never flushed are not counted. */
  get size(): number {
    return this.#inner.size;
  }

  get bytes(): number {
    return this.#inner.bytes + this.#bytes;
  }

  get(key: K): V | null {
    const id = idOf(this.#context.encodeKey(this.#key, key));
    const entry = this.#entries.get(id);
    if (entry !== undefined) {
      this.#entries.delete(id);
      this.#entries.set(id, entry);
      if (entry.bytes === null) return null;
      this.lastTimestamp = entry.timestamp;
      return this.#value.decode(entry.bytes, 0, entry.bytes.length);
    }
    const value = this.#inner.get(key);
    if (value === null) return null;
    const timestamp = this.lastTimestamp = this.#inner.lastTimestamp;
    this.#add(id, key, this.#encoded(value), timestamp, undefined);
    return value;
  }

  put(key: K, value: V | null, timestamp: number): void {
    const context = this.#context;
    const id = idOf(context.encodeKey(this.#key, key));
    // The aggregator may have changed the same object in place.
    context.forgetValue();
    const bytes = value === null ? null : this.#encoded(value);
    this.#dirty.delete(id);
    this.#dirty.add(id);
    this.#add(id, key, bytes, timestamp, context.place());
  }

  entries(limit: number = Infinity): { key: K; value: V; timestamp: number }[] {
    const found: { key: K; value: V; timestamp: number }[] = [];
    for (const { key, bytes, timestamp } of this.#entries.values()) {
      if (found.length >= limit) return found;
      if (bytes !== null) found.push({ key, value: this.#value.decode(bytes, 0, bytes.length), timestamp });
    }
    for (const entry of this.#inner.entries()) {
      if (found.length >= limit) return found;
      if (!this.#entries.has(idOf(this.#context.encodeKey(this.#key, entry.key)))) found.push(entry);
    }
    return found;
  }

  restore(records: RecordSet): void {
    this.#inner.restore(records);
  }

  forget(): void {
    this.#inner.forget();
  }

  /** Writes and sends on all changes, in the order of the keys' last changes. Returns whether there were any. */
  flush(): boolean {
    return this.#flush(undefined);
  }

  /** Drops what it holds: the task is not used any more. */
  close(): void {
    this.#budget.bytes -= this.#bytes;
    this.#bytes = 0;
    this.#entries.clear();
    this.#dirty.clear();
  }

  /** @param evicted A changed entry that was taken out already: it goes first. */
  #flush(evicted: Entry<K> | undefined): boolean {
    const changed = evicted === undefined ? [] : [evicted];
    const removed: string[] = [];
    for (const id of this.#dirty) {
      const entry = this.#entries.get(id)!;
      changed.push(entry);
      if (entry.bytes === null) removed.push(id);
    }
    // Cleared before anything is sent on: what follows may come back to this store.
    this.#dirty.clear();
    for (const entry of changed) this.#sendOn(entry);
    for (const id of removed) if (!this.#dirty.has(id)) this.#remove(id);
    return changed.length > 0;
  }

  #sendOn({ key, bytes, timestamp, place }: Entry<K>): void {
    const previous = this.#inner.get(key);
    // Neither there before nor now: nobody has seen it.
    if (bytes === null && previous === null) return;
    const value = bytes === null ? null : this.#value.decode(bytes, 0, bytes.length);
    const context = this.#context;
    const before = context.goTo(place);
    try {
      this.#inner.put(key, value, timestamp);
      this.#listener(key, value, timestamp, previous);
    } finally {
      context.goTo(before);
    }
  }

  #add(
    id: string,
    key: K,
    bytes: Uint8Array | null,
    timestamp: number,
    place: RecordPlace | undefined,
  ): void {
    const size = ENTRY_BYTES + id.length + (bytes === null ? 0 : bytes.length + TIMESTAMP_BYTES) +
      (place === undefined ? 0 : (place.topic?.length ?? 0) + headersSize(place.headers));
    const replaced = this.#entries.get(id);
    if (replaced !== undefined) {
      this.#entries.delete(id);
      this.#count(-replaced.size);
    }
    this.#entries.set(id, { key, bytes, timestamp, place, size });
    this.#count(size);
    // What another store's cache holds is not this one's to evict.
    while (this.#budget.bytes > this.#budget.maxBytes && this.#entries.size > 0) this.#evict();
  }

  #evict(): void {
    const [id, entry] = this.#entries.entries().next().value!;
    this.#entries.delete(id);
    this.#count(-entry.size);
    if (this.#dirty.delete(id)) this.#flush(entry);
  }

  #remove(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#count(-entry.size);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.bytes += bytes;
  }

  #encoded(value: V): Uint8Array {
    const { bytes, from, to } = this.#context.encodeValue(this.#value, value);
    return bytes.slice(from, to);
  }
}

function idOf({ bytes, from, to }: KeyBytes): string {
  return latin1.decode(bytes.subarray(from, to));
}

function headersSize(headers: RecordHeaders): number {
  let size = 0;
  for (const { key, value } of headers) size += key.length + (value?.length ?? 0);
  return size;
}
