/**
 * What windowed aggregates keep, as bytes: values by key and window, and values by key and session. Other
 * places for the bytes are other classes; the contract suites in the tests say what they have to do.
 *
 * @module
 */
import type { ValueBytes } from "./bytes_store.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";

/** A value found by a range read, with its window; overwritten by the next call. */
export interface WindowEntryBytes extends ValueBytes {
  /** Where the key's bytes are. */
  readonly keyBytes: Uint8Array;
  readonly keyFrom: number;
  readonly keyTo: number;
  /** Where the window begins, in ms since the epoch. */
  readonly startMs: number;
}

/** Bytes by key and start of a window: one value each, with its timestamp. */
export interface BytesWindowKeyValueStore {
  /** How many entries there are; those that have expired may still be counted. */
  readonly size: number;
  /** Bytes of memory that it takes. */
  readonly bytes: number;
  /**
   * The latest start seen: windows that begin at this less the retention, or before, have expired. `-1` at
   * first.
   */
  readonly observedTime: number;
  /** The value of a window, valid until the next call; `undefined` when there is none. */
  get(key: KeyBytes, startMs: number): ValueBytes | undefined;
  /** @returns False when the window has expired and nothing was stored. */
  put(
    key: KeyBytes,
    startMs: number,
    value: Uint8Array,
    from: number,
    to: number,
    timestamp: number,
  ): boolean;
  /**
   * Removes a window, and moves the observed time on as {@linkcode put} does.
   * @returns Whether there was such a window.
   */
  delete(key: KeyBytes, startMs: number): boolean;
  /**
   * Finds the windows of a key that begin in `[from, to]`, in the order of their starts, and returns how
   * many; they are read with {@linkcode entry} until the next fetch. A put changes what is read; what is
   * deleted meanwhile must not be read.
   */
  fetch(key: KeyBytes, from: number, to: number): number;
  /** Finds what {@linkcode fetch} does, for all keys: in the order of the starts, then of the keys' bytes. */
  fetchAll(from: number, to: number): number;
  /** Entry `i` of the last fetch; overwritten by the next call. */
  entry(i: number): WindowEntryBytes;
}

/** A session that was found; overwritten by the next call. */
export interface SessionEntryBytes {
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly keyBytes: Uint8Array;
  readonly keyFrom: number;
  readonly keyTo: number;
  /** The time of its first record, in ms since the epoch. */
  readonly startMs: number;
  /** The time of its last record, in ms since the epoch. */
  readonly endMs: number;
}

/** Bytes by key, start and end of a session. */
export interface BytesSessionStore {
  /** How many entries there are; those that have expired may still be counted. */
  readonly size: number;
  /** Bytes of memory that it takes. */
  readonly bytes: number;
  /**
   * The latest end seen: sessions that end at this less the retention, or before, have expired. `-1` at
   * first.
   */
  readonly observedTime: number;
  /** @returns False when the session has expired and nothing was stored. */
  put(key: KeyBytes, startMs: number, endMs: number, value: Uint8Array, from: number, to: number): boolean;
  /**
   * Removes a session, and moves the observed time on as {@linkcode put} does.
   * @returns Whether there was such a session.
   */
  delete(key: KeyBytes, startMs: number, endMs: number): boolean;
  /** One session's value; `undefined` when there is none. */
  get(key: KeyBytes, startMs: number, endMs: number): SessionEntryBytes | undefined;
  /**
   * Finds the sessions of a key that end at `earliestEnd` or later and begin at `latestStart` or before, in
   * the order of their ends, and returns how many; they are read with {@linkcode entry} until the next call.
   */
  find(key: KeyBytes, earliestEnd: number, latestStart: number): number;
  /**
   * Finds what {@linkcode find} does, for all keys: in the order of the ends, then of the keys' bytes, then
   * of the starts.
   */
  findAll(earliestEnd: number, latestStart: number): number;
  /** Session `i` of the last find; overwritten by the next call. */
  entry(i: number): SessionEntryBytes;
}

/** A mutable {@linkcode WindowEntryBytes} and {@linkcode SessionEntryBytes}: one a store. */
export class WindowCursor implements WindowEntryBytes, SessionEntryBytes {
  bytes: Uint8Array = EMPTY;
  from = 0;
  to = 0;
  timestamp = 0;
  keyBytes: Uint8Array = EMPTY;
  keyFrom = 0;
  keyTo = 0;
  startMs = 0;
  endMs = 0;
}

const EMPTY = new Uint8Array(0);

/** The order of two ranges of bytes as unsigned numbers, the shorter first when one begins with the other. */
export function compareBytes(
  a: Uint8Array,
  aFrom: number,
  aTo: number,
  b: Uint8Array,
  bFrom: number,
  bTo: number,
): number {
  const shared = Math.min(aTo - aFrom, bTo - bFrom);
  for (let i = 0; i < shared; i++) {
    const difference = a[aFrom + i]! - b[bFrom + i]!;
    if (difference !== 0) return difference;
  }
  return (aTo - aFrom) - (bTo - bFrom);
}
