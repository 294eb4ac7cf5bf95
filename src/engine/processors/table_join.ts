/**
 * HOT PATH. Joins with tables: a change or a record is joined with what the other table has for its key now.
 *
 * @module
 */
import { Processor, type ProcessorInit } from "./processor.ts";
import type { ValueGetter } from "./value_getter.ts";

/** Which side of which join: `right` is the table that a left join looks up. */
export type TableJoinSide = "inner" | "left" | "right" | "outer";

/** One side of a join of two tables; the rules are those of Kafka Streams' `KTableKTable…Join`. */
export class TableJoin<K, V, O, R> extends Processor<K, V> {
  readonly #side: TableJoinSide;
  readonly #other: ValueGetter<K, O>;
  readonly #joiner: (value: V | null, other: O | null, key: K) => R;
  readonly #sendOldValues: boolean;

  constructor(
    side: TableJoinSide,
    other: ValueGetter<K, O>,
    joiner: (value: V | null, other: O | null, key: K) => R,
    sendOldValues: boolean,
  ) {
    super();
    this.#side = side;
    this.#other = other;
    this.#joiner = joiner;
    this.#sendOldValues = sendOldValues;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#other.init(init);
  }

  override get resumable(): boolean {
    return true;
  }

  override process(key: K, value: V | null, timestamp: number, previous: V | null): void {
    if (key === null) {
      this.context.stats.dropped.null_key++;
      return;
    }
    const side = this.#side;
    const other = this.#other.get(key);
    let latest = timestamp;
    if (other !== null) latest = Math.max(timestamp, this.#other.timestamp);
    else if (side === "inner" || side === "right" || (value === null && previous === null)) return;
    // The key stays without a value of this side where the other one's is enough.
    const otherSuffices = side === "right" || (side === "outer" && other !== null);
    const next = value !== null || otherSuffices ? this.#joiner(value, other, key) : null;
    const old = this.#sendOldValues && (previous !== null || otherSuffices)
      ? this.#joiner(previous, other, key)
      : null;
    this.context.encoded.forgetValue();
    this.forward(key, next, latest, old);
  }
}

/** Joins a stream's records with a table. */
export class StreamTableJoin<K, V, O, R> extends Processor<K, V> {
  readonly #table: ValueGetter<K, O>;
  readonly #joiner: (value: V, other: O | null, key: K) => R;
  readonly #left: boolean;

  /** @param left Whether records go on without a value of the table too. */
  constructor(table: ValueGetter<K, O>, joiner: (value: V, other: O | null, key: K) => R, left: boolean) {
    super();
    this.#table = table;
    this.#joiner = joiner;
    this.#left = left;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#table.init(init);
  }

  override get resumable(): boolean {
    return true;
  }

  override process(key: K, value: V, timestamp: number): void {
    const { context } = this;
    if (value === null || (key === null && !this.#left)) {
      context.stats.dropped[key === null ? "null_key" : "null_value"]++;
      return;
    }
    const other = key === null ? null : this.#table.get(key);
    if (other === null && !this.#left) return;
    context.encoded.forgetValue();
    this.forward(key, this.#joiner(value, other, key), timestamp, null);
  }
}
