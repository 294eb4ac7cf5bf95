import { assert, assertEquals } from "@std/assert";
import { checkLeader } from "../../../src/engine/app/assignment/group_peers.ts";
import { TaskAssignor } from "../../../src/engine/app/assignment/task_assignor.ts";
import { encodeTaskInfo, type TaskInfo } from "../../../src/engine/app/assignment/task_info.ts";
import { planGroup } from "../../../src/kafka/common/group_plan.ts";
import { readAssignment } from "../../../src/kafka/common/read_assignment.ts";
import { AssignmentRefused } from "../../../src/kafka/port/errors.ts";
import { encodeAssignment, encodeSubscription } from "../../../src/kafka/wire/consumer_protocol.ts";
import { joined } from "../mutations.ts";
import type { FuzzTarget } from "../target.ts";

const TOPICS = ["in", "other"];
const PARTITIONS = 2;
const PART = { id: 0, nodes: [], stores: [], sinkTopics: [], sourceTopics: TOPICS };
const own = { fingerprint: "f00d", topics: TOPICS };

/** What this instance, the leader, says of itself. */
const SELF: TaskInfo = { standbys: ["0_0"], current: ["0_0"], topology: "f00d", ageMs: 60_000 };
const OTHER: TaskInfo = {
  ...SELF,
  warmups: ["0_1"],
  next: ["0_0"],
  leaving: false,
  endpoint: "host:9001",
  hosts: { "host:9001": ["0_1"] },
};

const partitionsOf = (partition: number) => TOPICS.map((topic) => ({ topic, partition }));
const subscription = (info: TaskInfo, partition: number) =>
  encodeSubscription({
    topics: TOPICS,
    userData: encodeTaskInfo(info),
    owned: partitionsOf(partition),
    generation: 3,
  });

/**
 * What others in a group say: with an even first byte a member's subscription as this leader reads it, with
 * an odd one a leader's assignment as this member does.
 */
export const GROUP: FuzzTarget = {
  name: "group",
  refusals: [AssignmentRefused],
  seeds() {
    const assignment = encodeAssignment({ partitions: partitionsOf(0), userData: encodeTaskInfo(OTHER) });
    const strange = encodeSubscription({
      topics: ["in"],
      userData: new Uint8Array(0),
      owned: [],
      generation: -1,
    });
    return [
      joined(Uint8Array.of(0), subscription(OTHER, 1)),
      joined(Uint8Array.of(0), subscription({ ...OTHER, topology: "beef" }, 1)),
      joined(Uint8Array.of(0), strange),
      joined(Uint8Array.of(1), assignment),
      joined(Uint8Array.of(1), encodeAssignment({ partitions: partitionsOf(1) })),
    ];
  },
  run: (input) => (input[0] ?? 0) % 2 === 0 ? lead(input.subarray(1)) : follow(input.subarray(1)),
};

/** Whatever another member says, each partition has one owner at most, and no stranger any. */
async function lead(metadata: Uint8Array): Promise<void> {
  const assignor = new TaskAssignor([PART], 1, () => SELF, { maxWarmups: 1, withState: new Set([0]) });
  const members = [{ memberId: "self", metadata: subscription(SELF, 0) }, { memberId: "other", metadata }];
  const described = new Map(TOPICS.map((topic) => [topic, { topic, partitions: PARTITIONS }]));
  const plan = await planGroup(members, assignor, () => Promise.resolve(described));
  const given = [...plan.assignments.values()].flatMap((bytes) =>
    readAssignment(bytes, { groupId: "g", topics: TOPICS }).partitions
  );
  const keys = given.map(({ topic, partition }) => `${topic}-${partition}`);
  assertEquals(new Set(keys).size, keys.length, "a partition has two owners");
  assert(keys.length + 2 * PARTITIONS >= plan.heldBack.length, "more is held back than there is");
}

function follow(assignment: Uint8Array): void {
  const { partitions, userData } = readAssignment(assignment, { groupId: "g", topics: TOPICS });
  for (const { topic, partition } of partitions) assert(TOPICS.includes(topic) && partition >= 0);
  checkLeader(userData, own);
}
