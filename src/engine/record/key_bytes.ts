/**
 * Keys and values as bytes: what an encoded record gives, and what stores keep.
 *
 * @module
 */
import type { BytesRange } from "../../kafka/port/bytes_range.ts";

/** Keys longer than this are refused: an address in a store's memory cannot point past them. */
export const MAX_KEY_BYTES: number = 1 << 19;

/** A key's bytes with their hash: encoded and hashed once a record, then used for every store and sink. */
export interface KeyBytes extends BytesRange {
  /** The murmur2 hash of the bytes, as Java's default partitioner computes it. */
  readonly hash: number;
}
