/**
 * HOT PATH. The window store with serdes and its changelog in front of the bytes. A changelog record's value
 * is the value, its timestamp the value's.
 *
 * @module
 */
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import type { BytesWindowKeyValueStore } from "../bytes/bytes_windowed_stores.ts";
import { restoredTime, SuffixedKey, WINDOW_SUFFIX_BYTES } from "../changelog_keys.ts";
import type { WindowEntry, WindowStore } from "../stores.ts";
import { LoggedBytesStore, type StoreParts } from "./logged_store.ts";

/** A window store with its changelog. */
export class LoggedWindowStore<K, V> extends LoggedBytesStore<BytesWindowKeyValueStore, K, V>
  implements WindowStore<K, V> {
  lastTimestamp = -1;
  readonly #logKey = new SuffixedKey();

  constructor(inner: BytesWindowKeyValueStore, parts: StoreParts<K, V>) {
    super(inner, parts, WINDOW_SUFFIX_BYTES);
  }

  get(key: K, startMs: number): V | null {
    const found = this.inner.get(this.encoded.encodeKey(this.keySerde, key), startMs);
    if (found === undefined) return null;
    this.lastTimestamp = found.timestamp;
    return this.valueSerde.decode(found.bytes, found.from, found.to);
  }

  put(key: K, startMs: number, value: V | null, timestamp: number): void {
    const { encoded } = this;
    const keyBytes = encoded.encodeKey(this.keySerde, key);
    if (value === null) {
      this.inner.delete(keyBytes, startMs);
      this.changelog?.write(this.#logKey.ofWindow(keyBytes, startMs, 0), null, 0, 0, timestamp);
      return;
    }
    // The aggregator may have changed the same object in place.
    encoded.forgetValue();
    const { bytes, from, to } = encoded.encodeValue(this.valueSerde, value);
    if (!this.inner.put(keyBytes, startMs, bytes, from, to, timestamp)) return;
    this.changelog?.write(this.#logKey.ofWindow(keyBytes, startMs, 0), bytes, from, to, timestamp);
  }

  fetch(key: K, fromMs: number, toMs: number): number {
    return this.inner.fetch(this.encoded.encodeKey(this.keySerde, key), fromMs, toMs);
  }

  startAt(i: number): number {
    return this.inner.entry(i).startMs;
  }

  timestampAt(i: number): number {
    return this.inner.entry(i).timestamp;
  }

  valueAt(i: number): V {
    const found = this.inner.entry(i);
    return this.valueSerde.decode(found.bytes, found.from, found.to);
  }

  entries(key: K | null, fromMs: number, toMs: number): WindowEntry<K, V>[] {
    const found = key === null ? this.inner.fetchAll(fromMs, toMs) : this.fetch(key, fromMs, toMs);
    return Array.from({ length: found }, (_, i) => {
      const { keyBytes, keyFrom, keyTo, bytes, from, to, startMs, timestamp } = this.inner.entry(i);
      return {
        key: this.keySerde.decode(keyBytes, keyFrom, keyTo),
        startMs,
        value: this.valueSerde.decode(bytes, from, to),
        timestamp,
      };
    });
  }

  protected override restoreOne(key: KeyBytes, records: RecordSet, i: number): void {
    const { bytes, valueStart, valueEnd, timestamps } = records;
    const startMs = restoredTime(this.name, records, i, key.to);
    const from = valueStart[i]!;
    if (from < 0) this.inner.delete(key, startMs);
    else this.inner.put(key, startMs, bytes, from, valueEnd[i]!, timestamps[i]!);
  }
}
