/**
 * HOT PATH. Looks a key up in a table, which need not have a store of its own: what is filtered, mapped or
 * joined is worked out from the tables before it.
 *
 * @module
 */
import type { Windowed } from "../windows/windowed.ts";
import type { KeyValueStore, SessionStore, WindowStore } from "../state/stores.ts";
import type { ProcessorInit } from "./processor.ts";

/** Gives a table's value of a key. */
export interface ValueGetter<K, V> {
  /** The timestamp of what the last {@linkcode get} returned, in ms since the epoch. */
  readonly timestamp: number;
  /** Called once, before the first key. */
  init(init: ProcessorInit): void;
  /** The value of a key; `null` when there is none. */
  get(key: K): V | null;
}

/** Looks a key up in a store. */
export class StoreGetter<K, V> implements ValueGetter<K, V> {
  timestamp = -1;
  readonly #storeName: string;
  #store!: KeyValueStore<K, V>;

  constructor(storeName: string) {
    this.#storeName = storeName;
  }

  init(init: ProcessorInit): void {
    this.#store = init.store<KeyValueStore<K, V>>(this.#storeName);
  }

  get(key: K): V | null {
    const value = this.#store.get(key);
    if (value !== null) this.timestamp = this.#store.lastTimestamp;
    return value;
  }
}

/** Looks a window up in a store. */
export class WindowStoreGetter<K, V> implements ValueGetter<Windowed<K>, V> {
  timestamp = -1;
  readonly #storeName: string;
  #store!: WindowStore<K, V>;

  constructor(storeName: string) {
    this.#storeName = storeName;
  }

  init(init: ProcessorInit): void {
    this.#store = init.store<WindowStore<K, V>>(this.#storeName);
  }

  get(windowed: Windowed<K>): V | null {
    const value = this.#store.get(windowed.key, windowed.startMs);
    if (value !== null) this.timestamp = this.#store.lastTimestamp;
    return value;
  }
}

/** Looks a session up in a store; its time is that of its last record. */
export class SessionStoreGetter<K, V> implements ValueGetter<Windowed<K>, V> {
  timestamp = -1;
  readonly #storeName: string;
  #store!: SessionStore<K, V>;

  constructor(storeName: string) {
    this.#storeName = storeName;
  }

  init(init: ProcessorInit): void {
    this.#store = init.store<SessionStore<K, V>>(this.#storeName);
  }

  get(windowed: Windowed<K>): V | null {
    this.timestamp = windowed.endMs;
    return this.#store.get(windowed.key, windowed.startMs, windowed.endMs);
  }
}

/** What a predicate lets through of a table. */
export class FilterGetter<K, V> implements ValueGetter<K, V> {
  readonly #parent: ValueGetter<K, V>;
  readonly #predicate: (key: K, value: V) => boolean;
  readonly #wanted: boolean;

  constructor(parent: ValueGetter<K, V>, predicate: (key: K, value: V) => boolean, wanted: boolean) {
    this.#parent = parent;
    this.#predicate = predicate;
    this.#wanted = wanted;
  }

  get timestamp(): number {
    return this.#parent.timestamp;
  }

  init(init: ProcessorInit): void {
    this.#parent.init(init);
  }

  get(key: K): V | null {
    const value = this.#parent.get(key);
    return value !== null && this.#predicate(key, value) === this.#wanted ? value : null;
  }
}

/** A table's values, mapped. */
export class MapValuesGetter<K, V, R> implements ValueGetter<K, R> {
  readonly #parent: ValueGetter<K, V>;
  readonly #mapper: (value: V, key: K) => R;

  constructor(parent: ValueGetter<K, V>, mapper: (value: V, key: K) => R) {
    this.#parent = parent;
    this.#mapper = mapper;
  }

  get timestamp(): number {
    return this.#parent.timestamp;
  }

  init(init: ProcessorInit): void {
    this.#parent.init(init);
  }

  get(key: K): R | null {
    const value = this.#parent.get(key);
    return value === null ? null : this.#mapper(value, key);
  }
}

/** Which keys a join of tables has: those of both, those of the first, or those of either. */
export type TableJoinKind = "inner" | "left" | "outer";

/** Two tables, joined. */
export class JoinGetter<K, V, O, R> implements ValueGetter<K, R> {
  timestamp = -1;
  readonly #kind: TableJoinKind;
  readonly #parent: ValueGetter<K, V>;
  readonly #other: ValueGetter<K, O>;
  readonly #joiner: (value: V | null, other: O | null, key: K) => R;

  constructor(
    kind: TableJoinKind,
    parent: ValueGetter<K, V>,
    other: ValueGetter<K, O>,
    joiner: (value: V | null, other: O | null, key: K) => R,
  ) {
    this.#kind = kind;
    this.#parent = parent;
    this.#other = other;
    this.#joiner = joiner;
  }

  init(init: ProcessorInit): void {
    this.#parent.init(init);
    this.#other.init(init);
  }

  get(key: K): R | null {
    const value = this.#parent.get(key);
    if (value === null && this.#kind !== "outer") return null;
    // Read before the other is asked: both may be one store.
    const timestamp = value === null ? -1 : this.#parent.timestamp;
    const other = this.#other.get(key);
    if (other === null && (this.#kind === "inner" || value === null)) return null;
    this.timestamp = other === null ? timestamp : Math.max(timestamp, this.#other.timestamp);
    return this.#joiner(value, other, key);
  }
}
