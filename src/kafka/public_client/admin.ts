/**
 * Topics and offsets of a Kafka cluster, by kafkajs's public interface.
 *
 * @module
 */
import { type Admin, ConfigResourceTypes } from "kafkajs";
import { CREATE_REMEDIES, KafkaError, messageOf } from "../port/errors.ts";
import {
  partitionKey,
  type TopicDescription,
  type TopicPartition,
  type TopicPartitionOffset,
  type TopicSpec,
} from "../port/log.ts";
import { delay, retrying } from "../common/retrying.ts";
import { causeOf, type ClientSettings, ClusterAccess, kafkaClient, translate } from "./client.ts";
import { topicMetadata } from "./metadata.ts";

/** The admin's part of the Log port. */
export class PublicAdmin {
  readonly #access: ClusterAccess;

  constructor(access: ClusterAccess) {
    this.#access = access;
  }

  async describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>> {
    return await this.#access.run(`Cannot describe topics ${topics.join(", ")}`, async (cluster) => {
      const found = new Map<string, TopicDescription>();
      for (const [topic, { error, leaders }] of await topicMetadata(cluster, topics)) {
        if (error === "NONE") found.set(topic, { topic, partitions: leaders.length });
        else if (error !== "UNKNOWN_TOPIC_OR_PARTITION") {
          // kafkajs does not tell how many partitions a topic has that has no leader yet.
          const retriable = error === "LEADER_NOT_AVAILABLE";
          throw new KafkaError(error, `Cannot describe topic ${topic}: ${error}`, retriable);
        }
      }
      return found;
    });
  }

  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    const { requestTimeoutMs, retryBackoffMs } = this.#access.settings.config;
    if (topics.length === 0) return;
    await retrying({ requestTimeoutMs, retryBackoffMs }, () =>
      this.#asAdmin(async (admin) => {
        try {
          await admin.createTopics({
            topics: topics.map(({ topic, partitions, replicationFactor, config, preferred }) => ({
              topic,
              numPartitions: partitions,
              replicationFactor: replicationFactor ?? -1,
              configEntries: Object.entries({ ...config, ...preferred }).map(([name, value]) => ({
                name,
                value,
              })),
            })),
            waitForLeaders: false,
            timeout: requestTimeoutMs,
          });
        } catch (error) {
          const failures: unknown[] = (error as { errors?: unknown[] }).errors ?? [error];
          for (const failure of failures) {
            const { code, message, retriable } = causeOf(failure);
            if (code === "TOPIC_ALREADY_EXISTS") continue;
            const topic = (failure as { topic?: string }).topic ??
              topics.map(({ topic }) => topic).join(", ");
            if (code === undefined) throw translate(failure, `Cannot create topic ${topic}`);
            const remedy = CREATE_REMEDIES.get(code);
            throw new KafkaError(
              code,
              `Cannot create topic ${topic}: ${message} (${code})` +
                (remedy === undefined ? "" : `; ${remedy}`),
              retriable,
            );
          }
        }
      }));
    await this.#untilLed(topics.map(({ topic }) => topic));
  }

  async topicSettings(
    topics: readonly string[],
    names: readonly string[],
  ): Promise<Map<string, ReadonlyMap<string, string>>> {
    if (topics.length === 0) return new Map();
    const found = new Map<string, ReadonlyMap<string, string>>();
    await this.#asAdmin(async (admin) => {
      const { resources } = await admin.describeConfigs({
        includeSynonyms: false,
        resources: topics.map((name) => ({ type: ConfigResourceTypes.TOPIC, name, configNames: [...names] })),
      });
      for (const { resourceName, configEntries } of resources) {
        found.set(
          resourceName,
          new Map(configEntries.map(({ configName, configValue }) => [configName, configValue])),
        );
      }
    });
    return found;
  }

  async deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    const topics = Object.entries(Object.groupBy(before, ({ topic }) => topic));
    await this.#asAdmin(async (admin) => {
      for (const [topic, list] of topics) {
        try {
          // kafkajs looks for leaders in what it knows already.
          await admin.fetchTopicOffsets(topic);
          await admin.deleteTopicRecords({
            topic,
            partitions: list!.map(({ partition, offset }) => ({ partition, offset: String(offset) })),
          });
        } catch (error) {
          throw new Error(`Cannot delete records of ${topic}: ${messageOf(error)}`, { cause: error });
        }
      }
    });
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    const { requestTimeoutMs, retryBackoffMs } = this.#access.settings.config;
    const existing = [...(await this.describeTopics(topics)).keys()];
    if (existing.length === 0) return;
    await retrying({ requestTimeoutMs, retryBackoffMs }, () =>
      this.#asAdmin(async (admin) => {
        for (const topic of existing) {
          try {
            await admin.deleteTopics({ topics: [topic], timeout: requestTimeoutMs });
          } catch (error) {
            if (causeOf(error).code === "UNKNOWN_TOPIC_OR_PARTITION") continue;
            throw translate(error, `Cannot delete topic ${topic}`);
          }
        }
      }));
    // Brokers hear of it a little later than the controller.
    const until = performance.now() + requestTimeoutMs;
    while ((await this.describeTopics(topics)).size > 0) {
      if (performance.now() > until) {
        const message = `Cannot delete topics ${topics.join(", ")}: they are still there`;
        throw new KafkaError("REQUEST_TIMED_OUT", message, true);
      }
      await delay(20);
    }
  }

  async offsets(partitions: readonly TopicPartition[], at: "earliest" | "latest"): Promise<number[]> {
    if (partitions.length === 0) return [];
    const topics = [...new Set(partitions.map(({ topic }) => topic))];
    return await this.#access.run(
      `Cannot read the ${at} offsets of ${topics.join(", ")}`,
      async (cluster) => {
        const missing = (p: TopicPartition) =>
          new KafkaError(
            "UNKNOWN_TOPIC_OR_PARTITION",
            `Cannot read the ${at} offset of ${partitionKey(p.topic, p.partition)}: ` +
              "there is no such partition (UNKNOWN_TOPIC_OR_PARTITION); create the topic first",
            false,
          );
        try {
          await cluster.addMultipleTargetTopics(topics);
        } catch (error) {
          if (causeOf(error).code === "UNKNOWN_TOPIC_OR_PARTITION") throw missing(partitions[0]!);
          throw error;
        }
        for (const p of partitions) {
          if (
            !cluster.findTopicPartitionMetadata(p.topic).some(({ partitionId }) =>
              partitionId === p.partition
            )
          ) {
            throw missing(p);
          }
        }
        const found = new Map<string, number>();
        try {
          const answer = await cluster.fetchTopicsOffset(topics.map((topic) => ({
            topic,
            fromBeginning: at === "earliest",
            partitions: [
              ...new Set(partitions.filter((p) => p.topic === topic).map(({ partition }) => partition)),
            ]
              .map((partition) => ({ partition })),
          })));
          for (const { topic, partitions } of answer) {
            for (const { partition, offset } of partitions) {
              found.set(
                partitionKey(topic, partition),
                Number(offset),
              );
            }
          }
        } catch (error) {
          if (causeOf(error).retriable) await cluster.refreshMetadata();
          throw error;
        }
        return partitions.map((p) => {
          const offset = found.get(partitionKey(p.topic, p.partition));
          if (offset === undefined) throw missing(p);
          return offset;
        });
      },
    );
  }

  async committed(groupId: string, partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    if (partitions.length === 0) return [];
    return await this.#access.run(`Cannot read the offsets of group ${groupId}`, async (cluster) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      const topics = Object.entries(Object.groupBy(partitions, ({ topic }) => topic));
      const answer = await coordinator.offsetFetch({
        groupId,
        // The type wants offsets, which this request does not have.
        topics: topics.map(([topic, list]) => ({
          topic,
          partitions: list!.map(({ partition }) => ({ partition, offset: "" })),
        })),
      });
      const found = new Map<string, number>();
      for (const { topic, partitions } of answer.responses) {
        for (const { partition, offset } of partitions) {
          if (Number(offset) >= 0) found.set(partitionKey(topic, partition), Number(offset));
        }
      }
      return partitions.map((p) => found.get(partitionKey(p.topic, p.partition)));
    });
  }

  /** With an admin of its own: what it learns of topics it would keep for ever. */
  async #asAdmin(act: (admin: Admin) => Promise<void>): Promise<void> {
    // That there is a broker, and which ones were tried, is said by the one place that can.
    await this.#access.cluster();
    const admin = kafkaClient(this.#access.settings, { retries: 1 }).admin();
    try {
      await admin.connect();
      await act(admin);
    } catch (error) {
      throw translate(error, "Cannot change topics");
    } finally {
      await admin.disconnect();
    }
  }

  /** Waits until each partition of the topics has a leader: until then nothing can be written to it. */
  async #untilLed(topics: readonly string[]): Promise<void> {
    const { requestTimeoutMs } = this.#access.settings.config;
    const until = performance.now() + requestTimeoutMs;
    while (true) {
      const known = await this.#access.run(
        `Cannot describe topics ${topics.join(", ")}`,
        (cluster) => topicMetadata(cluster, topics),
      );
      const waiting = topics.filter((topic) => {
        const metadata = known.get(topic);
        return metadata?.error !== "NONE" || metadata.leaders.some((leader) => leader < 0);
      });
      if (waiting.length === 0) return;
      if (performance.now() > until) {
        throw new KafkaError(
          "LEADER_NOT_AVAILABLE",
          `Cannot use topics ${waiting.join(", ")}: created, but without leaders for ${requestTimeoutMs} ms`,
          true,
        );
      }
      await delay(20);
    }
  }
}

/** The admin of a connection of its own. */
export function openAdmin(settings: ClientSettings): { admin: PublicAdmin; access: ClusterAccess } {
  const access = new ClusterAccess(settings);
  return { admin: new PublicAdmin(access), access };
}
