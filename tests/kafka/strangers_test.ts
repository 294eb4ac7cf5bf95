import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { AssignmentRefused } from "../../src/kafka/port/errors.ts";
import type { Assignor } from "../../src/kafka/port/group.ts";
import type { TopicPartition } from "../../src/kafka/port/topics.ts";
import {
  decodeAssignment,
  encodeAssignment,
  encodeSubscription,
} from "../../src/kafka/wire/consumer_protocol.ts";
import { CONTESTED, firstStep, settleClaims } from "../../src/kafka/common/cooperative.ts";
import { groupInWords } from "../../src/kafka/client/group_description.ts";
import { planGroup } from "../../src/kafka/common/group_plan.ts";
import { ByteWriter } from "../../src/kafka/wire/protocol/bytes.ts";
import { decodeListGroups, encodeListGroups } from "../../src/kafka/wire/protocol/list_groups.ts";
import { decodeTopicIds, encodeMetadata } from "../../src/kafka/wire/protocol/metadata.ts";
import { readAssignment } from "../../src/kafka/common/read_assignment.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { evenAssignor } from "./members.ts";

const p = (topic: string, partition: number): TopicPartition => ({ topic, partition });
const MEMBER = { groupId: "g", topics: ["left", "right"] };
const NOTHING = new Uint8Array(0);

Deno.test("an assignment of what this member did not subscribe to is refused by name", () => {
  const bytes = encodeAssignment({ partitions: [p("left", 0), p("other", 3)] });
  const error = assertThrows(() => readAssignment(bytes, MEMBER), AssignmentRefused);
  for (const part of ["group g", "other-3", "left, right", "--application-id"]) {
    assertStringIncludes(error.message, part);
  }
  assertThrows(
    () => readAssignment(encodeAssignment({ partitions: [p("left", -1)] }), MEMBER),
    AssignmentRefused,
    "left--1",
  );
});

Deno.test("an assignment that names a partition twice has it once", () => {
  const out = new ByteWriter();
  out.int16(1);
  out.int32(2);
  for (let i = 0; i < 2; i++) {
    out.string("left");
    out.int32(2);
    out.int32(4);
    out.int32(4);
  }
  out.bytes(NOTHING);
  assertEquals(readAssignment(out.done(), MEMBER).partitions, [p("left", 4)]);
});

Deno.test("bytes that are no assignment are refused in words, whatever they are", () => {
  const { below } = seededRandom();
  const valid = encodeAssignment({ partitions: [p("left", 0), p("right", 1)], userData: new Uint8Array(9) });
  for (let round = 0; round < 2_000; round++) {
    const bytes = round % 2 === 0
      ? Uint8Array.from({ length: 1 + below(60) }, () => below(256))
      : valid.map((byte) => below(8) === 0 ? below(256) : byte);
    try {
      readAssignment(bytes, MEMBER);
    } catch (error) {
      assert(error instanceof AssignmentRefused, `${[...bytes]}: ${error}`);
    }
  }
  const short = assertThrows(() => readAssignment(valid.subarray(0, 9), MEMBER), AssignmentRefused);
  assertStringIncludes(short.message, "9 bytes that are no assignment");
});

Deno.test("what a member claims twice is no contest, and what two claim nobody gets before they gave it up", () => {
  const claims = [
    { memberId: "a", owned: [p("t", 0), p("t", 0), p("t", 1)], generation: 3 },
    { memberId: "b", owned: [p("t", 1)], generation: 3 },
  ];
  const owners = settleClaims(claims);
  assertEquals(owners, new Map([["t-0", "a"], ["t-1", CONTESTED]]));
  const target = new Map([["a", { partitions: [p("t", 0), p("t", 1)] }], ["b", { partitions: [] }]]);
  const { assignments, heldBack } = firstStep(target, owners);
  assertEquals(assignments.get("a")!.partitions, [p("t", 0)]);
  assertEquals(heldBack, [{ topic: "t", partition: 1, owner: CONTESTED }]);
});

Deno.test("of what goes together nothing is handed out while another member has a part of it", () => {
  const unit = [p("left", 0), p("right", 0)];
  const target = new Map([["b", { partitions: [...unit, p("left", 1)], units: [unit, [p("left", 1)]] }]]);
  const { assignments, heldBack } = firstStep(target, new Map([["right-0", "a"]]));
  assertEquals(assignments.get("b")!.partitions, [p("left", 1)]);
  assertEquals(heldBack, [{ topic: "right", partition: 0, owner: "a" }]);
});

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

Deno.test("a group is told in words: its type, or its protocol and members", () => {
  const members = Array.from({ length: 7 }, (_, i) => ({
    memberId: `id-${i}`,
    clientId: "app",
    clientHost: "/10.0.0.1",
  }));
  const words = groupInWords(
    { state: "Stable", protocolType: "consumer", protocol: "range", members },
    "classic",
  )!;
  assertStringIncludes(words, "protocol type consumer with assignor range");
  assertStringIncludes(words, "app at 10.0.0.1 (id-0)");
  assertStringIncludes(words, "and 2 more");
  assertStringIncludes(groupInWords(undefined, "share")!, "of type share");
  assertEquals(groupInWords(undefined, undefined), undefined);
});

Deno.test("ListGroups 5 and Metadata 12 are read as the broker writes them", () => {
  assertEquals([...encodeListGroups()], [1, 1, 0]);
  const groups = new ByteWriter();
  groups.noTags();
  groups.int32(0);
  groups.int16(0);
  groups.compactArray([0], () => {
    for (const text of ["g", "consumer", "Stable", "Consumer"]) groups.compactString(text);
    groups.noTags();
  });
  groups.noTags();
  assertEquals(decodeListGroups(groups.done()), [
    { groupId: "g", protocolType: "consumer", state: "Stable", type: "Consumer" },
  ]);
  const request = encodeMetadata(["t"]);
  assertEquals([...request], [2, ...new Array(16).fill(0), 2, 0x74, 0, 0, 0, 0]);
});

Deno.test("topics without an id, or not there, are told none", () => {
  const out = new ByteWriter();
  out.noTags();
  out.int32(0);
  out.compactArray([0], () => {
    out.int32(1);
    out.compactString("localhost");
    out.int32(9092);
    out.compactString(null);
    out.noTags();
  });
  out.compactString("cluster");
  out.int32(1);
  const topic = (errorCode: number, name: string, word: number): void => {
    out.int16(errorCode);
    out.compactString(name);
    for (let i = 0; i < 4; i++) out.int32(word);
    out.int8(0);
    out.compactArray([0], () => {
      out.int16(0);
      for (let i = 0; i < 3; i++) out.int32(0);
      for (let i = 0; i < 3; i++) out.compactArray([1], (node) => out.int32(node));
      out.noTags();
    });
    out.int32(-2147483648);
    out.noTags();
  };
  out.compactArray(
    [0, 1, 2],
    (i) => [() => topic(0, "a", -1), () => topic(3, "b", 7), () => topic(0, "c", 0)][i]!(),
  );
  out.noTags();
  assertEquals(decodeTopicIds(out.done()), new Map([["a", "f".repeat(32)]]));
});
