/**
 * HOT PATH. Aggregates by key and window of a fixed place, as Kafka Streams' `KStreamWindowAggregate` does:
 * every window that a record is in and that is not closed gets the record, in the order of the windows'
 * starts.
 *
 * @module
 */
import { Windowed } from "../windows/windowed.ts";
import type { TimeWindows } from "../windows/time_windows.ts";
import type { WindowStore } from "../state/stores.ts";
import { Processor, type ProcessorInit } from "./processor.ts";

/** What a windowed aggregation does with a value: makes the new aggregate of the old one. */
export interface WindowAggregation<K, V, A> {
  /** What a new window begins with. */
  readonly initializer: () => A | null;
  /** Makes the new aggregate of a value and the old one; `null` removes the window's value. */
  readonly aggregator: (key: K, value: V, aggregate: A | null) => A | null;
}

/**
 * Keeps an aggregate a window. Records without a key are dropped and counted; one without a value is
 * aggregated as Kafka Streams does.
 */
export class WindowAggregate<K, V, A> extends Processor<K, V> {
  readonly #storeName: string;
  readonly #aggregation: WindowAggregation<K, V, A>;
  readonly #sizeMs: number;
  readonly #advanceMs: number;
  readonly #graceMs: number;
  #store!: WindowStore<K, A>;
  #observedTime = -1;
  /**
   * The last key that went out: records of one key mostly come in runs, and an equal one need not be encoded
   * again.
   */
  #lastKey: Windowed<K> | undefined;

  constructor(
    storeName: string,
    { sizeMs, advanceMs, graceMs }: TimeWindows,
    aggregation: WindowAggregation<K, V, A>,
  ) {
    super();
    this.#storeName = storeName;
    this.#aggregation = aggregation;
    this.#sizeMs = sizeMs;
    this.#advanceMs = advanceMs;
    this.#graceMs = graceMs;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#store = init.store<WindowStore<K, A>>(this.#storeName);
  }

  override process(key: K, value: V, timestamp: number): void {
    const { dropped } = this.context.stats;
    if (key === null) {
      dropped.null_key++;
      return;
    }
    if (timestamp > this.#observedTime) this.#observedTime = timestamp;
    const closeTime = this.#observedTime - this.#graceMs;
    const advanceMs = this.#advanceMs;
    let start = Math.floor(Math.max(0, timestamp - this.#sizeMs + advanceMs) / advanceMs) * advanceMs;
    for (; start <= timestamp; start += advanceMs) {
      if (start + this.#sizeMs > closeTime) this.#update(key, value, timestamp, start);
      else dropped.late++;
    }
  }

  #update(key: K, value: V, timestamp: number, start: number): void {
    const store = this.#store;
    const { initializer, aggregator } = this.#aggregation;
    let latest = timestamp;
    let old = store.get(key, start);
    if (old === null) old = initializer();
    else if (store.lastTimestamp > timestamp) latest = store.lastTimestamp;
    const aggregate = aggregator(key, value, old);
    store.put(key, start, aggregate, latest);
    let windowed = this.#lastKey;
    if (windowed === undefined || windowed.key !== key || windowed.startMs !== start) {
      this.#lastKey = windowed = new Windowed(key, start, start + this.#sizeMs);
    }
    this.forward(windowed, aggregate, latest, old);
  }
}
