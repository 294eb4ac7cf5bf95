import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { int64Serde, stringSerde } from "../../../../src/serde/mod.ts";
import { StreamsBuilder, type Topology } from "../../../../src/engine/mod.ts";
import { checkLeader, checkPeers, peerOf } from "../../../../src/engine/app/assignment/group_peers.ts";
import { TaskAssignor } from "../../../../src/engine/app/assignment/task_assignor.ts";
import { decodeTaskInfo, encodeTaskInfo } from "../../../../src/engine/app/assignment/task_info.ts";
import { topologyFingerprint } from "../../../../src/engine/topology/topology_fingerprint.ts";
import { AssignmentRefused } from "../../../../src/kafka/mod.ts";
import { firstStep, rightfulMembers, settleClaims } from "../../../../src/kafka/common/cooperative.ts";
import type { Member } from "../../../../src/kafka/port/group.ts";
import { partitionKey } from "../../../../src/kafka/port/topics.ts";
import { seededRandom } from "../../../support/seeded_random.ts";

const text = { key: stringSerde(), value: stringSerde() };
const OWN = { fingerprint: "aaaa", topics: ["left", "right"] };
const said = (info: object): Uint8Array => new TextEncoder().encode(JSON.stringify(info));
/** What the version before fingerprints read: any JSON. */
const readAsBefore = (bytes: Uint8Array) => JSON.parse(new TextDecoder().decode(bytes));

Deno.test("user data of a newer version is read as far as it is known, by this version and by the one before", () => {
  const ours = encodeTaskInfo({
    standbys: ["0_1"],
    current: ["0_1"],
    warmups: ["0_1"],
    leaving: true,
    waiting: true,
    ageMs: 5,
    endpoint: "a:1",
    topology: "aaaa",
  });
  assertEquals(readAsBefore(ours).standbys, ["0_1"]);
  assertEquals(decodeTaskInfo(said({ standbys: [], someDay: { more: 1 } }))?.standbys, []);
  const before = said({ standbys: ["0_2"], ageMs: 7 });
  assertEquals(decodeTaskInfo(before), { standbys: ["0_2"], ageMs: 7 });
});

Deno.test("user data that kos did not write is nobody's, whatever its bytes", () => {
  const { below } = seededRandom();
  const cases = [
    "",
    "null",
    "[]",
    "7",
    '"x"',
    "{}",
    '{"standbys":1}',
    '{"standbys":[1]}',
    '{"standbys":[],"hosts":[]}',
  ];
  cases.push(
    '{"standbys":[],"hosts":{"a":7}}',
    '{"standbys":[],"ageMs":"x"}',
    '{"standbys":[],"topology":7}',
    '{"standbys":[],"current":"0_0"}',
    '{"standbys":[],"warmups":[7]}',
    '{"standbys":[],"leaving":"yes"}',
    '{"standbys":[],"waiting":1}',
  );
  for (const each of cases) assertEquals(decodeTaskInfo(new TextEncoder().encode(each)), undefined, each);
  assertEquals(decodeTaskInfo(undefined), undefined);
  for (let round = 0; round < 500; round++) {
    assertEquals(decodeTaskInfo(Uint8Array.from({ length: below(40) }, () => 128 + below(128))), undefined);
  }
});

Deno.test("members of one topology, of the version before, of another topology, and strangers are told apart", () => {
  const kind = (userData: Uint8Array, topics = OWN.topics) => peerOf({ userData, topics }, OWN).kind;
  assertEquals(kind(said({ standbys: [], topology: "aaaa" })), "same");
  assertEquals(kind(said({ standbys: [], topology: "bbbb" })), "other");
  assertEquals(kind(said({ standbys: [] }), ["right", "left"]), "same");
  assertEquals(kind(said({ standbys: [] }), ["left"]), "other");
  assertEquals(kind(new Uint8Array(0)), "stranger");
});

Deno.test("a member takes an assignment of its topology or of the version before, and no other", () => {
  assertEquals(checkLeader(said({ standbys: ["0_0"] }), OWN).standbys, ["0_0"]);
  assertEquals(checkLeader(said({ standbys: [], topology: "aaaa" }), OWN).topology, "aaaa");
  const other = assertThrows(
    () => checkLeader(said({ standbys: [], topology: "bbbb" }), OWN),
    AssignmentRefused,
  );
  for (const part of ["aaaa", "bbbb", "--application-id"]) assertStringIncludes(other.message, part);
  assertThrows(() => checkLeader(new Uint8Array(0), OWN), AssignmentRefused, "not made by kos");
});

Deno.test("a leader of another topology than those at work steps back, and says both fingerprints", () => {
  const member = (memberId: string, info: object, owned: number[], topics = OWN.topics): Member => ({
    memberId,
    topics,
    userData: said(info),
    owned: owned.map((partition) => ({ topic: "left", partition })),
  });
  const self = member("self", { standbys: [], topology: "aaaa" }, []);
  const old = member("old", { standbys: [], topology: "bbbb" }, [0]);
  const error = assertThrows(() => checkPeers([self, old], OWN), AssignmentRefused);
  for (const part of ["old", "bbbb", "aaaa"]) assertStringIncludes(error.message, part);
  assertThrows(
    () => checkPeers([self, member("older", { standbys: [] }, [0], ["left"])], OWN),
    AssignmentRefused,
    "older at work with topics left",
  );
  // Nobody at work, one's own at work, or only a stranger that claims to be: the leader goes on.
  checkPeers([self, member("idle", { standbys: [], topology: "bbbb" }, [])], OWN);
  checkPeers([self, old, member("ours", { standbys: [], topology: "aaaa" }, [1])], OWN);
  checkPeers([self, { ...old, userData: new Uint8Array(0) }], OWN);
});

