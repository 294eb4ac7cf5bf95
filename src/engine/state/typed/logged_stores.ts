/**
 * HOT PATH. The typed stores: serdes and the changelog in front of the bytes.
 *
 * @module
 */
import type { Serde } from "../../../serde/serde.ts";
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import { murmur2 } from "../../../kafka/port/murmur2.ts";
import type { ProcessorContext } from "../../record/processor_context.ts";
import type { BytesKeyValueStore, BytesWindowStore, ValueBytes } from "../bytes/bytes_store.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { type ChangelogWriter, WINDOW_SUFFIX_BYTES, windowSequence, windowTimestamp } from "../changelog.ts";
import type { ManagedStore } from "../managed_store.ts";
import type { JoinWindowStore, KeyValueStore } from "../stores.ts";

/** A key-value store with its changelog. */
export class LoggedKeyValueStore<K, V> implements KeyValueStore<K, V>, ManagedStore {
  readonly name: string;
  lastTimestamp = -1;
  readonly #inner: BytesKeyValueStore;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #context: ProcessorContext;
  readonly #changelog: ChangelogWriter | undefined;
  /** What was put last, as an object: hits of one frame come one after the other, and need no decoding in between. */
  #lastKey: K | undefined;
  #lastValue: V | null = null;
  #lastPutTimestamp = -1;

  constructor(
    name: string,
    inner: BytesKeyValueStore,
    key: Serde<K>,
    value: Serde<V>,
    context: ProcessorContext,
    changelog: ChangelogWriter | undefined,
  ) {
    this.name = name;
    this.#inner = inner;
    this.#key = key;
    this.#value = value;
    this.#context = context;
    this.#changelog = changelog;
  }

  get size(): number {
    return this.#inner.size;
  }

  get bytes(): number {
    return this.#inner.bytes;
  }

  get memoryBytes(): number {
    return this.#inner.memoryBytes ?? this.#inner.bytes;
  }

  get(key: K): V | null {
    if (key === this.#lastKey) {
      this.lastTimestamp = this.#lastPutTimestamp;
      return this.#lastValue;
    }
    const found = this.#inner.get(this.#context.encoded.encodeKey(this.#key, key));
    if (found === undefined) return null;
    this.lastTimestamp = found.timestamp;
    return this.#value.decode(found.bytes, found.from, found.to);
  }

  put(key: K, value: V | null, timestamp: number): void {
    const context = this.#context;
    const keyBytes = context.encoded.encodeKey(this.#key, key);
    if (value === null) {
      this.#inner.delete(keyBytes);
      this.#changelog?.write(keyBytes, null, 0, 0, timestamp);
      this.#lastKey = undefined;
      return;
    }
    // The aggregator may have changed the same object in place.
    context.encoded.forgetValue();
    const encoded = context.encoded.encodeValue(this.#value, value);
    this.#inner.put(keyBytes, encoded.bytes, encoded.from, encoded.to, timestamp);
    this.#changelog?.write(keyBytes, encoded.bytes, encoded.from, encoded.to, timestamp);
    this.#lastKey = key;
    this.#lastValue = value;
    this.#lastPutTimestamp = timestamp;
  }

  /** As {@linkcode get}, without a serde. Valid until the next call. */
  getBytes(key: KeyBytes): ValueBytes | undefined {
    return this.#inner.get(key);
  }

  /** As {@linkcode put}, without a serde. */
  putBytes(key: KeyBytes, value: Uint8Array | null, from: number, to: number, timestamp: number): void {
    if (value === null) this.#inner.delete(key);
    else this.#inner.put(key, value, from, to, timestamp);
    this.#changelog?.write(key, value, from, to, timestamp);
    this.#lastKey = undefined;
  }

  forget(): void {
    this.#lastKey = undefined;
  }

  entries(limit: number = Infinity): { key: K; value: V; timestamp: number }[] {
    const entries: { key: K; value: V; timestamp: number }[] = [];
    this.#inner.forEach((key, value, timestamp) => {
      if (entries.length >= limit) return false;
      entries.push({
        key: this.#key.decode(key, 0, key.length),
        value: this.#value.decode(value, 0, value.length),
        timestamp,
      });
    });
    return entries;
  }

