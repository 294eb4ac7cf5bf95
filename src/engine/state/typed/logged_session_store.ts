/**
 * HOT PATH. The session store with serdes and its changelog in front of the bytes. A changelog record's key is the store's key, the end
 * and the start of the session (8 bytes each, big-endian), as Kafka Streams' `SessionKeySchema` has it.
 *
 * @module
 */
import type { Serde } from "../../../serde/serde.ts";
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import type { ProcessorContext } from "../../record/processor_context.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import type { BytesSessionStore } from "../bytes/bytes_windowed_stores.ts";
import type { ChangelogWriter } from "../changelog.ts";
import { changelogKey } from "./logged_stores.ts";
import type { ManagedStore } from "../managed_store.ts";
import { SuffixedKey } from "../bytes/suffixed_key.ts";
import { getTime, putTime, TIME_BYTES } from "../../windows/time_bytes.ts";
import type { SessionEntry, SessionStore } from "../stores.ts";

/** A session store with its changelog. */
export class LoggedSessionStore<K, V> implements SessionStore<K, V>, ManagedStore {
  readonly name: string;
  readonly #inner: BytesSessionStore;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #context: ProcessorContext;
  readonly #changelog: ChangelogWriter | undefined;
  readonly #logKey = new SuffixedKey(2 * TIME_BYTES);

  constructor(
    name: string,
    inner: BytesSessionStore,
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

  get(key: K, startMs: number, endMs: number): V | null {
    const found = this.#inner.get(this.#context.encoded.encodeKey(this.#key, key), startMs, endMs);
    return found === undefined ? null : this.#value.decode(found.bytes, found.from, found.to);
  }

  put(key: K, startMs: number, endMs: number, value: V | null, timestamp: number): void {
    const context = this.#context;
    const keyBytes = context.encoded.encodeKey(this.#key, key);
    if (value === null) {
      this.#inner.delete(keyBytes, startMs, endMs);
      this.#changelog?.write(this.#changelogKey(keyBytes, startMs, endMs), null, 0, 0, timestamp);
      return;
    }
    // The aggregator may have changed the same object in place.
    context.encoded.forgetValue();
    const { bytes, from, to } = context.encoded.encodeValue(this.#value, value);
    if (!this.#inner.put(keyBytes, startMs, endMs, bytes, from, to)) return;
    this.#changelog?.write(this.#changelogKey(keyBytes, startMs, endMs), bytes, from, to, timestamp);
  }

  find(key: K, earliestEnd: number, latestStart: number): number {
    return this.#inner.find(this.#context.encoded.encodeKey(this.#key, key), earliestEnd, latestStart);
  }

  startAt(i: number): number {
    return this.#inner.entry(i).startMs;
  }

  endAt(i: number): number {
    return this.#inner.entry(i).endMs;
  }

  valueAt(i: number): V {
    const found = this.#inner.entry(i);
    return this.#value.decode(found.bytes, found.from, found.to);
  }

  entries(key: K | null, fromMs: number, toMs: number): SessionEntry<K, V>[] {
    const found = key === null ? this.#inner.findAll(fromMs, toMs) : this.find(key, fromMs, toMs);
    return Array.from({ length: found }, (_, i) => {
      const { keyBytes, keyFrom, keyTo, bytes, from, to, startMs, endMs } = this.#inner.entry(i);
      return {
        key: this.#key.decode(keyBytes, keyFrom, keyTo),
        startMs,
        endMs,
        value: this.#value.decode(bytes, from, to),
      };
    });
  }

  restore(records: RecordSet): void {
    for (let i = 0; i < records.count; i++) {
      const key = changelogKey(this.name, records, i, 2 * TIME_BYTES);
      const endMs = getTime(records.bytes, key.to);
      const startMs = getTime(records.bytes, key.to + TIME_BYTES);
      const from = records.valueStart[i]!;
      if (from < 0) this.#inner.delete(key, startMs, endMs);
      else this.#inner.put(key, startMs, endMs, records.bytes, from, records.valueEnd[i]!);
    }
  }

  #changelogKey(key: KeyBytes, startMs: number, endMs: number): KeyBytes {
    const logKey = this.#logKey;
    const at = logKey.set(key);
    putTime(logKey.bytes, putTime(logKey.bytes, at, endMs), startMs);
    return logKey;
  }
}
