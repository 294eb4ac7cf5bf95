/**
 * HOT PATH. The window store with serdes and its changelog in front of the bytes. A changelog record's key is the store's key, the
 * start of the window (8 bytes, big-endian) and a sequence number (4 bytes, always 0), as Kafka Streams' `WindowKeySchema` has it;
 * its value is the value, its timestamp the value's.
 *
 * @module
 */
import type { Serde } from "../../../serde/serde.ts";
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import type { ProcessorContext } from "../../record/processor_context.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import type { BytesWindowKeyValueStore } from "../bytes/bytes_windowed_stores.ts";
import { type ChangelogWriter, WINDOW_SUFFIX_BYTES } from "../changelog.ts";
import { changelogKey } from "./logged_stores.ts";
import type { ManagedStore } from "../managed_store.ts";
import { SuffixedKey } from "../bytes/suffixed_key.ts";
import { getTime, putInt32, putTime } from "../../windows/time_bytes.ts";
import type { WindowEntry, WindowStore } from "../stores.ts";

/** A window store with its changelog. */
export class LoggedWindowStore<K, V> implements WindowStore<K, V>, ManagedStore {
  readonly name: string;
  lastTimestamp = -1;
  readonly #inner: BytesWindowKeyValueStore;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #context: ProcessorContext;
  readonly #changelog: ChangelogWriter | undefined;
  readonly #logKey = new SuffixedKey(WINDOW_SUFFIX_BYTES);

  constructor(
    name: string,
    inner: BytesWindowKeyValueStore,
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

  get(key: K, startMs: number): V | null {
    const found = this.#inner.get(this.#context.encoded.encodeKey(this.#key, key), startMs);
    if (found === undefined) return null;
    this.lastTimestamp = found.timestamp;
    return this.#value.decode(found.bytes, found.from, found.to);
  }

  put(key: K, startMs: number, value: V | null, timestamp: number): void {
    const context = this.#context;
    const keyBytes = context.encoded.encodeKey(this.#key, key);
    if (value === null) {
      this.#inner.delete(keyBytes, startMs);
      this.#changelog?.write(this.#changelogKey(keyBytes, startMs), null, 0, 0, timestamp);
      return;
    }
    // The aggregator may have changed the same object in place.
    context.encoded.forgetValue();
    const { bytes, from, to } = context.encoded.encodeValue(this.#value, value);
    if (!this.#inner.put(keyBytes, startMs, bytes, from, to, timestamp)) return;
    this.#changelog?.write(this.#changelogKey(keyBytes, startMs), bytes, from, to, timestamp);
  }

  fetch(key: K, fromMs: number, toMs: number): number {
    return this.#inner.fetch(this.#context.encoded.encodeKey(this.#key, key), fromMs, toMs);
  }

  startAt(i: number): number {
    return this.#inner.entry(i).startMs;
  }

  timestampAt(i: number): number {
    return this.#inner.entry(i).timestamp;
  }

  valueAt(i: number): V {
    const found = this.#inner.entry(i);
    return this.#value.decode(found.bytes, found.from, found.to);
  }

  entries(key: K | null, fromMs: number, toMs: number): WindowEntry<K, V>[] {
    const found = key === null ? this.#inner.fetchAll(fromMs, toMs) : this.fetch(key, fromMs, toMs);
    return Array.from({ length: found }, (_, i) => {
      const { keyBytes, keyFrom, keyTo, bytes, from, to, startMs, timestamp } = this.#inner.entry(i);
      return {
        key: this.#key.decode(keyBytes, keyFrom, keyTo),
        startMs,
        value: this.#value.decode(bytes, from, to),
        timestamp,
      };
    });
  }

  restore(records: RecordSet): void {
    for (let i = 0; i < records.count; i++) {
      const key = changelogKey(this.name, records, i, WINDOW_SUFFIX_BYTES);
      const startMs = getTime(records.bytes, key.to);
      if (records.valueStart[i]! < 0) this.#inner.delete(key, startMs);
      else {
        this.#inner.put(
          key,
          startMs,
          records.bytes,
          records.valueStart[i]!,
          records.valueEnd[i]!,
          records.timestamps[i]!,
        );
      }
    }
  }

  #changelogKey(key: KeyBytes, startMs: number): KeyBytes {
    const logKey = this.#logKey;
    const at = logKey.set(key);
    putInt32(logKey.bytes, putTime(logKey.bytes, at, startMs), 0);
    return logKey;
  }
}
