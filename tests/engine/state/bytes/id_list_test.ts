import { assertEquals } from "@std/assert";
import { IdList, NO_ID } from "../../../../src/engine/state/bytes/id_list.ts";
import { seededRandom } from "../../../support/seeded_random.ts";

function listed(list: IdList): number[] {
  const ids: number[] = [];
  for (let id = list.first; id !== NO_ID; id = list.next(id)) ids.push(id);
  return ids;
}

Deno.test("a list of ids keeps the order of the pushes, whatever is moved and removed", () => {
  const { below } = seededRandom();
  const list = new IdList();
  let expected: number[] = [];
  for (let step = 0; step < 5_000; step++) {
    const id = below(100);
    if (below(3) > 0) {
      list.push(id);
      expected = [...expected.filter((other) => other !== id), id];
    } else {
      assertEquals(list.remove(id), expected.includes(id));
      expected = expected.filter((other) => other !== id);
    }
    if (below(500) === 0) {
      list.clear();
      expected = [];
    }
    assertEquals(listed(list), expected);
    assertEquals([list.first, list.last], [expected[0] ?? NO_ID, expected.at(-1) ?? NO_ID]);
    assertEquals(list.has(id), expected.includes(id));
  }
});
