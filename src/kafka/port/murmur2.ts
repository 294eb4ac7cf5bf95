/**
 * HOT PATH. Where Kafka's default partitioner puts a keyed record, so that records written here and by any
 * Java client share partitions.
 *
 * @module
 */

/**
 * The 32-bit murmur2 of the bytes in `[from, to)`, as a signed number:
 * `org.apache.kafka.common.utils.Utils.murmur2`.
 */
export function murmur2(bytes: Uint8Array, from: number, to: number): number {
  const multiplier = 0x5bd1_e995;
  const length = to - from;
  let hash = 0x9747_b28c ^ length;
  let at = from;
  for (const steps = to - 3; at < steps; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    word = Math.imul(word, multiplier);
    word = Math.imul(word ^ (word >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  const rest = to - at;
  if (rest >= 3) hash ^= bytes[at + 2]! << 16;
  if (rest >= 2) hash ^= bytes[at + 1]! << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[at]!, multiplier);
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}

/**
 * The partition of the key in `[from, to)`: `Utils.toPositive(Utils.murmur2(key)) % partitions`.
 *
 * @example
 * ```ts
 * import { partitionFor } from "./murmur2.ts";
 *
 * const key = new TextEncoder().encode("foobar");
 * console.log(partitionFor(key, 0, key.length, 4)); // 2
 * ```
 */
export function partitionFor(bytes: Uint8Array, from: number, to: number, partitions: number): number {
  return (murmur2(bytes, from, to) & 0x7fff_ffff) % partitions;
}
