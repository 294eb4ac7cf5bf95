import { TopologyError } from "../errors.ts";
import type { Topology } from "./topology.ts";

/**
 * How many partitions each topic of a topology has or is to have, by its name in the topology. As in Kafka
 * Streams (`RepartitionTopics`, `CopartitionedTopicsEnforcer`): a repartition topic has as many as it was
 * given, else as the largest source topic of the parts that write it; joined with other topics it has as many
 * as those.
 *
 * @param known Gives the number of partitions of a topic that is there already.
 * @throws {TopologyError} When joined topics can't have the same number of partitions.
 */
export function partitionCounts(topology: Topology, known: (topic: string) => number): Map<string, number> {
  const { repartitionTopics } = topology;
  const subtopologies = topology.subtopologies();
  const counts = new Map<string, number>();
  for (const { sourceTopics, sinkTopics } of subtopologies) {
    for (const topic of [...sourceTopics, ...sinkTopics]) {
      const count = repartitionTopics.has(topic) ? repartitionTopics.get(topic)!.partitions : known(topic);
      if (count !== undefined) counts.set(topic, count);
    }
  }
  // A part can follow another one's repartition topic: those come first.
  for (let again = true; again;) {
    again = false;
    for (const topic of repartitionTopics.keys()) {
      if (counts.has(topic)) continue;
      const before = subtopologies.filter(({ sinkTopics }) => sinkTopics.includes(topic))
        .flatMap(({ sourceTopics }) => sourceTopics.map((source) => counts.get(source) ?? 0));
      const count = Math.max(0, ...before);
      if (count === 0) continue;
      counts.set(topic, count);
      again = true;
    }
  }
  for (const topic of repartitionTopics.keys()) {
    if (!counts.has(topic)) {
      throw new TopologyError(
        `Cannot create repartition topic ${topic}: received no topic with a known number of partitions ` +
          "before it; give it partitions",
      );
    }
  }
  for (const group of copartitionGroups(topology)) enforce(group, topology, counts);
  return counts;
}

/** Joined topics, with those that are joined with them in turn. */
export function copartitionGroups(topology: Topology): Set<string>[] {
  const groups: Set<string>[] = [];
  for (const topics of topology.copartitioned) {
    const merged = new Set(topics);
    for (let i = groups.length - 1; i >= 0; i--) {
      if (![...groups[i]!].some((topic) => merged.has(topic))) continue;
      for (const topic of groups.splice(i, 1)[0]!) merged.add(topic);
    }
    groups.push(merged);
  }
  return groups;
}

function enforce(group: ReadonlySet<string>, topology: Topology, counts: Map<string, number>): void {
  const { repartitionTopics } = topology;
  const free = [...group].filter((topic) =>
    repartitionTopics.has(topic) && repartitionTopics.get(topic)!.partitions === undefined
  );
  const fixed = [...group].filter((topic) => !free.includes(topic)).sort();
  if (new Set(fixed.map((topic) => counts.get(topic))).size > 1) {
    const given = fixed.filter((topic) => repartitionTopics.has(topic));
    throw new TopologyError(
      `Cannot join: received ${
        fixed.map((topic) => `${topic} with ${counts.get(topic)} partitions`).join(", ")
      }; ` +
        `joined topics need the same number, so that equal keys come to one task: ${
          given.length === 0
            ? "create them anew with equal numbers"
            : `give ${given.join(", ")} the number of the others`
        }`,
    );
  }
  const count = fixed.length > 0
    ? counts.get(fixed[0]!)!
    : Math.max(...free.map((topic) => counts.get(topic)!));
  for (const topic of free) counts.set(topic, count);
}
