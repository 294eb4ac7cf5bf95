import { assertThrows } from "@std/assert";
import { checkAnswer } from "../../../src/kafka/client/answer_checks.ts";
import type { ApiName } from "../../../src/kafka/client/kafkajs_internals.ts";
import { DamagedAnswer } from "../../../src/kafka/wire/protocol/damaged_answer.ts";

const asked = { topics: [{ topic: "t", partitions: [{ partition: 0 }, { partition: 1 }] }] };
const broker = { nodeId: 1, host: "kafka", port: 9092 };

/** An answer about partitions of topic t, with an offset each. */
function listed(...offsets: readonly [number, string][]) {
  const partitions = offsets.map(([partition, offset]) => ({ partition, offset }));
  return { responses: [{ topic: "t", partitions }] };
}

function metadata(partitions: readonly number[], told: object = broker) {
  return {
    brokers: [told],
    topicMetadata: [{ topic: "t", partitionMetadata: partitions.map((partitionId) => ({ partitionId })) }],
  };
}

const member = { memberId: "m", memberMetadata: new Uint8Array(0) };
const joined = { memberId: "m", leaderId: "m", members: [member] };
const described = { memberId: "m", clientId: "c", clientHost: "/127.0.0.1" };
const identity = { errorCode: 0, producerId: "7", producerEpoch: 0 };

/** By request, the body, what a broker answers, and what none does with how that is called. */
const CASES: readonly (readonly [ApiName, unknown, unknown, readonly (readonly [unknown, string])[]])[] = [
  ["Metadata", {}, metadata([1, 0]), [
    [metadata([0], { ...broker, port: 70_000 }), "port 70000 of broker 1"],
    [metadata([0], { ...broker, port: -1 }), "port -1 of broker 1"],
    [metadata([0], { ...broker, host: null }), "host of broker 1 null"],
    [metadata([0, 2_000_000_000]), "partition 2000000000 of topic t among 2"],
    [metadata([-1]), "partition -1 of topic t among 1"],
    [metadata([1, 1]), "partition 1 of topic t among 2"],
    [{ brokers: [], topicMetadata: [{ topic: null, partitionMetadata: [] }] }, "topic null"],
  ]],
  ["GroupCoordinator", {}, { errorCode: 15, coordinator: { nodeId: -1, host: null, port: -1 } }, [
    [{ errorCode: 0, coordinator: { ...broker, port: 1e6 } }, "port 1000000 of broker 1"],
    [{ errorCode: 0, coordinator: { ...broker, host: null } }, "host of broker 1 null"],
  ]],
  ["JoinGroup", {}, joined, [
    [{ ...joined, memberId: null }, "member id null"],
    [{ ...joined, leaderId: null }, "member id null"],
    [{ ...joined, members: [{ ...member, memberId: null }] }, "member id null"],
    [{ ...joined, members: [{ ...member, memberMetadata: null }] }, "member m without metadata"],
  ]],
  ["ListOffsets", asked, listed([1, "9"], [0, "-1"]), [
    [listed([0, "9"]), "an answer about 1 of 2, without t-1"],
    [listed([0, "9"], [1, "9"], [2, "9"]), "an answer about t-2, which was not asked for"],
    [listed([0, "9"], [0, "9"]), "an answer that tells twice of t-0"],
    [listed([0, "9"], [1, "-2"]), "offset -2 of t-1"],
    [listed([0, "9"], [1, "9223372036854775807"]), "offset 9223372036854776000 of t-1"],
  ]],
  ["OffsetFetch", asked, { errorCode: 15, responses: [] }, [
    [{ errorCode: 0, ...listed([0, "9"]) }, "an answer about 1 of 2, without t-1"],
    [listed([0, "9"], [1, "-5"]), "offset -5 of t-1"],
  ]],
  ["OffsetCommit", asked, listed([0, ""], [1, ""]), [
    [{ responses: [] }, "an answer about 0 of 2, without t-0"],
  ]],
  ["DeleteRecords", asked, { topics: asked.topics }, [
    [{ topics: [] }, "an answer about 0 of 2, without t-0"],
  ]],
  [
    "AddPartitionsToTxn",
    { topics: [{ topic: "t", partitions: [0] }] },
    { errors: [{ topic: "t", partitionErrors: [{ partition: 0 }] }] },
    [
      [{ errors: [] }, "an answer about 0 of 1, without t-0"],
      [{ errors: [{ topic: "u", partitionErrors: [{ partition: 0 }] }] }, "an answer about u-0, which"],
    ],
  ],
  ["CreateTopics", { topics: [{ topic: "t" }] }, { topicErrors: [{ topic: "t" }] }, [
    [{ topicErrors: [{ topic: "u" }] }, "an answer about u, which was not asked for"],
    [{ topicErrors: [] }, "an answer about 0 of 1, without t"],
  ]],
  ["DeleteTopics", { topics: ["t"] }, { topicErrors: [{ topic: "t" }] }, [
    [{ topicErrors: [] }, "an answer about 0 of 1, without t"],
  ]],
  ["DescribeConfigs", { resources: [{ name: "t" }] }, { resources: [{ resourceName: "t" }] }, [
    [{ resources: [{ resourceName: null }] }, "an answer about null, which was not asked for"],
  ]],
  ["DescribeGroups", { groupIds: ["g"] }, { groups: [{ groupId: "g", members: [described] }] }, [
    [{ groups: [] }, "an answer about 0 of 1, without g"],
    [{ groups: [{ groupId: "g", members: [{ ...described, clientHost: null }] }] }, "member null"],
  ]],
  ["InitProducerId", {}, identity, [
    [{ ...identity, producerId: "-1" }, "producer id -1 with epoch 0"],
    [{ ...identity, producerId: "9007199254740993" }, "producer id 9007199254740992 with epoch 0"],
    [{ ...identity, producerEpoch: -1 }, "producer id 7 with epoch -1"],
  ]],
];

for (const [api, body, right, wrongs] of CASES) {
  Deno.test(`an answer to ${api} that no broker gives is not believed`, () => {
    checkAnswer(api, body, right);
    for (const [wrong, message] of wrongs) {
      assertThrows(() => checkAnswer(api, body, wrong), DamagedAnswer, message);
    }
  });
}

Deno.test("an answer to a request that has nothing to check is believed", () => {
  checkAnswer("Heartbeat", {}, { errorCode: 27 });
});
