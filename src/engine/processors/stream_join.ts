/**
 * HOT PATH. The inner join of two streams within a window of time. Each side looks the record up among the
 * other side's, and is kept for the other side to find.
 *
 * @module
 */
import type { JoinWindowStore } from "../state/stores.ts";
import { FanOut } from "./fan_out.ts";
import type { ProcessorInit } from "./processor.ts";

/** Hands a record to the join, then keeps it for the other side. */
export class JoinWindowed<K, V> extends FanOut<K, V> {
  readonly #storeName: string;
  #store!: JoinWindowStore<K, V>;

  constructor(storeName: string) {
    super();
    this.#storeName = storeName;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#store = init.store<JoinWindowStore<K, V>>(this.#storeName);
  }

  override process(key: K, value: V, timestamp: number): void {
    this.forward(key, value, timestamp, null);
    if (this.context.pauses.any) return this.pause(key, value, timestamp);
    this.goOn(key, value, timestamp);
  }

  protected override goOn(key: K, value: V, timestamp: number): void {
    // Counted by the join already.
    if (key === null || value === null) return;
    if (!this.#store.put(key, value, timestamp)) this.context.stats.dropped.late++;
  }
}

/** One side of the join: joins its records with those of the other side's store. */
export class StreamJoin<K, V, O, R> extends FanOut<K, V> {
  readonly #otherStoreName: string;
  readonly #beforeMs: number;
  readonly #afterMs: number;
  readonly #joiner: (value: V, other: O, key: K) => R;
  #other!: JoinWindowStore<K, O>;
  /** How many of the other side's records the current one has found, and which is next. */
  #found = 0;
  #next = 0;

  /**
   * @param beforeMs How much earlier than this side's record the other one may be, in ms.
   * @param afterMs How much later, in ms.
   */
  constructor(
    otherStoreName: string,
    beforeMs: number,
    afterMs: number,
    joiner: (value: V, other: O, key: K) => R,
  ) {
    super();
    this.#otherStoreName = otherStoreName;
    this.#beforeMs = beforeMs;
    this.#afterMs = afterMs;
    this.#joiner = joiner;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#other = init.store<JoinWindowStore<K, O>>(this.#otherStoreName);
  }

  override process(key: K, value: V, timestamp: number): void {
    const { context } = this;
    if (key === null || value === null) {
      context.stats.dropped[key === null ? "null_key" : "null_value"]++;
      return;
    }
    const found = this.#other.fetch(
      key,
      Math.max(0, timestamp - this.#beforeMs),
      Math.max(0, timestamp + this.#afterMs),
    );
    if (found === 0) return;
    if (found === 1) return this.#join(0, key, value, timestamp);
    this.#found = found;
    this.#next = 0;
    this.goOn(key, value, timestamp);
  }

  /** What was found stays so: this side's records are put into the other store. */
  protected override goOn(key: K, value: V, timestamp: number): void {
    const found = this.#found;
    // In a field, so that nothing is forwarded twice when a step throws and is tried again.
    for (; this.#next < found; this.#next++) {
      if (this.#next > 0 && this.pausing) return this.pause(key, value, timestamp);
      this.#join(this.#next, key, value, timestamp);
    }
  }

  #join(i: number, key: K, value: V, timestamp: number): void {
    const other = this.#other;
    // Read before forwarding: what follows may use the store again.
    const otherTimestamp = other.timestampAt(i);
    const joined = this.#joiner(value, other.valueAt(i), key);
    // The joiner may have changed the record's value in place, which may be encoded already.
    this.context.encoded.forgetValue();
    this.forward(key, joined, otherTimestamp > timestamp ? otherTimestamp : timestamp, null);
  }
}
