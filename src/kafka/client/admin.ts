/**
 * Topics and offsets of a Kafka cluster.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import type { BrokerLink } from "./broker_link.ts";
import { type ApiName, errorOf } from "./kafkajs_internals.ts";
import {
  ConnectionLost,
  CREATE_REMEDIES,
  DELETE_REMEDIES,
  KafkaError,
  NOT_READY_MS,
} from "../port/errors.ts";
import {
  type OffsetSpot,
  partitionKey,
  type TopicDescription,
  type TopicPartition,
  type TopicPartitionOffset,
  type TopicSpec,
} from "../port/topics.ts";
import { decodeTopicIds, encodeMetadata, METADATA_KEY, METADATA_VERSION } from "../wire/protocol/metadata.ts";
import {
  checkedOffsetFetch,
  encodeOffsetFetch,
  type FetchedOffset,
  type FetchedOffsets,
  OFFSET_FETCH_KEY,
  OFFSET_FETCH_VERSION,
} from "../wire/protocol/offset_fetch.ts";
import { delay, retrying } from "../common/retrying.ts";

/**
 * How a broker refuses a topic's configuration: it does not know it, or an administrator does not allow it.
 */
const SETTINGS_REFUSED = new Set(["INVALID_CONFIG", "POLICY_VIOLATION"]);
/** DescribeConfigs' number for topics. */
const TOPIC_RESOURCE = 2;

/** The admin's part of the Log port. */
export class KafkaAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>> {
    return await retrying(this.#cluster.settings, async () => {
      const found = new Map<string, TopicDescription>();
      const [known, ids] = await Promise.all([this.#cluster.metadata(topics), this.#topicIds(topics)]);
      for (const { topic, error, leaders } of known.values()) {
        if (error === "NONE" || error === "LEADER_NOT_AVAILABLE") {
          const id = ids.get(topic);
          found.set(topic, { topic, partitions: leaders.length, ...(id === undefined ? {} : { id }) });
        } else if (error !== "UNKNOWN_TOPIC_OR_PARTITION") {
          throw new KafkaError(error, `Cannot describe topic ${topic}: ${error}`, false);
        }
      }
      return found;
    });
  }

