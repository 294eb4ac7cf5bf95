/**
 * HOT PATH. The key-value store with serdes and its changelog in front of the bytes.
 *
 * @module
 */
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import type { BytesKeyValueStore, ValueBytes } from "../bytes/bytes_store.ts";
import type { KeyValueStore } from "../stores.ts";
import { LoggedBytesStore, type StoreParts } from "./logged_store.ts";

/** A key-value store with its changelog. */
export class LoggedKeyValueStore<K, V> extends LoggedBytesStore<BytesKeyValueStore, K, V>
  implements KeyValueStore<K, V> {
  lastTimestamp = -1;
  /**
   * What was put last, as an object: hits of one frame come one after the other, and need no decoding in
   * between.
   */
  #lastKey: K | undefined;
  #lastValue: V | null = null;
  #lastPutTimestamp = -1;

  constructor(inner: BytesKeyValueStore, parts: StoreParts<K, V>) {
    super(inner, parts, 0);
  }

  get(key: K): V | null {
    if (key === this.#lastKey) {
      this.lastTimestamp = this.#lastPutTimestamp;
      return this.#lastValue;
    }
    const found = this.inner.get(this.encoded.encodeKey(this.keySerde, key));
    if (found === undefined) return null;
    this.lastTimestamp = found.timestamp;
    return this.valueSerde.decode(found.bytes, found.from, found.to);
  }

  put(key: K, value: V | null, timestamp: number): void {
    const { encoded } = this;
    const keyBytes = encoded.encodeKey(this.keySerde, key);
    if (value === null) {
      this.inner.delete(keyBytes);
      this.changelog?.write(keyBytes, null, 0, 0, timestamp);
      this.#lastKey = undefined;
      return;
    }
    // The aggregator may have changed the same object in place.
    encoded.forgetValue();
    const { bytes, from, to } = encoded.encodeValue(this.valueSerde, value);
    this.inner.put(keyBytes, bytes, from, to, timestamp);
    this.changelog?.write(keyBytes, bytes, from, to, timestamp);
    this.#lastKey = key;
    this.#lastValue = value;
    this.#lastPutTimestamp = timestamp;
  }

  /**
   * The bytes of a key's value, without a serde; `undefined` when there is none. Valid until the next call.
   */
  getBytes(key: KeyBytes): ValueBytes | undefined {
    return this.inner.get(key);
  }

  /** Sets a key's value, or with `null` removes the key, without a serde. */
  putBytes(key: KeyBytes, value: Uint8Array | null, from: number, to: number, timestamp: number): void {
    if (value === null) this.inner.delete(key);
    else this.inner.put(key, value, from, to, timestamp);
    this.changelog?.write(key, value, from, to, timestamp);
    this.#lastKey = undefined;
  }

  forget(): void {
    this.#lastKey = undefined;
  }

  entries(limit: number = Infinity): { key: K; value: V; timestamp: number }[] {
    const entries: { key: K; value: V; timestamp: number }[] = [];
    this.inner.forEach((key, value, timestamp) => {
      if (entries.length >= limit) return false;
      entries.push({
        key: this.keySerde.decode(key, 0, key.length),
        value: this.valueSerde.decode(value, 0, value.length),
        timestamp,
      });
    });
    return entries;
  }

  override restore(records: RecordSet): void {
    super.restore(records);
    this.#lastKey = undefined;
  }

  protected override restoreOne(
    key: KeyBytes,
    { bytes, valueStart, valueEnd, timestamps }: RecordSet,
    i: number,
  ): void {
    const from = valueStart[i]!;
    if (from < 0) this.inner.delete(key);
    else this.inner.load(key, bytes, from, valueEnd[i]!, timestamps[i]!);
  }
}
