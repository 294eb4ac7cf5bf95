/**
 * What an answer that kafkajs has decoded must be to be believed. A wrong byte, or a broker of bad will,
 * makes one that can be decoded and yet can't be right: a partition's number of two billion for which room
 * would be made, a port that is none, or an offset that is left out and would pass for one that was never
 * committed.
 *
 * @module
 */
import type { ApiName } from "./kafkajs_internals.ts";
import type { TopicPartition } from "../port/topics.ts";
import {
  checkIdentity,
  checkOffset,
  checkPartitions,
  checkTold,
  DamagedAnswer,
} from "../wire/protocol/damaged_answer.ts";

// deno-lint-ignore no-explicit-any -- requests and answers as kafkajs has them, which has no types for them
type Message = any;

/** Where requests and answers have what they tell by topic and partition. */
interface Listed {
  readonly topic: string;
  readonly partitions: readonly (number | { readonly partition: number })[];
}

const CHECKS: Partial<Record<ApiName, (answer: Message, body: Message) => void>> = {
  Metadata: ({ brokers, topicMetadata }) => {
    for (const broker of brokers) checkBroker(broker);
    for (const topic of topicMetadata) checkTopic(topic);
  },
  GroupCoordinator: ({ errorCode, coordinator }) => {
    if (errorCode === 0) checkBroker(coordinator);
  },
  JoinGroup: ({ memberId, leaderId, members }) => {
    for (const id of [memberId, leaderId]) checkText("member id", id);
    for (const member of members) {
      checkText("member id", member.memberId);
      if (member.memberMetadata === null) {
        throw new DamagedAnswer(`member ${member.memberId} without metadata`);
      }
    }
  },
  ListOffsets: ({ responses }, { topics }) => checkOffsets(topics, responses),
  OffsetFetch: ({ errorCode, responses }, { topics }) => {
    if ((errorCode ?? 0) === 0) checkOffsets(topics, responses);
  },
  InitProducerId: ({ errorCode, producerId, producerEpoch }) => {
    if (errorCode === 0) checkIdentity(Number(producerId), producerEpoch);
  },
  OffsetCommit: ({ responses }, { topics }) => checkPartitions(partitionsOf(topics), partitionsOf(responses)),
  DeleteRecords: (answer, { topics }) => checkPartitions(partitionsOf(topics), partitionsOf(answer.topics)),
  AddPartitionsToTxn: ({ errors }, { topics }) => {
    const told = errors.map(({ topic, partitionErrors }: Message) => ({
      topic,
      partitions: partitionErrors,
    }));
    checkPartitions(partitionsOf(topics), partitionsOf(told));
  },
  CreateTopics: ({ topicErrors }, { topics }) => checkTold(topics.map(topicOf), topicErrors.map(topicOf)),
  DeleteTopics: ({ topicErrors }, { topics }) => checkTold(topics, topicErrors.map(topicOf)),
  DescribeConfigs: (answer, { resources }) => {
    checkTold(
      resources.map(({ name }: Message) => name),
      answer.resources.map(({ resourceName }: Message) => resourceName),
    );
  },
  DescribeGroups: ({ groups }, { groupIds }) => {
    checkTold(groupIds, groups.map(({ groupId }: Message) => groupId));
    for (const { members } of groups) {
      for (const { memberId, clientId, clientHost } of members) {
        for (const text of [memberId, clientId, clientHost]) checkText("member", text);
      }
    }
  },
};

/**
 * Checks an answer to a request.
 *
 * @param body The request, as kafkajs encodes it.
 * @throws {DamagedAnswer} When no broker gives such an answer to it.
 */
export function checkAnswer(api: ApiName, body: unknown, answer: unknown): void {
  CHECKS[api]?.(answer, body);
}

function checkBroker({ nodeId, host, port }: Message): void {
  checkText(`host of broker ${nodeId}`, host);
  // 0 is what a broker tells of one that it does not know.
  if (port < 0 || port > 65_535) throw new DamagedAnswer(`port ${port} of broker ${nodeId}`);
}

/** A broker tells of all partitions of a topic: their numbers are those from 0 on, in any order. */
function checkTopic({ topic, partitionMetadata }: Message): void {
  checkText("topic", topic);
  const numbers = new Set<number>();
  for (const { partitionId } of partitionMetadata) {
    if (partitionId < 0 || partitionId >= partitionMetadata.length || numbers.has(partitionId)) {
      const count = partitionMetadata.length;
      throw new DamagedAnswer(`partition ${partitionId} of topic ${topic} among ${count}`);
    }
    numbers.add(partitionId);
  }
}

function checkOffsets(asked: readonly Listed[], told: readonly Listed[]): void {
  const partitions = partitionsOf<{ offset?: string }>(told);
  checkPartitions(partitionsOf(asked), partitions);
  for (const each of partitions) checkOffset(Number(each.offset), each);
}

function partitionsOf<T>(topics: readonly Listed[]): (TopicPartition & T)[] {
  return topics.flatMap(({ topic, partitions }) =>
    partitions.map((each) =>
      (typeof each === "number" ? { topic, partition: each } : { topic, ...each }) as TopicPartition & T
    )
  );
}

function topicOf({ topic }: { readonly topic: string }): string {
  return topic;
}

function checkText(what: string, text: unknown): void {
  if (typeof text !== "string") throw new DamagedAnswer(`${what} ${text}`);
}
