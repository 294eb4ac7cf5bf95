/**
 * A topology bound to a log: checked against its topics, with its changelogs created and its serdes bound to
 * theirs.
 *
 * @module
 */
import { bindSerde, type Serde } from "../../serde/serde.ts";
import type { Log } from "../../kafka/port/log.ts";
import type { TopicPartition } from "../../kafka/port/topics.ts";
import { TopologyError } from "../errors.ts";
import type { BoundStore } from "../state/definitions.ts";
import type { Subtopology } from "./subtopologies.ts";
import type { Topology } from "./topology.ts";
import type { EngineLogger } from "../record/handlers.ts";
import {
  changelogOf,
  checkInternalTopics,
  type InternalTopic,
  repartitionTopicOf,
  specOf,
} from "./internal_topics.ts";
import { partitionCounts } from "./partition_counts.ts";

// deno-lint-ignore no-explicit-any -- serdes of any types stand side by side
type AnySerde = Serde<any>;

/** Both serdes of a topic. */
export interface Serdes {
  readonly key: AnySerde;
  readonly value: AnySerde;
}

/** A subtopology with the number of its tasks: one a partition of its largest source topic. */
export interface BoundSubtopology extends Subtopology {
  readonly tasks: number;
  /** How many partitions each source topic has, by its name. */
  readonly partitions: ReadonlyMap<string, number>;
}

/** A sink of a bound topology. */
export interface BoundSink extends Serdes {
  /** The topic's name on the log. */
  readonly topic: string;
  readonly partitions: number;
}

/** What the runtime makes tasks from. */
export interface BoundTopology {
  readonly topology: Topology;
  /**
   * Gives the name on the log of a topic as nodes name it: a repartition topic's has the application id in
   * front.
   */
  readonly topicName: (topic: string) => string;
  /** The parts of the topology, with the topics' names on the log. */
  readonly subtopologies: readonly BoundSubtopology[];
  /** The names on the log of topics that only this application writes and reads. */
  readonly repartitionTopics: ReadonlySet<string>;
  /** The serdes of the source topics, by the topics' names. */
  readonly sources: ReadonlyMap<string, Serdes>;
  /** The sinks, by their nodes' names. */
  readonly sinks: ReadonlyMap<string, BoundSink>;
  /** The stores, by their names. */
  readonly stores: ReadonlyMap<string, BoundStore>;
}

/** How changelogs are created. */
export interface BindOptions {
  readonly applicationId: string;
  readonly replicationFactor: number;
  /** Told of settings of the application's own topics that are not as they should be. */
  readonly logger: EngineLogger;
}

/** The changelog topic of a store. */
export function changelogTopic(applicationId: string, store: string): string {
  return `${applicationId}-${store}-changelog`;
}

/**
 * Checks a topology against the log and creates its repartition topics and changelogs.
 *
 * @throws {TopologyError} When topics are missing, joined topics differ in their partitions, a changelog has
 * another number of partitions than there are tasks, or a topic of the application's own has settings with
 * which records or state would be lost.
 */
export async function bindTopology(
  topology: Topology,
  log: Log,
  options: BindOptions,
): Promise<BoundTopology> {
  const { applicationId, replicationFactor } = options;
  const wanted = new Set(
    topology.subtopologies().flatMap(({ sourceTopics, sinkTopics }) => [...sourceTopics, ...sinkTopics]),
  );
  for (const topic of topology.repartitionTopics.keys()) wanted.delete(topic);
  const known = await log.describeTopics([...wanted]);
  const missing = [...wanted].filter((topic) => !known.has(topic));
  if (missing.length > 0) {
    throw new TopologyError(
      `Cannot start ${applicationId}: received ${log.description} without the topic${
        missing.length > 1 ? "s" : ""
      } ` +
        `${missing.join(", ")}; create ${missing.length > 1 ? "them" : "it"} first`,
    );
  }
  const counts = partitionCounts(topology, (topic) => known.get(topic)!.partitions);
  const name = topicNames(topology, applicationId);
  const partitions = new Map([...counts].map(([topic, count]) => [name(topic), count]));
  const repartitions = [...topology.repartitionTopics.keys()].map((topic) =>
    repartitionTopicOf(name(topic), counts.get(topic)!, replicationFactor)
  );
  await createOwnTopics(
    repartitions,
    log,
    replicationFactor,
    ({ topic, partitions }, found) =>
      `Cannot use repartition topic ${topic}: received a topic with ${found} partitions where ` +
      `${partitions} are needed; the source topics have changed since it was made: use another application ` +
      "id, or delete it once all of it is processed",
  );
  const bound = await bindSerdes(topology, applicationId, (topic) => partitions.get(topic)!);
  const changelogs = await createChangelogs(bound, log, options);
  const sources = [...bound.sources.keys()].filter((topic) =>
    !repartitions.some((own) => own.topic === topic)
  );
  await checkInternalTopics([...repartitions, ...changelogs], sources, log, options.logger);
  return bound;
}

