/**
 * HOT PATH. Aggregates by key: the new value goes to the store and on as the table's change.
 *
 * @module
 */
import type { KeyValueStore } from "../state/store.ts";
import { Processor, type ProcessorInit } from "./processor.ts";

/** What {@linkcode Aggregate} does with a value: makes the new aggregate of the old one, `null` when there is none. */
export type Aggregation<K, V, A> = (key: K, value: V, aggregate: A | null) => A | null;

/** Aggregates the values of each key; its timestamp is the latest of its records. */
export class Aggregate<K, V, A> extends Processor<K, V> {
  readonly #storeName: string;
  readonly #aggregation: Aggregation<K, V, A>;
  #store!: KeyValueStore<K, A>;

  constructor(storeName: string, aggregation: Aggregation<K, V, A>) {
    super();
    this.#storeName = storeName;
    this.#aggregation = aggregation;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#store = init.store<KeyValueStore<K, A>>(this.#storeName);
  }

  override process(key: K, value: V, timestamp: number): void {
    if (key === null || value === null) {
      this.context.stats.dropped[key === null ? "null_key" : "null_value"]++;
      return;
    }
    const store = this.#store;
    const old = store.get(key);
    const latest = old !== null && store.lastTimestamp > timestamp ? store.lastTimestamp : timestamp;
    const aggregate = this.#aggregation(key, value, old);
    store.put(key, aggregate, latest);
    this.forward(key, aggregate, latest, old);
  }
}
