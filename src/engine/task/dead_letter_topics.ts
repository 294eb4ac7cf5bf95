/**
 * The topics that dead letters go to.
 *
 * @module
 */
import type { Log } from "../../kafka/port/log.ts";
import { partitionFor } from "../../kafka/port/murmur2.ts";
import { TopologyError } from "../errors.ts";
import type { BoundTopology } from "../topology/bound_topology.ts";
import { deadLettersOf, specOf } from "../topology/internal_topics.ts";

/**
 * Creates those that are not there yet, with as many partitions as the largest source topic has.
 *
 * @returns The partitions of each.
 * @throws {TopologyError} When the topology reads one of them: what fails would come back for ever.
 */
export async function createDeadLetterTopics(
  topics: readonly string[],
  bound: BoundTopology,
  log: Log,
  replicationFactor: number,
): Promise<Map<string, number>> {
  if (topics.length === 0) return new Map();
  for (const topic of topics) {
    if (bound.sources.has(topic)) {
      throw new TopologyError(
        `Cannot send dead letters to ${topic}: received a topic that the topology reads, so that they ` +
          "would come back for ever; choose another topic",
      );
    }
  }
  const partitions = Math.max(...bound.subtopologies.map(({ tasks }) => tasks));
  const existing = await log.describeTopics(topics);
  await log.createTopics(
    topics.filter((topic) => !existing.has(topic)).map((topic) =>
      specOf(deadLettersOf(topic, partitions, replicationFactor), replicationFactor)
    ),
  );
  return new Map(topics.map((topic) => [topic, existing.get(topic)?.partitions ?? partitions]));
}

/**
 * The partition that a dead letter goes to: its key's, as Kafka's partitioner has it, or for one without key
 * that of its input, so far as there are as many.
 */
export function deadLetterPartition(key: Uint8Array | null, input: number, partitions: number): number {
  return key === null ? Math.max(0, input) % partitions : partitionFor(key, 0, key.length, partitions);
}
