/**
 * The typed stores as processors and readers see them.
 *
 * @module
 */

/** Reads of a key-value store. */
export interface ReadOnlyKeyValueStore<K, V> {
  /** The store's name in the topology. */
  readonly name: string;
  /** How many keys there are. */
  readonly size: number;
  /** The value of a key; `null` when there is none. */
  get(key: K): V | null;
  /**
   * All entries, or up to `limit`, decoded one by one, in no defined order, as they are now: going through
   * them the store may be changed.
   */
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
  /**
   * How many entries of a key there are with timestamps in `[from, to]`; they are read by index until the
   * next call.
   */
  fetch(key: K, from: number, to: number): number;
  timestampAt(i: number): number;
  valueAt(i: number): V;
}

/** A window as it is read for a person or another program. */
export interface WindowEntry<K, V> {
  /** The key of the window's records. */
  readonly key: K;
  /** Where the window begins, in ms since the epoch. */
  readonly startMs: number;
  /** The window's value, such as an aggregate. */
  readonly value: V;
  /** The latest time of its records, in ms since the epoch. */
  readonly timestamp: number;
}

/** Reads of a window store. */
export interface ReadOnlyWindowStore<K, V> {
  /** The store's name in the topology. */
  readonly name: string;
  /** How many windows there are; those that have expired may still be counted. */
  readonly size: number;
  /** The value of one window; `null` when there is none. */
  get(key: K, startMs: number): V | null;
  /**
   * The windows that begin in `[fromMs, toMs]`, of one key or with `null` of all, by start, then by the keys'
   * bytes.
   */
  entries(key: K | null, fromMs: number, toMs: number): WindowEntry<K, V>[];
}

/** A window store whose changes go to its changelog. */
export interface WindowStore<K, V> extends ReadOnlyWindowStore<K, V> {
  /** The timestamp of the value that the last {@linkcode get} returned, in ms since the epoch. */
  readonly lastTimestamp: number;
  /** Sets a window's value, or with `null` removes it. What has expired is not stored. */
  put(key: K, startMs: number, value: V | null, timestamp: number): void;
  /**
   * How many windows of a key begin in `[fromMs, toMs]`; they are read by index, in the order of their
   * starts, until the next fetch.
   */
  fetch(key: K, fromMs: number, toMs: number): number;
  startAt(i: number): number;
  timestampAt(i: number): number;
  /** Decodes the value anew at each call. */
  valueAt(i: number): V;
}

/** A session as it is read for a person or another program. */
export interface SessionEntry<K, V> {
  /** The key of the session's records. */
  readonly key: K;
  /** The time of its first record, in ms since the epoch. */
  readonly startMs: number;
  /** The time of its last record, in ms since the epoch. */
  readonly endMs: number;
  /** The session's value, such as an aggregate. */
  readonly value: V;
}

/** Reads of a session store. */
export interface ReadOnlySessionStore<K, V> {
  /** The store's name in the topology. */
  readonly name: string;
  /** How many sessions there are; those that have expired may still be counted. */
  readonly size: number;
  /** The value of one session; `null` when there is none. */
  get(key: K, startMs: number, endMs: number): V | null;
  /**
   * The sessions, of one key or with `null` of all, that have a time in `[fromMs, toMs]`, by end, then by the
   * keys' bytes.
   */
  entries(key: K | null, fromMs: number, toMs: number): SessionEntry<K, V>[];
}

/** A session store whose changes go to its changelog. */
export interface SessionStore<K, V> extends ReadOnlySessionStore<K, V> {
  /**
   * Sets a session's value, or with `null` removes it. What has expired is not stored.
   * @param timestamp Of the change, in ms since the epoch.
   */
  put(key: K, startMs: number, endMs: number, value: V | null, timestamp: number): void;
  /**
   * How many sessions of a key end at `earliestEnd` or later and begin at `latestStart` or before; they are
   * read by index, in the order of their ends, until the next call.
   */
  find(key: K, earliestEnd: number, latestStart: number): number;
  startAt(i: number): number;
  endAt(i: number): number;
  valueAt(i: number): V;
}
