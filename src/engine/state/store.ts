/**
 * The typed stores as processors see them.
 *
 * @module
 */
import type { Serde } from "../../serde/serde.ts";
import type { SuppressStoreDef } from "./typed/suppress_buffer.ts";
import type { SessionStoreDef, WindowStoreDef } from "./windowed_stores.ts";

/** How a state store is made; part of a topology. */
export type StoreDef =
  | KeyValueStoreDef
  | JoinWindowStoreDef
  | WindowStoreDef
  | SessionStoreDef
  | SuppressStoreDef
  | OuterJoinStoreDef;

/** What every store has. */
export interface StoreDefBase {
  readonly name: string;
  // deno-lint-ignore no-explicit-any -- a topology holds stores of any types side by side
  readonly key: Serde<any>;
  // deno-lint-ignore no-explicit-any -- as above
  readonly value: Serde<any>;
  /** Whether changes go to a changelog topic, from which the store is restored. */
  readonly logged: boolean;
}

/** The latest value of each key. */
export interface KeyValueStoreDef extends StoreDefBase {
  readonly kind: "key-value";
  /** Whether a cache may be in front of it: its processor listens to the cache's flushes then. */
  readonly cacheable?: boolean;
  /** How long a key lives after its last change, in ms of stream time; `Infinity` keeps all. */
  readonly retentionMs: number;
}

/** The values of each key with their times, for one side of a stream–stream join. */
export interface JoinWindowStoreDef extends StoreDefBase {
  readonly kind: "join-window";
  /** How long an entry can be found, in ms of stream time. */
  readonly retentionMs: number;
}

/** The records of both sides of a left or outer join that have found no partner yet. */
export interface OuterJoinStoreDef extends StoreDefBase {
  readonly kind: "outer-join";
  /** The right side's; `value` is the left side's. */
  // deno-lint-ignore no-explicit-any -- as above
  readonly otherValue: Serde<any>;
  /** Nothing goes by itself: `Infinity`. */
  readonly retentionMs: number;
}

/** Reads of a key-value store. */
export interface ReadOnlyKeyValueStore<K, V> {
  readonly name: string;
  /** How many keys there are. */
  readonly size: number;
  /** The value of a key; `null` when there is none. */
  get(key: K): V | null;
  /** All entries, or up to `limit`, decoded one by one, in no defined order. Do not change the store meanwhile. */
  entries(limit?: number): { key: K; value: V; timestamp: number }[];
}

/** A key-value store whose changes go to its changelog. */
export interface KeyValueStore<K, V> extends ReadOnlyKeyValueStore<K, V> {
  /** The timestamp of the value that the last {@linkcode get} returned, in ms since the epoch. */
  readonly lastTimestamp: number;
  /** Sets a key's value, or with `null` removes the key. */
  put(key: K, value: V | null, timestamp: number): void;
}

/** One side of a stream–stream join. */
export interface JoinWindowStore<K, V> {
  readonly name: string;
  /** How many entries there are. */
  readonly size: number;
  /** @returns False when the entry came later than the retention allows and was not stored. */
  put(key: K, value: V, timestamp: number): boolean;
  /** How many entries of a key there are with timestamps in `[from, to]`; they are read by index until the next call. */
  fetch(key: K, from: number, to: number): number;
  timestampAt(i: number): number;
  valueAt(i: number): V;
}
