/**
 * HOT PATH. Aggregates by key and sliding window, as Kafka Streams' `KStreamSlidingWindowAggregate` does. A
 * record has a left window, which ends with it, and a right one, which begins right after it; it also is in
 * the windows of its neighbours. A window is made when its first record comes, with what a window that
 * overlaps it has.
 *
 * @module
 */
import type { SlidingWindows } from "../windows/sliding_windows.ts";
import { Windowed } from "../windows/windowed.ts";
import type { WindowStore } from "../state/stores.ts";
import { Processor, type ProcessorInit } from "./processor.ts";
import type { WindowAggregation } from "./window_aggregate.ts";

const NO_TIME = -1;

/** Keeps an aggregate a window. Records without a key or value are dropped and counted. */
export class SlidingWindowAggregate<K, V, A> extends Processor<K, V> {
  readonly #storeName: string;
  readonly #aggregation: WindowAggregation<K, V, A>;
  readonly #differenceMs: number;
  readonly #graceMs: number;
  #store!: WindowStore<K, A>;
  #observedTime = -1;
  #closeTime = 0;
  /** The starts of the windows that were looked at for the record. */
  readonly #starts: number[] = [];
  /** The window with what a new right window of the record begins with; `null`: none. */
  #rightValue: A | null = null;
  #rightTimestamp = NO_TIME;
  /** The time of the key's record before this one, as far as it matters. */
  #previousTimestamp = NO_TIME;

  constructor(
    storeName: string,
    { timeDifferenceMs, graceMs }: SlidingWindows,
    aggregation: WindowAggregation<K, V, A>,
  ) {
    super();
    this.#storeName = storeName;
    this.#aggregation = aggregation;
    this.#differenceMs = timeDifferenceMs;
    this.#graceMs = graceMs;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#store = init.store<WindowStore<K, A>>(this.#storeName);
  }

  override process(key: K, value: V, timestamp: number): void {
    const { dropped } = this.context.stats;
    if (key === null || value === null) {
      dropped[key === null ? "null_key" : "null_value"]++;
      return;
    }
    if (timestamp > this.#observedTime) this.#observedTime = timestamp;
    this.#closeTime = this.#observedTime - this.#graceMs;
    if (timestamp + this.#differenceMs < this.#closeTime) {
      dropped.late++;
      return;
    }
    this.#starts.length = 0;
    this.#rightValue = null;
    this.#rightTimestamp = NO_TIME;
    this.#previousTimestamp = NO_TIME;
    if (timestamp < this.#differenceMs) this.#processEarly(key, value, timestamp);
    else this.#processUsual(key, value, timestamp);
  }

  #processUsual(key: K, value: V, timestamp: number): void {
    const store = this.#store;
    const differenceMs = this.#differenceMs;
    let leftExists = false;
    let rightExists = false;
    let leftValue: A | null = null;
    // From the latest window back, with the record's right window, if it is there, as the first.
    const found = store.fetch(key, Math.max(0, timestamp - 2 * differenceMs), timestamp + 1);
    for (let i = found - 1; i >= 0; i--) {
      const start = store.startAt(i);
      const end = start + differenceMs;
      const latest = store.timestampAt(i);
      this.#starts.push(start);
      if (start === timestamp + 1) rightExists = true;
      else if (end > timestamp) {
        if (this.#rightTimestamp === NO_TIME) {
          // An object of its own: the aggregator may change the one that it gets.
          this.#rightValue = store.valueAt(i);
          this.#rightTimestamp = latest;
        }
        this.#update(key, value, timestamp, start, store.valueAt(i), latest);
      } else if (end === timestamp) {
        leftExists = true;
        this.#update(key, value, timestamp, start, store.valueAt(i), latest);
        // Another record of this time has made all other windows.
        if (latest >= timestamp) return;
        this.#previousTimestamp = latest;
      } else {
        leftValue = store.valueAt(i);
        this.#previousTimestamp = latest;
        break;
      }
    }
    const previous = this.#previousTimestamp;
    if (
      previous !== NO_TIME && previous + 1 + differenceMs >= timestamp && !this.#starts.includes(previous + 1)
    ) {
      this.#create(key, value, timestamp, previous + 1, this.#aggregation.initializer());
    }
    if (!leftExists) {
      const notEmpty = previous !== NO_TIME && timestamp - differenceMs <= previous;
      const begin = notEmpty ? leftValue : this.#aggregation.initializer();
      this.#create(key, value, timestamp, timestamp - differenceMs, begin);
    }
    if (!rightExists) this.#createRight(key, timestamp);
  }

  /** A record whose left window would begin before time 0: all such are in the window from 0. */
  #processEarly(key: K, value: V, timestamp: number): void {
    const store = this.#store;
    let rightExists = false;
    let combined: A | null = null;
    let combinedTimestamp = NO_TIME;
    const found = store.fetch(key, 0, timestamp + 1);
    for (let i = 0; i < found; i++) {
      const start = store.startAt(i);
      const latest = store.timestampAt(i);
      this.#starts.push(start);
      if (start === 0) {
        combined = store.valueAt(i);
        combinedTimestamp = latest;
        // A record that is not earlier has made the right window of the one before.
        if (latest < timestamp) this.#previousTimestamp = latest;
        else if (latest > timestamp) {
          // All that is in it is later, unless another window says what is.
          this.#rightValue = store.valueAt(i);
          this.#rightTimestamp = latest;
        }
      } else if (start <= timestamp) {
        this.#rightValue = store.valueAt(i);
        this.#rightTimestamp = latest;
        this.#update(key, value, timestamp, start, store.valueAt(i), latest);
      } else rightExists = true;
    }
    if (!rightExists) this.#createRight(key, timestamp);
    const previous = this.#previousTimestamp;
    if (previous !== NO_TIME && !this.#starts.includes(previous + 1)) {
      this.#create(key, value, timestamp, previous + 1, this.#aggregation.initializer());
    }
    if (combinedTimestamp === NO_TIME) {
      this.#create(key, value, timestamp, 0, this.#aggregation.initializer());
    } else this.#update(key, value, timestamp, 0, combined, combinedTimestamp);
  }

  /** The window right after the record, when others of the key are in it already: the record is not. */
  #createRight(key: K, timestamp: number): void {
    const value = this.#rightValue;
    const latest = this.#rightTimestamp;
    if (latest <= timestamp) return;
    const start = timestamp + 1;
    this.#store.put(key, start, value, latest);
    this.forward(new Windowed(key, start, start + this.#differenceMs), value, latest, null);
  }

  /** A window that the record is the latest of. */
  #create(key: K, value: V, timestamp: number, start: number, begin: A | null): void {
    this.#update(key, value, timestamp, start, begin, timestamp);
  }

  #update(key: K, value: V, timestamp: number, start: number, old: A | null, oldTimestamp: number): void {
    const end = start + this.#differenceMs;
    if (end < this.#closeTime) {
      this.context.stats.dropped.late++;
      return;
    }
    const aggregate = this.#aggregation.aggregator(key, value, old);
    const latest = Math.max(timestamp, oldTimestamp);
    this.#store.put(key, start, aggregate, latest);
    this.forward(new Windowed(key, start, end), aggregate, latest, old);
  }
}