  restore(records: RecordSet): void {
    for (let i = 0; i < records.count; i++) {
      const key = changelogKey(this.name, records, i, 0);
      if (records.valueStart[i]! < 0) this.#inner.delete(key);
      else {this.#inner.load(
          key,
          records.bytes,
          records.valueStart[i]!,
          records.valueEnd[i]!,
          records.timestamps[i]!,
        );}
    }
    this.#lastKey = undefined;
  }
}

/** One side of a join with its changelog. */
export class LoggedJoinWindowStore<K, V> implements JoinWindowStore<K, V>, ManagedStore {
  readonly name: string;
  readonly #inner: BytesWindowStore;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #context: ProcessorContext;
  readonly #changelog: ChangelogWriter | undefined;

  constructor(
    name: string,
    inner: BytesWindowStore,
    key: Serde<K>,
    value: Serde<V>,
    context: ProcessorContext,
    changelog: ChangelogWriter | undefined,
  ) {
    this.name = name;
    this.#inner = inner;
    this.#key = key;
    this.#value = value;
    this.#context = context;
    this.#changelog = changelog;
    if (inner.lastSequence !== undefined) changelog?.continueAfterSequence(inner.lastSequence);
  }

  get size(): number {
    return this.#inner.size;
  }

  get bytes(): number {
    return this.#inner.bytes;
  }

  get memoryBytes(): number {
    return this.#inner.memoryBytes ?? this.#inner.bytes;
  }

  put(key: K, value: V, timestamp: number): boolean {
    const context = this.#context;
    const keyBytes = context.encoded.encodeKey(this.#key, key);
    const encoded = context.encoded.encodeValue(this.#value, value);
    const sequence = this.#changelog?.nextSequence;
    if (!this.#inner.put(keyBytes, timestamp, encoded.bytes, encoded.from, encoded.to, sequence)) {
      return false;
    }
    this.#changelog?.writeWindowed(keyBytes, encoded.bytes, encoded.from, encoded.to, timestamp);
    return true;
  }

  fetch(key: K, from: number, to: number): number {
    return this.#inner.fetch(this.#context.encoded.encodeKey(this.#key, key), from, to);
  }

  timestampAt(i: number): number {
    return this.#inner.entry(i).timestamp;
  }

  valueAt(i: number): V {
    const found = this.#inner.entry(i);
    return this.#value.decode(found.bytes, found.from, found.to);
  }

  restore(records: RecordSet): void {
    for (let i = 0; i < records.count; i++) {
      const key = changelogKey(this.name, records, i, WINDOW_SUFFIX_BYTES);
      if (records.valueStart[i]! < 0) continue;
      const timestamp = windowTimestamp(records.bytes, records.keyEnd[i]!);
      this.#changelog?.continueAfter(records.bytes, records.keyEnd[i]!);
      this.#inner.put(
        key,
        timestamp,
        records.bytes,
        records.valueStart[i]!,
        records.valueEnd[i]!,
        windowSequence(records.bytes, records.keyEnd[i]!),
      );
    }
  }
}

/**
 * The store's key in a changelog record, without the suffix.
 * @throws {Error} When the record's key is too short for one of the store.
 */
export function changelogKey(store: string, records: RecordSet, i: number, suffix: number): KeyBytes {
  const from = records.keyStart[i]!;
  const to = records.keyEnd[i]! - suffix;
  if (from < 0 || to < from) {
    throw new Error(
      `Cannot restore store ${store}: received a record with ${
        from < 0 ? "no key" : "too short a key"
      } at offset ` +
        `${records.offsets[i]} of ${records.topic}-${records.partition}; is the topic another program's?`,
    );
  }
  return { bytes: records.bytes, from, to, hash: murmur2(records.bytes, from, to) };
}
