/**
 * HOT PATH. Tables: their changes come in with the new value and the one that it replaces, each `null` where
 * there is none.
 *
 * @module
 */
import type { KeyValueStore } from "../state/stores.ts";
import { Processor, type ProcessorInit } from "./processor.ts";

/** A processor of a table that keeps its values in a store, or in none. */
abstract class TableProcessor<K, V, R> extends Processor<K, V> {
  readonly #storeName: string | undefined;
  protected store: KeyValueStore<K, R> | undefined;

  constructor(storeName: string | undefined) {
    super();
    this.#storeName = storeName;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    if (this.#storeName !== undefined) this.store = init.store<KeyValueStore<K, R>>(this.#storeName);
  }
}

/**
 * A stream's records as a table's changes. What comes late replaces what is newer, as in Kafka Streams: order
 * is that of arrival.
 */
export class TableSource<K, V> extends TableProcessor<K, V, V> {
  override get resumable(): boolean {
    return true;
  }

  override process(key: K, value: V, timestamp: number): void {
    if (key === null) {
      this.context.stats.dropped.null_key++;
      return;
    }
    const { store } = this;
    let old: V | null = null;
    if (store !== undefined) {
      old = store.get(key);
      store.put(key, value, timestamp);
    }
    this.forward(key, value, timestamp, old);
  }
}

/** Removes the keys that the predicate doesn't want from a table. */
export class TableFilter<K, V> extends TableProcessor<K, V, V> {
  readonly #predicate: (key: K, value: V) => boolean;
  readonly #wanted: boolean;
  readonly #sendOldValues: boolean;

  /**
   * @param sendOldValues Whether changes come in and go out with what they replace; a key that is out and
   * stays out is then not mentioned.
   */
  constructor(
    storeName: string | undefined,
    predicate: (key: K, value: V) => boolean,
    wanted: boolean,
    sendOldValues: boolean,
  ) {
    super(storeName);
    this.#predicate = predicate;
    this.#wanted = wanted;
    this.#sendOldValues = sendOldValues;
  }

  override get resumable(): boolean {
    return true;
  }

  override process(key: K, value: V, timestamp: number, previous: V | null): void {
    const { store } = this;
    const next = this.#filtered(key, value);
    let old: V | null = null;
    if (this.#sendOldValues) {
      old = store === undefined ? this.#filtered(key, previous) : store.get(key);
      if (old === null && next === null) return;
    }
    store?.put(key, next, timestamp);
    this.forward(key, next, timestamp, old);
  }

  #filtered(key: K, value: V | null): V | null {
    return value !== null && this.#predicate(key, value) === this.#wanted ? value : null;
  }
}

/** Replaces a table's values. */
export class TableMapValues<K, V, R> extends TableProcessor<K, V, R> {
  readonly #mapper: (value: V, key: K) => R;
  readonly #sendOldValues: boolean;

  constructor(storeName: string | undefined, mapper: (value: V, key: K) => R, sendOldValues: boolean) {
    super(storeName);
    this.#mapper = mapper;
    this.#sendOldValues = sendOldValues;
  }

  override get resumable(): boolean {
    return true;
  }

  override process(key: K, value: V, timestamp: number, previous: V | null): void {
    const { store } = this;
    const next = value === null ? null : this.#mapper(value, key);
    let old: R | null = null;
    if (this.#sendOldValues) {
      if (store !== undefined) old = store.get(key);
      else if (previous !== null) old = this.#mapper(previous, key);
    }
    this.context.encoded.forgetValue();
    store?.put(key, next, timestamp);
    this.forward(key, next, timestamp, old);
  }
}

/** Where both sides of a join of tables come together. */
export class TableJoinMerge<K, V> extends TableProcessor<K, V, V> {
  readonly #sendOldValues: boolean;

  constructor(storeName: string | undefined, sendOldValues: boolean) {
    super(storeName);
    this.#sendOldValues = sendOldValues;
  }

  override get resumable(): boolean {
    return true;
  }

  override process(key: K, value: V, timestamp: number, previous: V | null): void {
    this.store?.put(key, value, timestamp);
    this.forward(key, value, timestamp, this.#sendOldValues ? previous : null);
  }
}
