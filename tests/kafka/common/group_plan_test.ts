import { assertEquals } from "@std/assert";
import { decodeAssignment, encodeSubscription } from "../../../src/kafka/wire/consumer_protocol.ts";
import { planGroup } from "../../../src/kafka/common/group_plan.ts";
import type { Assignor } from "../../../src/kafka/port/group.ts";
import type { TopicPartition } from "../../../src/kafka/port/topics.ts";
import { evenAssignor } from "../port/members.ts";

const p = (topic: string, partition: number): TopicPartition => ({ topic, partition });

const NOTHING = new Uint8Array(0);

Deno.test("a leader among strangers: what they say is bytes, and their topics and claims don't count", async () => {
  const asked: string[][] = [];
  const assignor: Assignor = {
    ...evenAssignor(),
    accepts: ({ userData }) => userData.length > 0,
    assign: (members, topics) =>
      evenAssignor().assign(members.filter(({ userData }) => userData.length > 0), topics),
  };
  const member = (memberId: string, said: Partial<Parameters<typeof encodeSubscription>[0]>) => ({
    memberId,
    metadata: encodeSubscription({
      topics: ["t"],
      userData: new Uint8Array(1),
      owned: [],
      generation: -1,
      ...said,
    }),
  });
  const plan = await planGroup(
    [
      member("us", { owned: [p("t", 0)], generation: 1 }),
      member("thief", {
        topics: ["secret"],
        userData: NOTHING,
        owned: [p("t", 0), p("t", 1)],
        generation: 9,
      }),
      { memberId: "noise", metadata: new Uint8Array([0, 1, 0xff, 0xff]) },
    ],
    assignor,
    (names) => {
      asked.push([...names]);
      return Promise.resolve(new Map([["t", { topic: "t", partitions: 2 }]]));
    },
  );
  assertEquals(asked, [["t"]]);
  // Of a member of its kind with other topics, too, the leader may not be allowed to know them.
  await planGroup(
    [member("us", {}), member("other", { topics: ["secret"] })],
    { ...assignor, topics: ["t"] },
    (names) => {
      assertEquals(names, ["t"]);
      return Promise.resolve(new Map([["t", { topic: "t", partitions: 2 }]]));
    },
  );
  assertEquals(plan.unreadable, ["noise"]);
  assertEquals(plan.heldBack, []);
  assertEquals([...plan.assignments.keys()], ["noise", "thief", "us"]);
  const partitions = (id: string) => decodeAssignment(plan.assignments.get(id)!).partitions;
  assertEquals(partitions("us"), [p("t", 0), p("t", 1)]);
  assertEquals([partitions("thief"), partitions("noise")], [[], []]);
});
