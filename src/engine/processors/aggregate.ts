/**
 * HOT PATH. Aggregates by key: the new value goes to the store and on as the table's change.
 *
 * @module
 */
import { CachedKeyValueStore } from "../state/typed/cached_key_value_store.ts";
import type { KeyValueStore } from "../state/stores.ts";
import { Processor, type ProcessorInit } from "./processor.ts";

/**
 * What {@linkcode Aggregate} does with a value: makes the new aggregate of the old one, or of the initial
 * one.
 */
export type Aggregation<K, V, A> = (key: K, value: V, aggregate: A) => A | null;

/** Aggregates the values of each key; its timestamp is the latest of its records. */
export class Aggregate<K, V, A> extends Processor<K, V> {
  readonly #storeName: string;
  readonly #initializer: () => A;
  readonly #aggregation: Aggregation<K, V, A>;
  #store!: KeyValueStore<K, A>;
  /** The store, when it is one that sends changes on by itself. */
  #cached: CachedKeyValueStore<K, A> | undefined;

  constructor(storeName: string, initializer: () => A, aggregation: Aggregation<K, V, A>) {
    super();
    this.#storeName = storeName;
    this.#initializer = initializer;
    this.#aggregation = aggregation;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#store = init.store<KeyValueStore<K, A>>(this.#storeName);
    if (this.#store instanceof CachedKeyValueStore) {
      this.#cached = this.#store as CachedKeyValueStore<K, A>;
      this.#cached.onFlush((key, value, timestamp, previous) =>
        this.forward(key, value, timestamp, previous)
      );
    }
  }

  /** With a cache it forwards from the middle of a commit too. */
  override get resumable(): boolean {
    return this.#cached === undefined;
  }

  override process(key: K, value: V, timestamp: number): void {
    if (key === null || value === null) {
      this.context.stats.dropped[key === null ? "null_key" : "null_value"]++;
      return;
    }
    const store = this.#store;
    const kept = store.get(key);
    const latest = kept !== null && store.lastTimestamp > timestamp ? store.lastTimestamp : timestamp;
    // As in Kafka Streams, what the first aggregate replaces is the initial one.
    const old = kept === null ? this.#initializer() : kept;
    const aggregate = this.#aggregation(key, value, old);
    if (this.#cached !== undefined) {
      // A removal has no time but that of its record, as in Kafka Streams.
      this.#cached.put(key, aggregate, aggregate === null ? timestamp : latest);
      return;
    }
    store.put(key, aggregate, latest);
    this.forward(key, aggregate, latest, old);
  }
}
