/**
 * Spreads partitions over instances by number, as evenly as they go, and moves as few as that takes.
 *
 * @param present What each instance has, in the order in which they came; those that leave are not among
 * them.
 * @param orphans Partitions that nobody of them has.
 * @returns What each is to have; which lists are new is for the caller to compare.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { spread } from "./assignment.ts";
 *
 * assertEquals(spread([[0, 1, 2, 3], [], []], []), [[0, 1], [3], [2]]);
 * assertEquals(spread([[0, 1]], [3, 2]), [[0, 1, 3, 2]]);
 * ```
 */
export function spread(present: readonly (readonly number[])[], orphans: readonly number[]): number[][] {
  const total = present.reduce((sum, { length }) => sum + length, orphans.length);
  const lists = present.map((list) => [...list]);
  const least = Math.floor(total / lists.length);
  // Those who have most are the ones that keep one more.
  const byLength = [...lists].sort((a, b) => b.length - a.length);
  const quotas = new Map(byLength.map((list, i) => [list, least + (i < total % lists.length ? 1 : 0)]));
  const free = [...orphans];
  for (const list of lists) free.push(...list.splice(quotas.get(list)!).reverse());
  for (const list of lists) list.push(...free.splice(0, quotas.get(list)! - list.length));
  return lists;
}
