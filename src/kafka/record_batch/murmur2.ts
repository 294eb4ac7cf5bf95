/**
 * HOT PATH. The hash by which Kafka's clients choose a record's partition.
 *
 * @module
 */

/**
 * MurmurHash2 of the bytes in `[from, to)` as a signed 32-bit integer, with the seed of Java's `Utils.murmur2`.
 *
 * Source: <https://github.com/apache/kafka/blob/trunk/clients/src/main/java/org/apache/kafka/common/utils/Utils.java>.
 */
export function murmur2(bytes: Uint8Array, from: number, to: number): number {
  const length = to - from;
  let h = 0x9747b28c ^ length;
  const end = from + (length & ~3);
  for (let i = from; i < end; i += 4) {
    let k = bytes[i]! | bytes[i + 1]! << 8 | bytes[i + 2]! << 16 | bytes[i + 3]! << 24;
    k = Math.imul(k, 0x5bd1e995);
    k ^= k >>> 24;
    h = Math.imul(h, 0x5bd1e995) ^ Math.imul(k, 0x5bd1e995);
  }
  const left = to - end;
  if (left === 3) h ^= bytes[end + 2]! << 16;
  if (left >= 2) h ^= bytes[end + 1]! << 8;
  if (left >= 1) h = Math.imul(h ^ bytes[end]!, 0x5bd1e995);
  h ^= h >>> 13;
  h = Math.imul(h, 0x5bd1e995);
  return h ^ (h >>> 15);
}

/** The partition of a key, as Java's default partitioner chooses it among `partitions`. */
export function partitionFor(bytes: Uint8Array, from: number, to: number, partitions: number): number {
  return (murmur2(bytes, from, to) & 0x7fffffff) % partitions;
}
