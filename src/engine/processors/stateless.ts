/**
 * HOT PATH. The steps without state.
 *
 * @module
 */
import { IterableFanOut } from "./fan_out.ts";
import { Processor } from "./processor.ts";

/** Hands on what it gets: the merge of a join, a table's stream. */
export class PassThrough<K, V> extends Processor<K, V> {
  override get resumable(): boolean {
    return true;
  }
  override process(key: K, value: V, timestamp: number, previous: V | null): void {
    this.forward(key, value, timestamp, previous);
  }
}

/** A table's changes as a stream: the previous values are of no use there. */
export class TableToStream<K, V> extends Processor<K, V> {
  override get resumable(): boolean {
    return true;
  }
  override process(key: K, value: V, timestamp: number): void {
    this.forward(key, value, timestamp, null);
  }
}

/** Replaces the value. */
export class MapValues<K, V, R> extends Processor<K, V> {
  readonly #mapper: (value: V, key: K) => R;
  constructor(mapper: (value: V, key: K) => R) {
    super();
    this.#mapper = mapper;
  }
  override get resumable(): boolean {
    return true;
  }
  override process(key: K, value: V, timestamp: number): void {
    this.context.encoded.forgetValue();
    this.forward(key, this.#mapper(value, key), timestamp, null);
  }
}

/** Replaces the value by several, or none. */
export class FlatMapValues<K, V, R> extends IterableFanOut<K, V, R> {
  readonly #mapper: (value: V, key: K) => Iterable<R>;

  constructor(mapper: (value: V, key: K) => Iterable<R>) {
    super();
    this.#mapper = mapper;
  }

  override process(key: K, value: V, timestamp: number): void {
    const values = this.#mapper(value, key);
    if (!Array.isArray(values)) return this.begin(values, 0, key, value, timestamp);
    // Without an iterator, as long as nothing pauses.
    for (let i = 0; i < values.length; i++) {
      if (i > 0 && this.pausing) return this.begin(values, i, key, value, timestamp);
      this.forwardEach(key, values[i], timestamp);
    }
  }

  protected override forwardEach(key: K, each: R, timestamp: number): void {
    this.context.encoded.forgetValue();
    this.forward(key, each, timestamp, null);
  }
}

/** Lets through what the predicate says. */
export class Filter<K, V> extends Processor<K, V> {
  readonly #predicate: (key: K, value: V) => boolean;
  readonly #wanted: boolean;
  constructor(predicate: (key: K, value: V) => boolean, wanted: boolean) {
    super();
    this.#predicate = predicate;
    this.#wanted = wanted;
  }
  override get resumable(): boolean {
    return true;
  }
  override process(key: K, value: V, timestamp: number): void {
    if (this.#predicate(key, value) === this.#wanted) this.forward(key, value, timestamp, null);
  }
}

/** Calls an action for each record and hands it on. */
export class Peek<K, V> extends Processor<K, V> {
  readonly #action: (key: K, value: V) => void;
  constructor(action: (key: K, value: V) => void) {
    super();
    this.#action = action;
  }
  override get resumable(): boolean {
    return true;
  }
  override process(key: K, value: V, timestamp: number, previous: V | null): void {
    this.#action(key, value);
    this.forward(key, value, timestamp, previous);
  }
}

/** Calls an action for each record; nothing follows. */
export class Foreach<K, V> extends Processor<K, V> {
  readonly #action: (key: K, value: V) => void;
  constructor(action: (key: K, value: V) => void) {
    super();
    this.#action = action;
  }
  override process(key: K, value: V): void {
    this.#action(key, value);
  }
}

/** What goes to a repartition topic: records without a key only where a left or outer join needs them. */
export class RepartitionFilter<K, V> extends Processor<K, V> {
  readonly #keepNullKeys: boolean;
  constructor(keepNullKeys: boolean) {
    super();
    this.#keepNullKeys = keepNullKeys;
  }
  override get resumable(): boolean {
    return true;
  }
  override process(key: K, value: V, timestamp: number): void {
    if (key !== null || this.#keepNullKeys) this.forward(key, value, timestamp, null);
  }
}
