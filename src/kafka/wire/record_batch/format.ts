/**
 * The layout of a record batch, format v2 (https://kafka.apache.org/documentation/#recordbatch). Numbers are
 * big-endian.
 *
 * @module
 */

/** Where each field of a batch begins, in bytes from the batch's start. */
export const BASE_OFFSET = 0;
/** Bytes after this field: the batch is {@linkcode LENGTH_END} bytes longer. */
export const LENGTH = 8;
export const LENGTH_END = 12;
export const LEADER_EPOCH = 12;
/** The format's version; at the same place in formats 0 and 1. */
export const MAGIC = 16;
/** CRC-32C of all that follows it. */
export const CRC = 17;
export const ATTRIBUTES = 21;
export const LAST_OFFSET_DELTA = 23;
export const BASE_TIMESTAMP = 27;
export const MAX_TIMESTAMP = 35;
export const PRODUCER_ID = 43;
export const PRODUCER_EPOCH = 51;
export const BASE_SEQUENCE = 53;
export const RECORD_COUNT = 57;
/** The records, compressed together when the attributes say so. */
export const RECORDS = 61;

/** Bits of the attributes. */
export const COMPRESSION_MASK = 0x07;
/** All records have the batch's maximum timestamp, set by the broker. */
export const LOG_APPEND_TIME = 0x08;
export const TRANSACTIONAL = 0x10;
/** The attribute of a batch whose records are markers for readers of transactions, not data. */
export const CONTROL = 0x20;

/**
 * No record is shorter: its length, attributes, two deltas, two lengths and the header count take a byte
 * each.
 */
export const SMALLEST_RECORD = 7;

/** Reads a signed 32-bit number. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

/** Reads a signed 64-bit number; exact up to ±2^53. */
export function readInt64(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) * 0x1_0000_0000 + (readInt32(bytes, at + 4) >>> 0);
}

/** Writes a 16-bit number. */
export function writeInt16(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
}

/** Writes a 32-bit number. */
export function writeInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** Writes a 64-bit number, a safe integer. */
export function writeInt64(bytes: Uint8Array, at: number, value: number): void {
  writeInt32(bytes, at, Math.floor(value / 0x1_0000_0000));
  writeInt32(bytes, at + 4, value);
}
