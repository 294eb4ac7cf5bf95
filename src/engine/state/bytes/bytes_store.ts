/**
 * What a state store keeps: bytes under bytes. The typed stores (`../typed`) put serdes and the changelog in
 * front of it, so another place for the bytes is one class.
 *
 * @module
 */
import type { BytesRange } from "../../../kafka/port/bytes_range.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";

/** Where a value was found; overwritten by the next read of the same store. */
export interface ValueBytes extends BytesRange {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
}

/** Bytes by key: the latest value and its timestamp. */
export interface BytesKeyValueStore {
  /** How many keys there are. */
  readonly size: number;
  /** Bytes of memory that it takes, or on disk. */
  readonly bytes: number;
  /** Bytes of memory that it takes, where {@linkcode bytes} are on disk. */
  readonly memoryBytes?: number;
  /** The value of a key, valid until the next call; `undefined` when there is none. */
  get(key: KeyBytes): ValueBytes | undefined;
  put(key: KeyBytes, value: Uint8Array, from: number, to: number, timestamp: number): void;
  /**
   * Puts an entry while restoring: what has expired stays until the next {@linkcode put}, whose owner can
   * tell the changelog.
   */
  load(key: KeyBytes, value: Uint8Array, from: number, to: number, timestamp: number): void;
  /** @returns Whether there was such a key. */
  delete(key: KeyBytes): boolean;
  /**
   * Visits every entry, until a visit returns false; the views are valid only during the visit. The order is
   * not defined.
   */
  forEach(visit: (key: Uint8Array, value: Uint8Array, timestamp: number) => unknown): void;
}

/**
 * Bytes by key and time, several of one key and time too, in the order of time and then of arrival: what a
 * join needs.
 */
export interface BytesWindowStore {
  /** How many entries there are. */
  readonly size: number;
  /** Bytes of memory that it takes, or on disk. */
  readonly bytes: number;
  /** Bytes of memory that it takes, where {@linkcode bytes} are on disk. */
  readonly memoryBytes?: number;
  /** The latest timestamp seen: entries of at most this less the retention are gone. `-1` at first. */
  readonly observedTime: number;
  /**
   * The largest sequence number that it holds; `undefined` in a store that does not outlive its process:
   * nobody writes the same entry twice there.
   */
  readonly lastSequence?: number;
  /**
   * @param sequence Tells entries of the same key and time apart, in the order of arrival: a store on disk
   * takes an entry that it has already, as restored again, for the same one. Default: one more than the last.
   * @returns False when the entry is older than the retention and was not stored.
   */
  put(
    key: KeyBytes,
    timestamp: number,
    value: Uint8Array,
    from: number,
    to: number,
    sequence?: number,
  ): boolean;
  /**
   * Finds the entries of a key with timestamps in `[from, to]` and returns how many; they are read with
   * {@linkcode entry} until the next call.
   */
  fetch(key: KeyBytes, from: number, to: number): number;
  /** Entry `i` of the last {@linkcode fetch}; overwritten by the next call. */
  entry(i: number): ValueBytes;
  /**
   * Visits every entry that {@linkcode fetch} could find, in no defined order; the views are valid only
   * during the visit.
   */
  forEach(visit: (key: Uint8Array, value: Uint8Array, timestamp: number) => void): void;
}

/** A mutable {@linkcode ValueBytes}: one a store. */
export class ValueCursor implements ValueBytes {
  bytes: Uint8Array = EMPTY;
  from = 0;
  to = 0;
  timestamp = 0;
}

const EMPTY = new Uint8Array(0);
