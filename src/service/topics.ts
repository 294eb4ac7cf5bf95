/**
 * The topics that a topology reads and writes, created where they are missing.
 *
 * @module
 */
import type { Topology } from "../engine/mod.ts";
import { copartitionGroups } from "../engine/topology/partition_counts.ts";
import { ensureTopics, type TopicsLogger } from "../kafka/common/ensure_topics.ts";
import type { Log } from "../kafka/port/log.ts";

/** The topics of a topology that are not its own: what it reads, and what it only writes. */
export interface OuterTopics {
  /** What it reads; joined topics, which must have equally many partitions, are one group. */
  readonly sources: readonly (readonly string[])[];
  /** What it only writes. */
  readonly sinks: readonly string[];
}

/** The topics that a topology expects to be there. Changelogs and repartition topics the engine creates. */
export function outerTopics(topology: Topology): OuterTopics {
  const outer = (topics: Iterable<string>): string[] =>
    [...new Set(topics)].filter((topic) => !topology.repartitionTopics.has(topic));
  const nodes = [...topology.nodes.values()];
  const read = outer(nodes.flatMap((node) => node.kind === "source" ? node.topics : []));
  const written = outer(nodes.flatMap((node) => node.kind === "sink" ? [node.topic] : []));
  const joined = [...copartitionGroups(topology)].map(outer).filter((group) => group.length > 0);
  const alone = read.filter((topic) => !joined.some((group) => group.includes(topic))).map((
    topic,
  ) => [topic]);
  return { sources: [...joined, ...alone], sinks: written.filter((topic) => !read.includes(topic)) };
}

/**
 * Creates the topics that a topology reads and writes where they are missing. One that is only written gets
 * as many partitions as the largest that is read; one that is there is measured by what was asked for.
 *
 * @throws {Error} When joined topics have different numbers of partitions.
 */
export async function ensureTopologyTopics(
  log: Log,
  topology: Topology,
  partitions: number,
  replicationFactor: number | undefined,
  logger: TopicsLogger,
): Promise<void> {
  const { sources, sinks } = outerTopics(topology);
  let most = 0;
  for (const group of sources) {
    most = Math.max(most, await ensureTopics(log, group, partitions, replicationFactor, logger));
  }
  const there = await log.describeTopics(sinks);
  for (const sink of sinks) {
    await ensureTopics(log, [sink], there.has(sink) ? partitions : most, replicationFactor, logger);
  }
}
