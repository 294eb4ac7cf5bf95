/**
 * Topics and offsets of a Kafka cluster.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { ConnectionLost, CREATE_REMEDIES, KafkaError } from "./errors.ts";
import { type BrokerLink, errorOf } from "./kafkajs_internals.ts";
import { partitionKey, type TopicDescription, type TopicPartition, type TopicSpec } from "./log.ts";
import {
  decodeOffsetFetch,
  encodeOffsetFetch,
  type FetchedOffset,
  type FetchedOffsets,
  OFFSET_FETCH_KEY,
  OFFSET_FETCH_VERSION,
} from "./protocol/offset_fetch.ts";
import { delay, retrying } from "./retrying.ts";

/** The admin's part of the Log port. */
export class KafkaAdmin {
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>> {
    return await retrying(this.#cluster.settings, async () => {
      const found = new Map<string, TopicDescription>();
      for (const { topic, error, leaders } of (await this.#cluster.metadata(topics)).values()) {
        if (error === "NONE" || error === "LEADER_NOT_AVAILABLE") {
          found.set(topic, { topic, partitions: leaders.length });
        } else if (error !== "UNKNOWN_TOPIC_OR_PARTITION") {
          throw new KafkaError(error, `Cannot describe topic ${topic}: ${error}`, false);
        }
      }
      return found;
    });
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    const { requestTimeoutMs } = this.#cluster.settings;
    if (topics.length === 0) return;
    await retrying(this.#cluster.settings, async () => {
      const link = await this.#cluster.controller();
      const answer = await link.request("CreateTopics", {
        topics: topics.map(({ topic, partitions, replicationFactor, config }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor: replicationFactor ?? -1,
          configEntries: Object.entries(config ?? {}).map(([name, value]) => ({ name, value })),
        })),
        validateOnly: false,
        timeout: requestTimeoutMs,
      }, { timeoutMs: requestTimeoutMs + 1_000 });
      for (const { topic, errorCode, errorMessage } of answer.topicErrors) {
        const { name, message, retriable } = errorOf(errorCode);
        if (name === "NONE" || name === "TOPIC_ALREADY_EXISTS") continue;
        const remedy = CREATE_REMEDIES.get(name);
        throw new KafkaError(
          name,
          `Cannot create topic ${topic}: ${errorMessage ?? message} (${name})` +
            (remedy === undefined ? "" : `; ${remedy}`),
          retriable,
        );
      }
    });
    await this.#untilLed(topics.map(({ topic }) => topic));
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

  async offsets(partitions: readonly TopicPartition[], at: "earliest" | "latest"): Promise<number[]> {
    const found = new Map<string, number>();
    await retrying(this.#cluster.settings, async () => {
      // Once each: the broker refuses a request that names a partition twice.
      const missing = new Map(partitions.map((p) => [partitionKey(p.topic, p.partition), p]));
      for (const key of found.keys()) missing.delete(key);
      if (missing.size === 0) return;
      const byLeader = await this.#byLeader([...missing.values()], at);
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
  async #byLeader(partitions: readonly TopicPartition[], at: string): Promise<Map<number, TopicPartition[]>> {
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
          `Cannot read the ${at} offset of ${topic}-${partition}: ` +
            (name === "UNKNOWN_TOPIC_OR_PARTITION"
              ? `there is no such partition (${name}); create the topic first`
              : name),
          name === "LEADER_NOT_AVAILABLE",
        );
      }
    }
    const byLeader = new Map<number, TopicPartition[]>();
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
    at: "earliest" | "latest",
  ): Promise<[string, number][]> {
    const forget = () => partitions.forEach((p) => this.#cluster.forget(p.topic, p.partition));
    const timestamp = at === "earliest" ? -2 : -1;
    const topics = grouped(partitions, ({ partition }) => ({ partition, timestamp }));
    // deno-lint-ignore no-explicit-any
    let answer: any;
    try {
      const link = this.#cluster.node(nodeId);
      if (link === undefined) throw new ConnectionLost(`Broker ${nodeId} is not known any more`);
      answer = await link.request("ListOffsets", { isolationLevel: 0, topics });
    } catch (error) {
      forget();
      throw error;
    }
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

  /** Waits until each partition of the topics has a leader: until then nothing can be written to it. */
  async #untilLed(topics: readonly string[]): Promise<void> {
    const until = performance.now() + this.#cluster.settings.requestTimeoutMs;
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
          `Cannot use topics ${
            waiting.join(", ")
          }: created, but without leaders for ${this.#cluster.settings.requestTimeoutMs} ms`,
          true,
        );
      }
      await delay(20);
    }
  }
}

/**
 * Asks for stable offsets, where the broker knows what that is (2.5): what a transaction is about to commit is waited for, so that
 * a task's next owner does not begin before it.
 */
async function fetchOffsets(
  link: BrokerLink,
  groupId: string,
  partitions: readonly TopicPartition[],
): Promise<FetchedOffsets> {
  if (await link.takes(OFFSET_FETCH_KEY, OFFSET_FETCH_VERSION)) {
    const body = encodeOffsetFetch(groupId, partitions);
    const options = { flexible: true, decode: decodeOffsetFetch };
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
