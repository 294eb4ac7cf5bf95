/**
 * HOT PATH. The keys of changelog records, which are Kafka Streams' own; numbers are big-endian:
 *
 * - of a key-value store and a suppression: the store's key;
 * - of a join's window store: the key, the record's time (8 bytes), and a sequence number (4 bytes) that
 *   keeps several values of one key and time apart;
 * - of a window store: the key, the window's start (8 bytes) and 0 (4 bytes), as `WindowKeySchema` has them;
 * - of a session store: the key, the session's end and its start (8 bytes each), as `SessionKeySchema` has
 *   them;
 * - of a left or outer join's records without a partner: the time (8 bytes), a byte that is 1 for the left
 *   side, and the key.
 *
 * @module
 */
import { murmur2 } from "../../kafka/port/murmur2.ts";
import type { RecordSet } from "../../kafka/port/record_set.ts";
import type { KeyBytes } from "../record/key_bytes.ts";
import {
  getInt32,
  getTime,
  putInt32,
  putSession,
  putTime,
  SESSION_BYTES,
  TIME_BYTES,
} from "../windows/time_bytes.ts";
import { copyBytes } from "./bytes/arena.ts";
import { unrestorable } from "./restore_error.ts";

/** Bytes behind the key of a window store, of a join's or of an aggregate's windows. */
export const WINDOW_SUFFIX_BYTES: number = TIME_BYTES + 4;
/** Bytes behind the key of a session store. */
export const SESSION_SUFFIX_BYTES: number = SESSION_BYTES;
/** Bytes before the key of a record without a partner. */
export const SIDE_PREFIX_BYTES: number = TIME_BYTES + 1;

/**
 * A changelog key in a buffer of its own, which the next one takes. It has no hash: a task's changelogs have
 * its own partition.
 */
export class SuffixedKey implements KeyBytes {
  bytes: Uint8Array = new Uint8Array(256);
  readonly from = 0;
  to = 0;
  readonly hash = 0;

  /** Makes it that of a window store. */
  ofWindow(key: KeyBytes, timeMs: number, sequence: number): this {
    const at = this.#copy(key, WINDOW_SUFFIX_BYTES);
    putInt32(this.bytes, putTime(this.bytes, at, timeMs), sequence);
    return this;
  }

  /** Makes it that of a session store. */
  ofSession(key: KeyBytes, startMs: number, endMs: number): this {
    putSession(this.bytes, this.#copy(key, SESSION_SUFFIX_BYTES), startMs, endMs);
    return this;
  }

  /** Copies a key and returns the index that its suffix begins at. */
  #copy(key: KeyBytes, suffixBytes: number): number {
    const length = key.to - key.from;
    this.to = length + suffixBytes;
    if (this.to > this.bytes.length) this.bytes = new Uint8Array(this.to * 2);
    copyBytes(key.bytes, key.from, key.to, this.bytes, 0);
    return length;
  }
}

/** Reads the sequence number of a window store's changelog key; the store's key ends at `keyTo`. */
export function windowSequence(bytes: Uint8Array, keyTo: number): number {
  return getInt32(bytes, keyTo + TIME_BYTES);
}

/**
 * Makes the changelog key of a record without a partner: keys in their bytes' order are in the order of time.
 */
export function sideKey(
  { bytes, from, to }: KeyBytes,
  timestamp: number,
  left: boolean,
): Uint8Array<ArrayBuffer> {
  const made = new Uint8Array(SIDE_PREFIX_BYTES + to - from);
  made[putTime(made, 0, timestamp)] = left ? 1 : 0;
  made.set(bytes.subarray(from, to), SIDE_PREFIX_BYTES);
  return made;
}

/** Whether a key of {@linkcode sideKey} is of the left side. */
export function isLeftSide(key: Uint8Array): boolean {
  return key[TIME_BYTES] === 1;
}

/**
 * The store's key in a record of its changelog.
 *
 * @param suffixBytes How many bytes the record's key has behind it.
 * @throws {RestoreError} When the record's key is too short for one of the store.
 */
export function restoredKey(store: string, records: RecordSet, i: number, suffixBytes: number): KeyBytes {
  const from = records.keyStart[i]!;
  const to = records.keyEnd[i]! - suffixBytes;
  if (from < 0) throw unrestorable(store, records, i, "a record with no key");
  if (to < from) throw unrestorable(store, records, i, "a record with too short a key");
  return { bytes: records.bytes, from, to, hash: murmur2(records.bytes, from, to) };
}

/**
 * Reads a time of a changelog record's key, in ms since the epoch.
 *
 * @param at Where it begins in the set's bytes.
 * @throws {RestoreError} When it is beyond 2^53 ms, which no store writes.
 */
export function restoredTime(store: string, records: RecordSet, i: number, at: number): number {
  const timeMs = getTime(records.bytes, at);
  if (Number.isSafeInteger(timeMs)) return timeMs;
  throw unrestorable(store, records, i, `a record of the time ${timeMs}`);
}
