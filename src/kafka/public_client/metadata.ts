/**
 * What brokers say of topics.
 *
 * @module
 */
import type { Broker, Cluster } from "kafkajs";
import { ConnectionLost, messageOf } from "../port/errors.ts";
import { causeOf } from "./client.ts";

/** What a broker says of a topic. */
export interface TopicMetadata {
  /** Kafka's name of the error; `NONE` when there is none. */
  readonly error: string;
  /** The leader's node id by partition; −1 where none is known. */
  readonly leaders: readonly number[];
}

/** Asks a broker for the topics' metadata. kafkajs fails for one error as a whole, so then they are asked for one by one. */
export async function topicMetadata(
  cluster: Cluster,
  topics: readonly string[],
): Promise<Map<string, TopicMetadata>> {
  const found = new Map<string, TopicMetadata>();
  // To kafkajs an empty list means all.
  if (topics.length === 0) return found;
  const broker = await anyBroker(cluster);
  const ask = async (some: readonly string[]): Promise<void> => {
    const answer = await broker.metadata([...some]);
    for (const { topic, partitionMetadata } of answer.topicMetadata) {
      const leaders: number[] = [];
      for (const { partitionId, leader } of partitionMetadata) leaders[partitionId] = leader;
      found.set(topic, { error: "NONE", leaders });
    }
  };
  try {
    await ask(topics);
  } catch (error) {
    if (causeOf(error).code === undefined) throw error;
    await Promise.all([...new Set(topics)].map(async (topic) => {
      try {
        await ask([topic]);
      } catch (error) {
        const { code } = causeOf(error);
        if (code === undefined) throw error;
        found.set(topic, { error: code, leaders: [] });
      }
    }));
  }
  return found;
}

async function anyBroker(cluster: Cluster): Promise<Broker> {
  let why: unknown;
  for (const nodeId of cluster.getNodeIds()) {
    try {
      return await cluster.findBroker({ nodeId: String(nodeId) });
    } catch (error) {
      why = error;
    }
  }
  throw new ConnectionLost(`no broker answers: ${messageOf(why)}`);
}
