import { assert, assertEquals } from "@std/assert";
import { spread } from "../../src/autoscale/assignment.ts";

Deno.test("assignment: every partition has one owner, numbers differ by one at most, and no more move than have to", () => {
  let lists: number[][] = spread([[]], Array.from({ length: 30 }, (_, partition) => partition));
  for (const count of [1, 4, 7, 30, 31, 8, 3, 2, 1]) {
    const stay = Array.from({ length: count }, (_, i) => lists[i] ?? []);
    const orphans = lists.slice(count).flat();
    const next = spread(stay, orphans);
    assertEquals(next.flat().sort((a, b) => a - b), Array.from({ length: 30 }, (_, partition) => partition));
    const sizes = next.map(({ length }) => length);
    assert(Math.max(...sizes) - Math.min(...sizes) <= 1, `${sizes}`);
    const moved = next.flatMap((list, i) => list.filter((partition) => !stay[i]!.includes(partition)));
    const surplus = stay.reduce((sum, { length }) => sum + Math.max(0, length - Math.ceil(30 / count)), 0);
    assert(moved.length <= orphans.length + surplus + count, `${moved.length} of ${count}`);
    lists = next;
  }
});