function counted(store: string, map = (value: string) => value): Topology {
  const builder = new StreamsBuilder();
  builder.stream("words", text).mapValues(map).groupByKey(text).count({ value: int64Serde(), name: store })
    .toStream();
  return builder.build();
}

Deno.test("a fingerprint is of parts, sources and stores: not of code and sinks", () => {
  const one = topologyFingerprint(counted("counts"));
  assert(/^[0-9a-f]{16}$/.test(one), one);
  assertEquals(topologyFingerprint(counted("counts", (value) => value.toUpperCase())), one);
  assert(topologyFingerprint(counted("other")) !== one);
  const source = (...topics: string[]): Topology => {
    const builder = new StreamsBuilder();
    for (const topic of topics) builder.stream(topic, text).to(`${topic}-out`, text);
    return builder.build();
  };
  assert(topologyFingerprint(source("a")) !== topologyFingerprint(source("b")));
  assert(topologyFingerprint(source("a")) !== topologyFingerprint(source("a", "b")));
});

/** Random members of all kinds, with claims of all kinds. */
function randomGroup({ below }: ReturnType<typeof seededRandom>, partitions: number) {
  const kinds = [
    said({ standbys: [], topology: "aaaa" }),
    said({ standbys: ["0_0", "9_9", "x"], topology: "aaaa", ageMs: 5 }),
    said({ standbys: ["0_1"], current: ["0_1", "9_9", "x"], warmups: ["0_2", "x"], topology: "aaaa" }),
    said({ standbys: ["0_1", "1_0"], current: [], leaving: true, topology: "aaaa" }),
    said({ standbys: [] }),
    said({ standbys: [], topology: "bbbb" }),
    new Uint8Array(0),
    new Uint8Array([1, 2, 255]),
  ];
  const claims = Array.from({ length: 1 + below(6) }, (_, i) => ({
    memberId: `m${i}`,
    topics: i === 0 || below(4) > 0 ? OWN.topics : ["elsewhere"],
    userData: kinds[i === 0 ? 0 : below(kinds.length)]!,
    owned: Array.from({ length: below(8) }, () => ({
      topic: ["left", "right", "elsewhere"][below(3)]!,
      partition: below(partitions + 3),
    })),
    generation: below(3) - 1,
  }));
  // The leader's own kind is at work, or it would step back.
  claims[0]!.owned.push({ topic: "left", partition: partitions + 9 });
  return claims;
}

Deno.test("a leader gives every partition of every task once, to one member of its kind, whoever is in the group", () => {
  const random = seededRandom();
  const subtopologies = [
    { id: 0, nodes: [], stores: [], sinkTopics: [], sourceTopics: ["left", "right"] },
    { id: 1, nodes: [], stores: [], sinkTopics: [], sourceTopics: ["own"] },
  ];
  for (let round = 0; round < 500; round++) {
    const [many, few] = [1 + random.below(6), 1 + random.below(6)];
    const topics = new Map(
      Object.entries({ left: many, right: random.below(2) === 0 ? many : few, own: few })
        .map(([topic, partitions]) => [topic, { topic, partitions }]),
    );
    const own = { ...OWN, topics: ["left", "right", "own"] };
    const assignor = new TaskAssignor(
      subtopologies,
      random.below(3),
      () => ({ standbys: [], topology: "aaaa" }),
      { maxWarmups: random.below(3), withState: new Set([0]) },
    );
    const claims = randomGroup(random, many).map((each) =>
      each.topics === OWN.topics ? { ...each, topics: own.topics } : each
    );
    const owners = settleClaims(claims.filter((each) => assignor.accepts(each)));
    const target = assignor.assign(rightfulMembers(claims, owners), topics);
    const all = [...target].flatMap(([id, { partitions }]) =>
      partitions.map((each) => ({ id, key: partitionKey(each.topic, each.partition) }))
    );
    const wanted = [...topics.values()].flatMap(({ topic, partitions }) =>
      Array.from({ length: partitions }, (_, partition) => partitionKey(topic, partition))
    );
    assertEquals(all.map(({ key }) => key).sort(), wanted.sort(), `round ${round}`);
    const ours = new Set(
      claims.filter((each) => peerOf(each, own).kind === "same").map((each) => each.memberId),
    );
    for (const { id } of all) assert(ours.has(id), `round ${round}: ${id} is none of us`);
    assertEquals([...target.keys()].sort(), claims.map(({ memberId }) => memberId).sort());
    // A step hands out whole tasks only, and nothing that another one has.
    for (const [id, { partitions }] of firstStep(target, owners).assignments) {
      const keys = new Set(partitions.map((each) => partitionKey(each.topic, each.partition)));
      for (const unit of target.get(id)!.units ?? []) {
        const there = unit.filter((each) => keys.has(partitionKey(each.topic, each.partition))).length;
        assert(there === 0 || there === unit.length, `round ${round}: ${id} has a part of a task`);
      }
      for (const key of keys) assertEquals(owners.get(key) ?? id, id, `round ${round}: ${key}`);
    }
  }
});