  /** The topics' ids, where the broker tells them (Kafka 3.1). */
  async #topicIds(topics: readonly string[]): Promise<Map<string, string>> {
    const link = await this.#cluster.any();
    if (topics.length === 0 || !await link.takes(METADATA_KEY, METADATA_VERSION)) return new Map();
    const body = encodeMetadata([...new Set(topics)]);
    const options = { flexible: true, decode: decodeTopicIds };
    return await link.send(METADATA_KEY, "Metadata", METADATA_VERSION, body, options);
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    if (topics.length === 0) return;
    const refused = await this.#create(topics, ({ config, preferred }) => ({ ...config, ...preferred }));
    if (refused.length > 0) await this.#create(refused, ({ config }) => config ?? {});
    await this.#untilLed(topics.map(({ topic }) => topic));
  }

  /** Returns those whose preferred settings the cluster refused. */
  async #create(
    topics: readonly TopicSpec[],
    settings: (topic: TopicSpec) => Readonly<Record<string, string>>,
  ): Promise<TopicSpec[]> {
    const { requestTimeoutMs } = this.#cluster.settings;
    return await retrying(this.#cluster.settings, async () => {
      const refused: TopicSpec[] = [];
      const link = await this.#cluster.controller();
      const answer = await link.request("CreateTopics", {
        topics: topics.map((spec) => ({
          topic: spec.topic,
          numPartitions: spec.partitions,
          replicationFactor: spec.replicationFactor ?? -1,
          configEntries: Object.entries(settings(spec)).map(([name, value]) => ({ name, value })),
        })),
        validateOnly: false,
        timeout: requestTimeoutMs,
      }, { timeoutMs: requestTimeoutMs + 1_000 });
      for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
        const { name, message, retriable } = errorOf(errorCode);
        if (name === "NONE" || name === "TOPIC_ALREADY_EXISTS") continue;
        const spec = topics.find((each) => each.topic === topic)!;
        if (SETTINGS_REFUSED.has(name) && Object.keys(settings(spec)).some((key) => spec.preferred?.[key])) {
          refused.push(spec);
          continue;
        }
        const remedy = CREATE_REMEDIES.get(name);
        throw new KafkaError(
          name,
          `Cannot create topic ${topic}: ${errorMessage ?? message} (${name})` +
            (remedy === undefined ? "" : `; ${remedy}`),
          retriable,
        );
      }
      return refused;
    });
  }

  async topicSettings(
    topics: readonly string[],
    names: readonly string[],
  ): Promise<Map<string, ReadonlyMap<string, string>>> {
    if (topics.length === 0) return new Map();
    return await retrying(this.#cluster.settings, async () => {
      const link = await this.#cluster.any();
      const answer = await link.request("DescribeConfigs", {
        resources: topics.map((name) => ({ type: TOPIC_RESOURCE, name, configNames: names })),
        includeSynonyms: false,
      });
      const found = new Map<string, ReadonlyMap<string, string>>();
      for (const { resourceName, errorCode, errorMessage, configEntries } of answer.resources) {
        const { name, message, retriable } = errorOf(errorCode);
        if (name === "NONE") found.set(resourceName, settingsOf(configEntries));
        else if (name !== "UNKNOWN_TOPIC_OR_PARTITION" && name !== "TOPIC_AUTHORIZATION_FAILED") {
          const text = `Cannot read the settings of topic ${resourceName}: ${
            errorMessage ?? message
          } (${name})`;
          throw new KafkaError(name, text, retriable);
        }
      }
      return found;
    });
  }

  async deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    const left = new Map(before.map((p) => [partitionKey(p.topic, p.partition), p]));
    await retrying(this.#cluster.settings, async () => {
      if (left.size === 0) return;
      const byLeader = await this.#byLeader([...left.values()], "delete records of");
      await Promise.all([...byLeader].map(async ([nodeId, list]) => {
        for (const key of await this.#deleteOn(nodeId, list)) left.delete(key);
      }));
    });
  }

  /** Returns the partitions' keys. */
  async #deleteOn(nodeId: number, partitions: readonly TopicPartitionOffset[]): Promise<string[]> {
    const { requestTimeoutMs } = this.#cluster.settings;
    const answer = await this.#askLeader(nodeId, partitions, "DeleteRecords", {
      topics: grouped(partitions, ({ partition, offset }) => ({ partition, offset: String(offset) })),
      timeout: requestTimeoutMs,
    });
    const done: string[] = [];
    for (const { topic, partitions: answered } of answer.topics) {
      for (const { partition, errorCode } of answered) {
        const { name, message, retriable } = errorOf(errorCode);
        if (name === "NONE") done.push(partitionKey(topic, partition));
        else {
          partitions.forEach((p) => this.#cluster.forget(p.topic, p.partition));
          const remedy = DELETE_REMEDIES.get(name);
          const text = `Cannot delete records of ${topic}-${partition}: ${message} (${name})`;
          throw new KafkaError(name, remedy === undefined ? text : `${text}; ${remedy}`, retriable);
        }
      }
    }
    return done;
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    const { requestTimeoutMs } = this.#cluster.settings;
    if (topics.length === 0) return;
    await retrying(this.#cluster.settings, async () => {
      const link = await this.#cluster.controller();
      const answer = await link.request("DeleteTopics", { topics, timeout: requestTimeoutMs }, {
        timeoutMs: requestTimeoutMs + 1_000,
      });
      for (const { topic, errorCode } of answer.topicErrors) {
        const { name, message, retriable } = errorOf(errorCode);
        if (name === "NONE" || name === "UNKNOWN_TOPIC_OR_PARTITION") continue;
        throw new KafkaError(name, `Cannot delete topic ${topic}: ${message} (${name})`, retriable);
      }
    });
    // Brokers hear of it a little later than the controller.
    const until = performance.now() + requestTimeoutMs;
    while ((await this.describeTopics(topics)).size > 0) {
      if (performance.now() > until) {
        throw new KafkaError(
          "REQUEST_TIMED_OUT",
          `Cannot delete topics ${topics.join(", ")}: they are still there`,
          true,
        );
      }
      await delay(20);
    }
  }

  /**
   * @param at Also a time in ms since the epoch: the first record that is not older, −1 where there is none.
   */
  async offsets(
    partitions: readonly TopicPartition[],
    at: OffsetSpot | number,
  ): Promise<number[]> {
    const found = new Map<string, number>();
    await retrying(this.#cluster.settings, async () => {
      // Once each: the broker refuses a request that names a partition twice.
      const missing = new Map(partitions.map((p) => [partitionKey(p.topic, p.partition), p]));
      for (const key of found.keys()) missing.delete(key);
      if (missing.size === 0) return;
      const byLeader = await this.#byLeader([...missing.values()], `read the ${at} offset of`);
      await Promise.all([...byLeader].map(async ([nodeId, list]) => {
        for (const [key, offset] of await this.#listOffsets(nodeId, list, at)) found.set(key, offset);
      }));
    });
    return partitions.map((p) => found.get(partitionKey(p.topic, p.partition))!);
  }

  async committed(groupId: string, partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    if (partitions.length === 0) return [];
    return await retrying(this.#cluster.settings, async () => {
      const link = await this.#cluster.coordinator(groupId);
      const fail = (errorCode: number) => {
        const { name, message, retriable } = errorOf(errorCode);
        if (name === "NONE") return;
        throw new KafkaError(
          name,
          `Cannot read the offsets of group ${groupId}: ${message} (${name})`,
          retriable,
        );
      };
      const { errorCode, offsets } = await fetchOffsets(link, groupId, partitions);
      fail(errorCode);
      const found = new Map<string, number>();
      for (const { topic, partition, offset, errorCode } of offsets) {
        if (errorOf(errorCode).name !== "UNKNOWN_TOPIC_OR_PARTITION") fail(errorCode);
        if (offset >= 0) found.set(partitionKey(topic, partition), offset);
      }
      return partitions.map((p) => found.get(partitionKey(p.topic, p.partition)));
    });
  }

  /** The partitions by their leaders' node ids, with fresh metadata where a leader is not known. */
  async #byLeader<P extends TopicPartition>(
    partitions: readonly P[],
    what: string,
  ): Promise<Map<number, P[]>> {
    const unknown = partitions.filter((p) => this.#cluster.leader(p.topic, p.partition) === undefined);
    if (unknown.length > 0) {
      const known = await this.#cluster.metadata(unknown.map(({ topic }) => topic));
      for (const { topic, partition } of unknown) {
        const metadata = known.get(topic);
        const error = metadata?.error ?? "UNKNOWN_TOPIC_OR_PARTITION";
        if (error === "NONE" && metadata!.leaders[partition] !== undefined) continue;
        const name = error === "NONE" ? "UNKNOWN_TOPIC_OR_PARTITION" : error;
        throw new KafkaError(
          name,
          `Cannot ${what} ${topic}-${partition}: ` +
            (name === "UNKNOWN_TOPIC_OR_PARTITION"
              ? `there is no such partition (${name}); create the topic first`
              : name),
          name === "LEADER_NOT_AVAILABLE",
        );
      }
    }
    const byLeader = new Map<number, P[]>();
    for (const p of partitions) {
      const leader = this.#cluster.leader(p.topic, p.partition);
      if (leader === undefined) {
        throw new KafkaError("LEADER_NOT_AVAILABLE", `${p.topic}-${p.partition} has no leader`, true);
      }
      byLeader.set(leader, [...byLeader.get(leader) ?? [], p]);
    }
    return byLeader;
  }

  async #listOffsets(
    nodeId: number,
    partitions: readonly TopicPartition[],
    at: OffsetSpot | number,
  ): Promise<[string, number][]> {
    const forget = () => partitions.forEach((p) => this.#cluster.forget(p.topic, p.partition));
    const timestamp = at === "earliest" ? -2 : typeof at === "number" ? at : -1;
    // Read committed, the broker's latest offset is the last stable one.
    const isolationLevel = at === "stable" ? 1 : 0;
    const topics = grouped(partitions, ({ partition }) => ({ partition, timestamp }));
    const answer = await this.#askLeader(nodeId, partitions, "ListOffsets", { isolationLevel, topics });
    const found: [string, number][] = [];
    for (const { topic, partitions } of answer.responses) {
      for (const { partition, errorCode, offset } of partitions) {
        const { name, message, retriable } = errorOf(errorCode);
        if (name === "NONE") found.push([partitionKey(topic, partition), Number(offset)]);
        else {
          forget();
          throw new KafkaError(
            name,
            `Cannot read the ${at} offset of ${topic}-${partition}: ${message} (${name})`,
            retriable,
          );
        }
      }
    }
    return found;
  }

  /** Asks a leader; one that can't be asked is looked for again next time. */
  async #askLeader(
    nodeId: number,
    partitions: readonly TopicPartition[],
    api: ApiName,
    body: unknown,
    // deno-lint-ignore no-explicit-any -- as kafkajs decodes it
  ): Promise<any> {
    try {
      const link = this.#cluster.node(nodeId);
      if (link === undefined) throw new ConnectionLost(`Broker ${nodeId} is not known any more`);
      return await link.request(api, body);
    } catch (error) {
      partitions.forEach((p) => this.#cluster.forget(p.topic, p.partition));
      throw error;
    }
  }

  /** Waits until each partition of the topics has a leader: until then nothing can be written to it. */
  async #untilLed(topics: readonly string[]): Promise<void> {
    const forMs = Math.max(NOT_READY_MS, this.#cluster.settings.requestTimeoutMs);
    const until = performance.now() + forMs;
    while (true) {
      const known = await retrying(this.#cluster.settings, () => this.#cluster.metadata(topics));
      const waiting = topics.filter((topic) => {
        const metadata = known.get(topic);
        return metadata === undefined || metadata.error !== "NONE" ||
          metadata.leaders.some((leader) => leader < 0);
      });
      if (waiting.length === 0) return;
      if (performance.now() > until) {
        throw new KafkaError(
          "LEADER_NOT_AVAILABLE",
          `Cannot use topics ${waiting.join(", ")}: created, but without leaders for ${forMs} ms`,
          true,
        );
      }
      await delay(20);
    }
  }
}

function settingsOf(
  entries: readonly { readonly configName: string; readonly configValue: string | null }[],
): Map<string, string> {
  return new Map(
    entries.flatMap(({ configName, configValue }) => configValue === null ? [] : [[configName, configValue]]),
  );
}

/**
 * Asks for stable offsets, where the broker knows what that is (2.5): what a transaction is about to commit
 * is waited for, so that a task's next owner does not begin before it.
 */
async function fetchOffsets(
  link: BrokerLink,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<FetchedOffsets> {
  if (await link.takes(OFFSET_FETCH_KEY, OFFSET_FETCH_VERSION)) {
    const body = encodeOffsetFetch(groupId, partitions);
    const decode = (bytes: Uint8Array) => checkedOffsetFetch(bytes, partitions);
    const options = { flexible: true, decode };
    return await link.send(OFFSET_FETCH_KEY, "OffsetFetch", OFFSET_FETCH_VERSION, body, options);
  }
  const topics = grouped(partitions, ({ partition }) => ({ partition }));
  const answer = await link.request("OffsetFetch", { groupId, topics });
  const offsets: FetchedOffset[] = [];
  for (const { topic, partitions } of answer.responses) {
    for (const { partition, offset, errorCode } of partitions) {
      offsets.push({ topic, partition, offset: Number(offset), errorCode });
    }
  }
  return { errorCode: answer.errorCode ?? 0, offsets };
}

/** Partitions by topic, as Kafka's requests have them. */
export function grouped<P extends TopicPartition, T>(
  partitions: readonly P[],
  map: (partition: P) => T,
): { topic: string; partitions: T[] }[] {
  const byTopic = Object.groupBy(partitions, ({ topic }) => topic);
  return Object.entries(byTopic).map(([topic, list]) => ({ topic, partitions: list!.map(map) }));
}
