/**
 * HOT PATH. The session store with serdes and its changelog in front of the bytes.
 *
 * @module
 */
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { TIME_BYTES } from "../../windows/time_bytes.ts";
import type { BytesSessionStore } from "../bytes/bytes_windowed_stores.ts";
import { restoredTime, SESSION_SUFFIX_BYTES, SuffixedKey } from "../changelog_keys.ts";
import type { SessionEntry, SessionStore } from "../stores.ts";
import { LoggedBytesStore, type StoreParts } from "./logged_store.ts";

/** A session store with its changelog. */
export class LoggedSessionStore<K, V> extends LoggedBytesStore<BytesSessionStore, K, V>
  implements SessionStore<K, V> {
  readonly #logKey = new SuffixedKey();

  constructor(inner: BytesSessionStore, parts: StoreParts<K, V>) {
    super(inner, parts, SESSION_SUFFIX_BYTES);
  }

  get(key: K, startMs: number, endMs: number): V | null {
    const found = this.inner.get(this.encoded.encodeKey(this.keySerde, key), startMs, endMs);
    return found === undefined ? null : this.valueSerde.decode(found.bytes, found.from, found.to);
  }

  put(key: K, startMs: number, endMs: number, value: V | null, timestamp: number): void {
    const { encoded } = this;
    const keyBytes = encoded.encodeKey(this.keySerde, key);
    if (value === null) {
      this.inner.delete(keyBytes, startMs, endMs);
      this.changelog?.write(this.#logKey.ofSession(keyBytes, startMs, endMs), null, 0, 0, timestamp);
      return;
    }
    // The aggregator may have changed the same object in place.
    encoded.forgetValue();
    const { bytes, from, to } = encoded.encodeValue(this.valueSerde, value);
    if (!this.inner.put(keyBytes, startMs, endMs, bytes, from, to)) return;
    this.changelog?.write(this.#logKey.ofSession(keyBytes, startMs, endMs), bytes, from, to, timestamp);
  }

  find(key: K, earliestEnd: number, latestStart: number): number {
    return this.inner.find(this.encoded.encodeKey(this.keySerde, key), earliestEnd, latestStart);
  }

  startAt(i: number): number {
    return this.inner.entry(i).startMs;
  }

  endAt(i: number): number {
    return this.inner.entry(i).endMs;
  }

  valueAt(i: number): V {
    const found = this.inner.entry(i);
    return this.valueSerde.decode(found.bytes, found.from, found.to);
  }

  entries(key: K | null, fromMs: number, toMs: number): SessionEntry<K, V>[] {
    const found = key === null ? this.inner.findAll(fromMs, toMs) : this.find(key, fromMs, toMs);
    return Array.from({ length: found }, (_, i) => {
      const { keyBytes, keyFrom, keyTo, bytes, from, to, startMs, endMs } = this.inner.entry(i);
      return {
        key: this.keySerde.decode(keyBytes, keyFrom, keyTo),
        startMs,
        endMs,
        value: this.valueSerde.decode(bytes, from, to),
      };
    });
  }

  protected override restoreOne(key: KeyBytes, records: RecordSet, i: number): void {
    const { bytes, valueStart, valueEnd } = records;
    const endMs = restoredTime(this.name, records, i, key.to);
    const startMs = restoredTime(this.name, records, i, key.to + TIME_BYTES);
    const from = valueStart[i]!;
    if (from < 0) this.inner.delete(key, startMs, endMs);
    else this.inner.put(key, startMs, endMs, bytes, from, valueEnd[i]!);
  }
}
