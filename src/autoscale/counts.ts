/**
 * What numbers of instances are worth having: partitions are not divided, so the instance with the most of
 * them falls behind first.
 *
 * @module
 */

/** How many partitions the most loaded instance has when they are spread by number. */
export function mostPartitions(partitions: number, instances: number): number {
  return Math.ceil(partitions / instances);
}

/**
 * The share of its instances' capacity that a group can use. With four partitions three instances carry no
 * more than two.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { usableShare } from "./counts.ts";
 *
 * assertEquals([1, 2, 3, 4].map((instances) => usableShare(4, instances)), [1, 1, 2 / 3, 1]);
 * assertEquals([1, 2, 3, 4].map((instances) => usableShare(12, instances)), [1, 1, 1, 1]);
 * ```
 */
export function usableShare(partitions: number, instances: number): number {
  return partitions / (instances * mostPartitions(partitions, instances));
}

/**
 * The counts from `least` to `most` of which each lowers the most loaded instance's number of partitions; the
 * least one is always among them.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { usefulCounts } from "./counts.ts";
 *
 * assertEquals(usefulCounts(4, 1, 8), [1, 2, 4]);
 * assertEquals(usefulCounts(12, 1, 12), [1, 2, 3, 4, 6, 12]);
 * ```
 */
export function usefulCounts(partitions: number, least: number, most: number): number[] {
  const counts = [least];
  for (let count = least + 1; count <= Math.min(most, partitions); count++) {
    if (mostPartitions(partitions, count) < mostPartitions(partitions, counts.at(-1)!)) counts.push(count);
  }
  return counts;
}
