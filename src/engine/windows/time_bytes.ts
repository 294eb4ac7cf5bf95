/**
 * HOT PATH. Times as 8 bytes, big-endian, without BigInt: exact for times up to 2^53 ms.
 *
 * @module
 */

/** How many bytes a time has. */
export const TIME_BYTES = 8;

/** Writes a time, in ms since the epoch, and returns the index after it. */
export function putTime(bytes: Uint8Array, at: number, timeMs: number): number {
  return putInt32(bytes, putInt32(bytes, at, Math.floor(timeMs / 2 ** 32)), timeMs >>> 0);
}

/** Reads a time, in ms since the epoch. */
export function getTime(bytes: Uint8Array, at: number): number {
  return getInt32(bytes, at) * 2 ** 32 + (getInt32(bytes, at + 4) >>> 0);
}

/** Writes a 32-bit integer, big-endian, and returns the index after it. */
export function putInt32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

/** Reads a signed 32-bit integer, big-endian. */
export function getInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
}

/** How many bytes the times of a session have. */
export const SESSION_BYTES: number = 2 * TIME_BYTES;

/**
 * Writes a session's times as Kafka Streams has them behind a key, the end first, and returns the index after
 * them.
 */
export function putSession(bytes: Uint8Array, at: number, startMs: number, endMs: number): number {
  return putTime(bytes, putTime(bytes, at, endMs), startMs);
}

/** Reads where a session begins, in ms since the epoch; `at` is that of {@linkcode putSession}. */
export function sessionStart(bytes: Uint8Array, at: number): number {
  return getTime(bytes, at + TIME_BYTES);
}

/** Reads where a session ends, in ms since the epoch; `at` is that of {@linkcode putSession}. */
export function sessionEnd(bytes: Uint8Array, at: number): number {
  return getTime(bytes, at);
}
