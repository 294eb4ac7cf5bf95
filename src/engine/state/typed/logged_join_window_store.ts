/**
 * HOT PATH. One side of a stream–stream join, with serdes and its changelog in front of the bytes.
 *
 * @module
 */
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import type { BytesWindowStore } from "../bytes/bytes_store.ts";
import { restoredTime, SuffixedKey, WINDOW_SUFFIX_BYTES, windowSequence } from "../changelog_keys.ts";
import type { JoinWindowStore } from "../stores.ts";
import { LoggedBytesStore, type StoreParts } from "./logged_store.ts";

/** One side of a join with its changelog. */
export class LoggedJoinWindowStore<K, V> extends LoggedBytesStore<BytesWindowStore, K, V>
  implements JoinWindowStore<K, V> {
  readonly #logKey = new SuffixedKey();
  /**
   * The number of the last entry, restored ones too: compaction must never take a new entry for one of them.
   */
  #sequence = 0;

  constructor(inner: BytesWindowStore, parts: StoreParts<K, V>) {
    super(inner, parts, WINDOW_SUFFIX_BYTES);
    if (inner.lastSequence !== undefined) this.#sequence = Math.max(0, inner.lastSequence);
  }

  put(key: K, value: V, timestamp: number): boolean {
    const { encoded, changelog } = this;
    const keyBytes = encoded.encodeKey(this.keySerde, key);
    const { bytes, from, to } = encoded.encodeValue(this.valueSerde, value);
    if (changelog === undefined) return this.inner.put(keyBytes, timestamp, bytes, from, to);
    const sequence = (this.#sequence + 1) & 0x7fffffff;
    if (!this.inner.put(keyBytes, timestamp, bytes, from, to, sequence)) return false;
    this.#sequence = sequence;
    changelog.write(this.#logKey.ofWindow(keyBytes, timestamp, sequence), bytes, from, to, timestamp);
    return true;
  }

  fetch(key: K, from: number, to: number): number {
    return this.inner.fetch(this.encoded.encodeKey(this.keySerde, key), from, to);
  }

  timestampAt(i: number): number {
    return this.inner.entry(i).timestamp;
  }

  valueAt(i: number): V {
    const found = this.inner.entry(i);
    return this.valueSerde.decode(found.bytes, found.from, found.to);
  }

  protected override restoreOne(key: KeyBytes, records: RecordSet, i: number): void {
    const { bytes, valueStart, valueEnd } = records;
    const from = valueStart[i]!;
    if (from < 0) return;
    const sequence = windowSequence(bytes, key.to);
    this.#sequence = Math.max(this.#sequence, sequence);
    this.inner.put(key, restoredTime(this.name, records, i, key.to), bytes, from, valueEnd[i]!, sequence);
  }
}
