/**
 * The Log port on Kafka.
 *
 * @module
 */
import { Cluster, type ClusterSettings } from "./cluster.ts";
import { ClusterPool } from "./cluster_pool.ts";
import type { ConnectionConfig } from "../config.ts";
import { KafkaAdmin } from "./admin.ts";
import { KafkaFetcher } from "./fetcher.ts";
import { KafkaCoordinator } from "./group_coordinator.ts";
import type { KafkaLogOptions } from "./kafka_log_options.ts";
import { KafkaProducer } from "./producer.ts";
import { LinkHealth } from "./link_health.ts";
import type { Fetcher, FetcherOptions } from "../port/fetcher.ts";
import type { GroupMember, GroupOptions } from "../port/group.ts";
import type { Log } from "../port/log.ts";
import type { Producer, ProducerOptions } from "../port/producer.ts";
import type {
  OffsetSpot,
  TopicDescription,
  TopicPartition,
  TopicPartitionOffset,
  TopicSpec,
} from "../port/topics.ts";
import { stderrLogger } from "../port/logger.ts";
import { exposure } from "../security/exposure.ts";
import { checkSecrets, mechanismOf } from "../security/mechanisms.ts";
import { tlsOptions } from "../security/tls.ts";
import { Membership } from "../common/membership.ts";

/**
 * How to reach the cluster of a configuration. Warns of what others can read on the way.
 *
 * @throws {ConfigError} When a file with a secret, a certificate or a key is not as it has to be.
 */
export function clusterSettings(config: ConnectionConfig, options: KafkaLogOptions = {}): ClusterSettings {
  const { sasl } = config;
  const { logger = stderrLogger } = options;
  if (sasl !== undefined) checkSecrets(sasl);
  const tls = config.ssl ? () => tlsOptions(config) : undefined;
  tls?.(); // what is wrong is said before anything is connected
  const exposed = exposure(config, config.brokers);
  if (exposed !== undefined) logger.warn(exposed);
  return {
    brokers: config.brokers,
    clientId: options.clientId ?? "kos",
    tls,
    sasl: sasl && mechanismOf(
      sasl,
      () => tlsOptions({ caFile: config.caFile }).ca,
      (message) => logger.warn(message),
    ),
    // So that each broker can be tried once within the request timeout.
    connectTimeoutMs: Math.min(10_000, Math.ceil(config.requestTimeoutMs / (config.brokers.length + 1))),
    requestTimeoutMs: config.requestTimeoutMs,
    retryBackoffMs: config.retryBackoffMs,
    logger,
  };
}

/**
 * A Kafka cluster as a {@linkcode Log}. Connects when it is first used. Each producer, fetcher and group
 * member has connections of its own, since a broker answers the requests of one connection in their order: a
 * fetch that waits for records would hold up a heartbeat. Only transactional producers, of which there is one
 * a task, share a few.
 *
 * @example
 * ```ts ignore
 * import process from "node:process";
 * import { connectionConfig } from "../config.ts";
 * import { KafkaLog } from "./kafka_log.ts";
 *
 * const log = new KafkaLog(connectionConfig((name) => process.env[name]));
 * await log.createTopics([{ topic: "greetings", partitions: 3 }]);
 * console.log(await log.describeTopics(["greetings"]));
 * await log.close();
 * ```
 */
export class KafkaLog implements Log {
  readonly description: string;
  readonly health: LinkHealth = new LinkHealth();
  readonly #settings: ClusterSettings;
  readonly #metadataRefreshMs: number;
  readonly #cluster: Cluster;
  readonly #admin: KafkaAdmin;
  readonly #transactional: ClusterPool;
  readonly #spares: Cluster[] = [];

  /** @throws {ConfigError} When a file of the connection is not as it has to be. */
  constructor(config: ConnectionConfig, options: KafkaLogOptions = {}) {
    this.description = `Kafka at ${config.brokers.join(", ")}`;
    this.#settings = { ...clusterSettings(config, options), health: this.health };
    this.#metadataRefreshMs = options.metadataRefreshMs ?? 30_000;
    this.#cluster = new Cluster(this.#settings);
    this.#transactional = new ClusterPool(this.#settings);
    this.#admin = new KafkaAdmin(this.#cluster);
    for (let i = 0; i < (options.spareConnections ?? 0); i++) {
      const spare = new Cluster(this.#settings);
      void spare.prepare([]);
      this.#spares.push(spare);
    }
  }

  describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>> {
    return this.#admin.describeTopics(topics);
  }

  createTopics(topics: readonly TopicSpec[]): Promise<void> {
    return this.#admin.createTopics(topics);
  }

  deleteTopics(topics: readonly string[]): Promise<void> {
    return this.#admin.deleteTopics(topics);
  }

  topicSettings(
    topics: readonly string[],
    names: readonly string[],
  ): Promise<Map<string, ReadonlyMap<string, string>>> {
    return this.#admin.topicSettings(topics, names);
  }

  deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    return this.#admin.deleteRecords(before);
  }

  offsets(partitions: readonly TopicPartition[], at: OffsetSpot): Promise<number[]> {
    return this.#admin.offsets(partitions, at);
  }

  committed(groupId: string, partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    return this.#admin.committed(groupId, partitions);
  }

  producer(options?: ProducerOptions): Producer {
    if (options?.transactionalId === undefined) {
      return new KafkaProducer(this.#newCluster(), options);
    }
    const { cluster, release } = this.#transactional.acquire();
    return new KafkaProducer(cluster, options, release);
  }

  fetcher(options?: FetcherOptions): Fetcher {
    return new KafkaFetcher(this.#newCluster(), this.#admin, options);
  }

  group(options: GroupOptions): GroupMember {
    const { retryBackoffMs, requestTimeoutMs, logger } = this.#settings;
    const coordinator = new KafkaCoordinator(
      this.#newCluster(),
      {
        groupId: options.groupId,
        sessionTimeoutMs: options.sessionTimeoutMs ?? 10_000,
        rebalanceTimeoutMs: options.rebalanceTimeoutMs ?? 60_000,
      },
      options.groupInstanceId,
    );
    return new Membership(options, {
      coordinator,
      logger,
      heartbeatIntervalMs: options.heartbeatIntervalMs ?? 1_000,
      metadataRefreshMs: this.#metadataRefreshMs,
      retryBackoffMs,
      requestTimeoutMs,
    });
  }

  async close(): Promise<void> {
    await Promise.all([this.#cluster, ...this.#spares.splice(0)].map((cluster) => cluster.close()));
  }

  /** For one user, who closes it. */
  #newCluster(): Cluster {
    return this.#spares.shift() ?? new Cluster(this.#settings);
  }
}