/** Gives a topic's name on the log: a repartition topic's has the application id in front. */
function topicNames(topology: Topology, applicationId: string): (topic: string) => string {
  return (topic) => topology.repartitionTopics.has(topic) ? `${applicationId}-${topic}` : topic;
}

/**
 * The topics that an application with this id reads, and those that it writes, changelogs included, by their
 * names on the log.
 */
export function topicsOf(
  topology: Topology,
  applicationId: string,
): { readonly sources: string[]; readonly written: string[] } {
  const name = topicNames(topology, applicationId);
  const nodes = [...topology.nodes.values()];
  const logged = [...topology.stores].filter(([, def]) => def.logged);
  return {
    sources: nodes.flatMap((node) => node.kind === "source" ? node.topics.map(name) : []),
    written: [
      ...nodes.flatMap((node) => node.kind === "sink" ? [name(node.topic)] : []),
      ...logged.map(([store]) => changelogTopic(applicationId, store)),
    ],
  };
}

/**
 * Binds a topology's serdes to their topics.
 *
 * @param partitions Gives the number of partitions of a source or sink topic.
 */
export async function bindSerdes(
  topology: Topology,
  applicationId: string,
  partitions: (topic: string) => number,
): Promise<BoundTopology> {
  const topicName = topicNames(topology, applicationId);
  const subtopologies = topology.subtopologies().map((each) => {
    const sourceTopics = each.sourceTopics.map(topicName);
    return {
      ...each,
      sourceTopics,
      sinkTopics: each.sinkTopics.map(topicName),
      tasks: Math.max(...sourceTopics.map(partitions)),
      partitions: new Map(sourceTopics.map((topic) => [topic, partitions(topic)])),
    };
  });
  const stores = new Map<string, BoundStore>();
  for (const [name, def] of topology.stores) {
    const topic = changelogTopic(applicationId, name);
    const serdes = await bindBoth(def, topic);
    const otherValue = def.kind === "outer-join"
      ? await bindSerde(def.otherValue, topic, "value")
      : serdes.value;
    stores.set(name, { def, changelog: def.logged ? topic : undefined, ...serdes, otherValue });
  }
  const sources = new Map<string, Serdes>();
  const sinks = new Map<string, BoundSink>();
  for (const node of topology.nodes.values()) {
    if (node.kind === "source") {
      for (const topic of node.topics.map(topicName)) sources.set(topic, await bindBoth(node, topic));
    } else if (node.kind === "sink") {
      const topic = topicName(node.topic);
      sinks.set(node.name, { topic, ...await bindBoth(node, topic), partitions: partitions(topic) });
    }
  }
  const repartitionTopics = new Set([...topology.repartitionTopics.keys()].map(topicName));
  return { topology, topicName, subtopologies, repartitionTopics, sources, sinks, stores };
}

async function createChangelogs(
  bound: BoundTopology,
  log: Log,
  { replicationFactor }: BindOptions,
): Promise<InternalTopic[]> {
  const changelogs: InternalTopic[] = [];
  for (const { stores, tasks } of bound.subtopologies) {
    for (const name of stores) {
      const { changelog, def } = bound.stores.get(name)!;
      if (changelog !== undefined) changelogs.push(changelogOf(changelog, tasks, replicationFactor, def));
    }
  }
  await createOwnTopics(
    changelogs,
    log,
    replicationFactor,
    ({ topic, partitions }, found) =>
      `Cannot use changelog ${topic}: received a topic with ${found} partitions for ${partitions} tasks; ` +
      "the source topics have changed since it was made: use another application id, or delete the " +
      "changelog to begin without state",
  );
  return changelogs;
}

/**
 * Creates those of the application's own topics that are not there yet; those that are must have the right
 * number of partitions.
 */
async function createOwnTopics(
  topics: readonly InternalTopic[],
  log: Log,
  replicationFactor: number,
  refusal: (topic: InternalTopic, partitions: number) => string,
): Promise<void> {
  const existing = await log.describeTopics(topics.map(({ topic }) => topic));
  for (const spec of topics) {
    const found = existing.get(spec.topic)?.partitions;
    if (found !== undefined && found !== spec.partitions) throw new TopologyError(refusal(spec, found));
  }
  const missing = topics.filter(({ topic }) => !existing.has(topic));
  await log.createTopics(missing.map((topic) => specOf(topic, replicationFactor)));
}

async function bindBoth({ key, value }: Serdes, topic: string): Promise<Serdes> {
  return { key: await bindSerde(key, topic, "key"), value: await bindSerde(value, topic, "value") };
}

/** The input partitions of a subtopology's task. */
export function taskInputs(
  { sourceTopics, partitions }: BoundSubtopology,
  partition: number,
): TopicPartition[] {
  return sourceTopics.filter((topic) => partition < partitions.get(topic)!).map((topic) => ({
    topic,
    partition,
  }));
}
