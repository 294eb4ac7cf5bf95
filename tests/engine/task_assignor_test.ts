import { assert, assertEquals } from "@std/assert";
import { assignTasks, TaskAssignor } from "../../src/engine/runtime/task_assignor.ts";
import { seededRandom } from "../support/seeded_random.ts";

function owners(tasks: Record<string, string[]>): { memberId: string; tasks: Set<string> }[] {
  return Object.entries(tasks).map(([memberId, owned]) => ({ memberId, tasks: new Set(owned) }));
}

const FOUR = ["0_0", "0_1", "0_2", "0_3"];

Deno.test("one member gets all tasks, a second one takes half and the first keeps the rest", () => {
  assertEquals(assignTasks(owners({ a: [] }), FOUR), new Map([["a", FOUR]]));
  assertEquals(
    assignTasks(owners({ b: [], a: FOUR }), FOUR),
    new Map([["a", ["0_0", "0_1"]], ["b", ["0_2", "0_3"]]]),
  );
});

Deno.test("with more members than tasks some have none", () => {
  assertEquals(
    assignTasks(owners({ a: ["0_0"], b: [], c: ["0_1"] }), ["0_0", "0_1"]),
    new Map([["a", ["0_0"]], ["b", []], ["c", ["0_1"]]]),
  );
});

Deno.test("assignments are complete, even, sticky and independent of the order of the members", () => {
  const { below } = seededRandom();
  for (let round = 0; round < 500; round++) {
    const tasks = Array.from({ length: 1 + below(20) }, (_, i) => `0_${i}`);
    const members: Record<string, string[]> = {};
    const names = Array.from({ length: 1 + below(6) }, (_, i) => `m${(i * 7 + round) % 11}`);
    for (const name of names) members[name] = [];
    for (const task of tasks) if (below(4) > 0) members[names[below(names.length)]!]!.push(task);
    const given = owners(members);
    const assigned = assignTasks(given, tasks);
    assertEquals([...assigned.values()].flat().sort(), [...tasks].sort());
    const counts = [...assigned.values()].map(({ length }) => length);
    assert(Math.max(...counts) - Math.min(...counts) <= 1, `uneven: ${counts}`);
    const least = Math.floor(tasks.length / given.length);
    for (const { memberId, tasks: before } of given) {
      const kept = assigned.get(memberId)!.filter((task) => before.has(task)).length;
      assert(
        kept >= Math.min(before.size, least),
        `${memberId} kept ${kept} of ${before.size} with ${least} at least for each`,
      );
    }
    assertEquals(assignTasks([...given].reverse(), tasks), assigned);
    // A second time nothing moves.
    const again = assignTasks(owners(Object.fromEntries(assigned)), tasks);
    for (const [memberId, after] of again) assertEquals(new Set(after), new Set(assigned.get(memberId)));
  }
});

Deno.test("the partitions of a task go together, also where topics differ in their partitions", () => {
  const subtopology = { id: 0, nodes: [], stores: [], sinkTopics: [], sourceTopics: ["left", "right"] };
  const topics = new Map([["left", { topic: "left", partitions: 3 }], ["right", {
    topic: "right",
    partitions: 2,
  }]]);
  const member = (memberId: string, owned: { topic: string; partition: number }[]) => ({
    memberId,
    owned,
    userData: new Uint8Array(0),
  });
  const assigned = new TaskAssignor([subtopology]).assign(
    [member("a", []), member("b", [{ topic: "right", partition: 0 }, { topic: "left", partition: 0 }])],
    topics,
  );
  assertEquals(assigned.get("b")!.partitions, [{ topic: "left", partition: 0 }, {
    topic: "right",
    partition: 0,
  }]);
  assertEquals(assigned.get("a")!.partitions, [
    { topic: "left", partition: 1 },
    { topic: "right", partition: 1 },
    { topic: "left", partition: 2 },
  ]);
});
