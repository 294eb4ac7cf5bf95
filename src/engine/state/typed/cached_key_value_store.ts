/**
 * HOT PATH. A cache in front of an aggregate's store: what changes is written and sent on when it is flushed,
 * and only the last change of a key. Order and sizes are those of Kafka Streams (its `CachingKeyValueStore`,
 * `NamedCache` and `ThreadCache`); where it evicts otherwise, {@linkcode CachedKeyValueStore} says so.
 *
 * @module
 */
import type { Serde } from "../../../serde/serde.ts";
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import type { ProcessorContext } from "../../record/processor_context.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { CacheEntries, DirtyEntries, NO_ID } from "./cache_entries.ts";
import type { LoggedKeyValueStore } from "./logged_key_value_store.ts";
import type { ManagedStore } from "../managed_store.ts";
import type { KeyValueStore } from "../stores.ts";

/** A cache that shares a budget with others. */
export interface BudgetSharer {
  /** Takes out what was used longest ago, unless that is changed. Returns whether it did. */
  evictClean(): boolean;
}

/** What all caches of an instance share: how much they may hold. */
export class CacheBudget {
  /** How much all caches together may hold, in bytes. */
  readonly maxBytes: number;
  /** Bytes held now, by Kafka Streams' estimates. */
  bytes = 0;
  readonly #sharers: BudgetSharer[] = [];
  #next = 0;

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes;
  }

  add(sharer: BudgetSharer): void {
    this.#sharers.push(sharer);
  }

  remove(sharer: BudgetSharer): void {
    const at = this.#sharers.indexOf(sharer);
    if (at >= 0) this.#sharers.splice(at, 1);
  }

  /** Lets a cache take out an unchanged entry. Returns false when none has one at its end. */
  evictClean(): boolean {
    const sharers = this.#sharers;
    for (let tries = sharers.length; tries > 0; tries--) {
      if (this.#next >= sharers.length) this.#next = 0;
      if (sharers[this.#next]!.evictClean()) return true;
      this.#next++;
    }
    return false;
  }
}

/** Told of a change when it is flushed, with the value that the store had before. */
export type FlushListener<K, V> = (key: K, value: V | null, timestamp: number, previous: V | null) => void;

/** One aggregate's store with its cache; all caches of an instance share a budget. */
export class CachedKeyValueStore<K, V> implements KeyValueStore<K, V>, ManagedStore, BudgetSharer {
  readonly name: string;
  lastTimestamp = -1;
  readonly #inner: LoggedKeyValueStore<K, V>;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  readonly #context: ProcessorContext;
  readonly #budget: CacheBudget;
  readonly #entries = new CacheEntries();
  /** Copies of what is being flushed: one for each flush within a flush. */
  readonly #flushes: DirtyEntries[] = [];
  #depth = 0;
  /** What the cache holds by Kafka Streams' estimates, in bytes. */
  #estimate = 0;
  /** What was put last, as an object, as long as its entry is in the cache. */
  #lastId = NO_ID;
  #lastKey: K | undefined;
  #lastValue: V | null = null;
  #lastPutTimestamp = -1;
  #listener: FlushListener<K, V> = () => {};

  constructor(
    inner: LoggedKeyValueStore<K, V>,
    key: Serde<K>,
    value: Serde<V>,
    context: ProcessorContext,
    budget: CacheBudget,
  ) {
    this.name = inner.name;
    this.#inner = inner;
    this.#key = key;
    this.#value = value;
    this.#context = context;
    this.#budget = budget;
    budget.add(this);
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
    return this.#inner.bytes + this.#entries.bytes;
  }

  get memoryBytes(): number {
    return this.#inner.memoryBytes + this.#entries.bytes;
  }

  get(key: K): V | null {
    if (key === this.#lastKey) {
      this.#entries.use(this.#lastId);
      this.lastTimestamp = this.#lastPutTimestamp;
      return this.#lastValue;
    }
    const entries = this.#entries;
    const keyBytes = this.#context.encoded.encodeKey(this.#key, key);
    const id = entries.find(keyBytes);
    if (id !== NO_ID) {
      entries.use(id);
      const length = entries.valueLength(id);
      if (length < 0) return null;
      this.lastTimestamp = entries.timestamp(id);
      const from = entries.keyTo(id);
      return this.#value.decode(entries.chunk(id), from, from + length);
    }
    const found = this.#inner.getBytes(keyBytes);
    if (found === undefined) return null;
    this.lastTimestamp = found.timestamp;
    const value = this.#value.decode(found.bytes, found.from, found.to);
    this.#count(entries.put(keyBytes, found.bytes, found.from, found.to, found.timestamp, undefined));
    return value;
  }

  put(key: K, value: V | null, timestamp: number): void {
    const context = this.#context;
    const keyBytes = context.encoded.encodeKey(this.#key, key);
    let grown: number;
    if (value === null) {
      this.#lastKey = undefined;
      grown = this.#entries.put(keyBytes, null, 0, 0, timestamp, context.origin);
    } else {
      // The aggregator may have changed the same object in place.
      context.encoded.forgetValue();
      const { bytes, from, to } = context.encoded.encodeValue(this.#value, value);
      this.#lastKey = key;
      this.#lastValue = value;
      this.#lastPutTimestamp = timestamp;
      grown = this.#entries.put(keyBytes, bytes, from, to, timestamp, context.origin);
      this.#lastId = this.#entries.latest;
    }
    this.#count(grown);
  }

  entries(limit: number = Infinity): { key: K; value: V; timestamp: number }[] {
    const found: { key: K; value: V; timestamp: number }[] = [];
    const cached = this.#entries;
    for (let id = cached.oldest; id !== NO_ID; id = cached.usedAfter(id)) {
      if (found.length >= limit) return found;
      const length = cached.valueLength(id);
      if (length < 0) continue;
      const [chunk, keyTo] = [cached.chunk(id), cached.keyTo(id)];
      found.push({
        key: this.#key.decode(chunk, cached.keyFrom(id), keyTo),
        value: this.#value.decode(chunk, keyTo, keyTo + length),
        timestamp: cached.timestamp(id),
      });
    }
    for (const entry of this.#inner.entries()) {
      if (found.length >= limit) return found;
      if (cached.find(this.#context.encoded.encodeKey(this.#key, entry.key)) === NO_ID) found.push(entry);
    }
    return found;
  }

  restore(records: RecordSet): void {
    this.#inner.restore(records);
  }

  forget(): void {
    this.#lastKey = undefined;
    this.#inner.forget();
  }

  /**
   * Writes and sends on all changes, in the order of the keys' last changes. Returns whether there were any.
   */
  flush(): boolean {
    return this.#flush(NO_ID);
  }

  /** Drops what it holds: the task is not used any more. */
  close(): void {
    this.#budget.remove(this);
    this.#budget.bytes -= this.#estimate;
    this.#estimate = 0;
  }

  evictClean(): boolean {
    const id = this.#entries.oldest;
    if (id === NO_ID || this.#entries.isDirty(id)) return false;
    this.#remove(id);
    return true;
  }

  /**
   * @param evicted A changed entry that is to leave the cache: it goes first. What was put last stays then,
   * as the same record may change it again: a frame's hits come out together.
   */
  #flush(evicted: number): boolean {
    const changed = this.#flushes[this.#depth] ??= new DirtyEntries();
    // Noted as clean before anything is sent on: what follows may come back to this store.
    this.#entries.takeDirty(changed, evicted, evicted === NO_ID ? NO_ID : this.#entries.latest);
    if (evicted !== NO_ID) this.#remove(evicted);
    if (changed.count === 0) return false;
    this.#depth++;
    try {
      for (let i = 0; i < changed.count; i++) this.#sendOn(changed, i);
    } finally {
      this.#depth--;
      this.#context.encoded.forgetKey();
      this.#context.encoded.forgetValue();
    }
    for (let i = 0; i < changed.count; i++) {
      if (changed.valueLength[i]! < 0) this.#removeClean(changed.key(i));
    }
    return true;
  }

  #sendOn(changed: DirtyEntries, i: number): void {
    const inner = this.#inner;
    const keyBytes = changed.key(i);
    const found = inner.getBytes(keyBytes);
    const length = changed.valueLength[i]!;
    // Neither there before nor now: nobody has seen it.
    if (length < 0 && found === undefined) return;
    const previous = found === undefined ? null : this.#value.decode(found.bytes, found.from, found.to);
    const timestamp = changed.timestamp[i]!;
    const { encoded, origin } = this.#context;
    const before = origin.goTo({
      topic: changed.topic[i],
      offset: changed.offset[i]!,
      headers: changed.headers[i]!,
    });
    try {
      const { bytes, to } = keyBytes;
      const key = this.#key.decode(bytes, keyBytes.from, to);
      encoded.knowKey(this.#key, key, keyBytes);
      if (length < 0) {
        inner.putBytes(keyBytes, null, 0, 0, timestamp);
        this.#listener(key, null, timestamp, previous);
      } else {
        inner.putBytes(keyBytes, bytes, to, to + length, timestamp);
        const value = this.#value.decode(bytes, to, to + length);
        encoded.knowValue(this.#value, value, bytes, to, to + length);
        this.#listener(key, value, timestamp, previous);
      }
    } finally {
      origin.goTo(before);
    }
  }

  /**
   * Adds to the estimate, and evicts as long as the instance's caches hold too much. A change is sent on
   * early only when no cache has anything else to give: Kafka Streams looks at this cache alone, so that one
   * that comes late, when others hold all that there is, sends on each change.
   */
  #count(grown: number): void {
    const budget = this.#budget;
    this.#estimate += grown;
    budget.bytes += grown;
    while (budget.bytes > budget.maxBytes && this.#entries.size > 0) {
      if (!this.evictClean() && !budget.evictClean()) this.#flush(this.#entries.oldest);
    }
  }

  #removeClean(key: KeyBytes): void {
    const id = this.#entries.find(key);
    if (id !== NO_ID && !this.#entries.isDirty(id)) this.#remove(id);
  }

  #remove(id: number): void {
    const estimate = this.#entries.estimate(id);
    this.#estimate -= estimate;
    this.#budget.bytes -= estimate;
    this.#entries.remove(id);
    if (id === this.#lastId) this.#lastKey = undefined;
  }
}
