import { assert, assertEquals } from "@std/assert";
import {
  assignStandbys,
  assignTasks,
  TaskAssignor,
} from "../../../../src/engine/app/assignment/task_assignor.ts";
import { decodeTaskInfo, encodeTaskInfo } from "../../../../src/engine/app/assignment/task_info.ts";
import { seededRandom } from "../../../support/seeded_random.ts";

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
    topics: ["left", "right"],
    owned,
    userData: encodeTaskInfo({ standbys: [] }),
  });
  const assigned = new TaskAssignor([subtopology], 0, () => ({ standbys: [] })).assign(
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

Deno.test("a task whose owner is gone goes to a member with its standby, and standbys are spread evenly", () => {
  const standbys = (...tasks: string[]): Set<string> => new Set(tasks);
  const members = [
    { memberId: "a", tasks: new Set(["0_0"]), standbys: standbys("0_1") },
    { memberId: "b", tasks: new Set(["0_3"]), standbys: standbys("0_2") },
  ];
  const active = assignTasks(members, FOUR);
  assertEquals(active, new Map([["a", ["0_0", "0_1"]], ["b", ["0_3", "0_2"]]]));
  assertEquals(assignStandbys(members, active, 1), new Map([["a", ["0_3", "0_2"]], ["b", ["0_0", "0_1"]]]));
  // With a third member each has its share, and what is current stays where it is.
  const three = [...members, { memberId: "c", tasks: standbys(), standbys: standbys() }];
  const spread = assignStandbys(three, active, 1);
  assertEquals([...spread.values()].flat().sort(), FOUR);
  assert(Math.max(...[...spread.values()].map(({ length }) => length)) <= 2, JSON.stringify([...spread]));
  // No more than there are other members.
  assertEquals([...assignStandbys(members, active, 5).values()].flat().sort(), FOUR);
  assertEquals([...assignStandbys(members.slice(0, 1), new Map([["a", FOUR]]), 1).values()].flat(), []);
});

Deno.test("who has just come gets what nobody owns, and nothing that others own yet", () => {
  const owner = { memberId: "a", tasks: new Set(["0_0", "0_1", "0_2"]) };
  const newcomers = ["b", "c"].map((memberId) => ({ memberId, tasks: new Set<string>(), isNew: true }));
  const settling = assignTasks([owner, ...newcomers], FOUR);
  assertEquals(settling, new Map([["a", ["0_0", "0_1", "0_2"]], ["b", ["0_3"]], ["c", []]]));
  const settled = assignTasks([owner, ...newcomers.map((each) => ({ ...each, isNew: false }))], FOUR);
  assertEquals([...settled.values()].map(({ length }) => length), [2, 1, 1]);
});

Deno.test("the leader tells a member for which there is more to come: from others, or when it has been here longer", () => {
  const part = { id: 0, nodes: [], stores: [], sinkTopics: [], sourceTopics: ["in"] };
  const assignor = new TaskAssignor([part], 0, () => ({ standbys: [] }));
  const member = (memberId: string, partitions: number[], ageMs: number) => ({
    memberId,
    topics: ["in"],
    owned: partitions.map((partition) => ({ topic: "in", partition })),
    userData: encodeTaskInfo({ standbys: [], ageMs }),
  });
  const told = (...members: ReturnType<typeof member>[]) => {
    const assigned = assignor.assign(members, new Map([["in", { topic: "in", partitions: 4 }]]));
    return [...assigned].filter(([, { userData }]) => decodeTaskInfo(userData)?.unsettled).map(([id]) => id);
  };
  assertEquals(told(member("a", [0, 1, 2, 3], 9_000)), []);
  // It gets what has just become free, and its share of the rest when nobody else is coming.
  assertEquals(told(member("a", [0, 1, 2], 9_000), member("b", [], 1)), ["b"]);
  assertEquals(told(member("a", [0, 1], 9_000), member("b", [], 1)), []);
  assertEquals(told(member("a", [0, 1, 2, 3], 9_000), member("b", [], 9_000)), ["b"]);
  assertEquals(told(member("a", [0, 1], 9_000), member("b", [2, 3], 9_000)), []);
});

Deno.test("the leader tells every member which tasks each one has that said where it is reached", () => {
  const subtopology = { id: 2, nodes: [], stores: [], sinkTopics: [], sourceTopics: ["in"] };
  const assignor = new TaskAssignor([subtopology], 0, () => ({ standbys: [], endpoint: "self:1" }));
  assertEquals(decodeTaskInfo(assignor.userData())?.endpoint, "self:1");
  const member = (memberId: string, endpoint?: string) => ({
    memberId,
    topics: ["in"],
    owned: [],
    userData: encodeTaskInfo({ standbys: [], ...(endpoint === undefined ? {} : { endpoint }) }),
  });
  const topics = new Map([["in", { topic: "in", partitions: 4 }]]);
  const assigned = assignor.assign([member("a", "a:1"), member("b"), member("c", "c:1")], topics);
  const tasksOf = (memberId: string) =>
    assigned.get(memberId)!.partitions.map(({ partition }) => `2_${partition}`);
  assert(tasksOf("a").length > 0 && tasksOf("c").length > 0);
  for (const { userData } of assigned.values()) {
    assertEquals(decodeTaskInfo(userData)?.hosts, { "a:1": tasksOf("a"), "c:1": tasksOf("c") });
  }
  // Members of an earlier version say nothing of it, and are told nothing.
  for (const { userData } of assignor.assign([member("a"), member("b")], topics).values()) {
    assertEquals(decodeTaskInfo(userData), { standbys: [] });
  }
});
