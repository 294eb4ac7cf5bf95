import { assertEquals } from "@std/assert";
import {
  CONTESTED,
  firstStep,
  rightfulMembers,
  settleClaims,
} from "../../../src/kafka/common/cooperative.ts";
import type { MemberAssignment } from "../../../src/kafka/port/group.ts";
import { partitionKey, type TopicPartition } from "../../../src/kafka/port/topics.ts";

const p = (partition: number): TopicPartition => ({ topic: "t", partition });

Deno.test("cooperative: of two claims the later generation's holds, of two equal ones none: it is contested", () => {
  const owners = settleClaims([
    { memberId: "stale", owned: [p(0), p(1), p(2)], generation: 3 },
    { memberId: "current", owned: [p(1), p(3)], generation: 4 },
    { memberId: "same", owned: [p(3), p(4)], generation: 4 },
  ]);
  assertEquals(
    owners,
    new Map([["t-0", "stale"], ["t-1", "current"], ["t-2", "stale"], ["t-3", CONTESTED], ["t-4", "same"]]),
  );
});

Deno.test("cooperative: the assignor is shown only what is rightly owned", () => {
  const userData = new Uint8Array(0);
  const topics = ["t"];
  const owners = new Map([["t-0", "a"], ["t-1", "b"]]);
  assertEquals(
    rightfulMembers([{ memberId: "a", topics, userData, owned: [p(0), p(1)] }, {
      memberId: "b",
      topics,
      userData,
      owned: [p(1)],
    }], owners),
    [{ memberId: "a", topics, userData, owned: [p(0)] }, { memberId: "b", topics, userData, owned: [p(1)] }],
  );
});

Deno.test("cooperative: by steps of any owners to any target no partition has two owners, and the target is reached", () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = generator(seed);
  for (let round = 0; round < 500; round++) {
    const members = Array.from({ length: 1 + Math.floor(random() * 5) }, (_, i) => `m${i}`);
    const pick = () => members[Math.floor(random() * members.length)]!;
    const partitions = Array.from({ length: Math.floor(random() * 12) }, (_, i) => p(i));
    const owned = new Map<string, TopicPartition[]>(members.map((m) => [m, []]));
    for (const each of partitions) if (random() < 0.7) owned.get(pick())!.push(each);
    const target = new Map<string, MemberAssignment>(members.map((m) => [m, { partitions: [] }]));
    for (const each of partitions) (target.get(pick())!.partitions as TopicPartition[]).push(each);
    const has = new Map(owned);
    for (let step = 0; step < 2; step++) {
      const owners = settleClaims(
        [...has].map(([memberId, owned]) => ({ memberId, owned, generation: step })),
      );
      const { assignments: next } = firstStep(target, owners);
      // While members change over one by one, each has what it keeps and what is new to it.
      const during = members.flatMap((m) => [
        ...new Set(
          [...has.get(m)!, ...next.get(m)!.partitions].map((x) => partitionKey(x.topic, x.partition)),
        ),
      ]);
      assertEquals(during.length, new Set(during).size, `seed ${seed}, round ${round}`);
      for (const m of members) has.set(m, [...next.get(m)!.partitions]);
    }
    for (const m of members) {
      assertEquals(has.get(m), target.get(m)!.partitions, `seed ${seed}, round ${round}`);
    }
  }
});

function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const of = (topic: string, partition: number): TopicPartition => ({ topic, partition });

Deno.test("what a member claims twice is no contest, and what two claim nobody gets before they gave it up", () => {
  const claims = [
    { memberId: "a", owned: [p(0), p(0), p(1)], generation: 3 },
    { memberId: "b", owned: [p(1)], generation: 3 },
  ];
  const owners = settleClaims(claims);
  assertEquals(owners, new Map([["t-0", "a"], ["t-1", CONTESTED]]));
  const target = new Map([["a", { partitions: [p(0), p(1)] }], ["b", { partitions: [] }]]);
  const { assignments, heldBack } = firstStep(target, owners);
  assertEquals(assignments.get("a")!.partitions, [p(0)]);
  assertEquals(heldBack, [{ topic: "t", partition: 1, owner: CONTESTED }]);
});

Deno.test("of what goes together nothing is handed out while another member has a part of it", () => {
  const unit = [of("left", 0), of("right", 0)];
  const target = new Map([["b", { partitions: [...unit, of("left", 1)], units: [unit, [of("left", 1)]] }]]);
  const { assignments, heldBack } = firstStep(target, new Map([["right-0", "a"]]));
  assertEquals(assignments.get("b")!.partitions, [of("left", 1)]);
  assertEquals(heldBack, [{ topic: "right", partition: 0, owner: "a" }]);
});
