/**
 * The Log port in memory: for tests, and for the demo where there is no Kafka.
 *
 * @module
 */
import { KafkaError, MISSING } from "../port/errors.ts";
import type { Fetcher, FetcherOptions } from "../port/fetcher.ts";
import type { GroupMember, GroupOptions } from "../port/group.ts";
import type { Log } from "../port/log.ts";
import type { Producer, ProducerOptions } from "../port/producer.ts";
import {
  type OffsetSpot,
  partitionKey,
  type TopicDescription,
  type TopicPartition,
  type TopicPartitionOffset,
  type TopicSpec,
} from "../port/topics.ts";
import { type Logger, stderrLogger } from "../port/logger.ts";
import { MemoryCoordinator, MemoryGroup } from "./coordinator.ts";
import { MemoryFetcher } from "./fetcher.ts";
import { MemoryPartition, type PartitionPolicy } from "./partition.ts";
import { MemoryProducer } from "./producer.ts";
import { MemoryTransactionalId } from "./transactions.ts";
import { Membership } from "../common/membership.ts";

/** Settings of a {@linkcode MemoryLog}. Without limits it grows with what is appended. */
export interface MemoryLogOptions {
  /**
   * Bytes that each partition keeps at least. Holds for topics whose `cleanup.policy` is `delete` (the
   * default) and that set no `retention.bytes` of their own; compacted topics keep the last record of each
   * key whatever their size.
   */
  readonly retentionBytes?: number;
  /**
   * Records that each partition keeps at least; holds for the topics that {@linkcode retentionBytes} holds
   * for.
   */
  readonly retentionRecords?: number;
  /** The time by which `retention.ms` deletes, in ms since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /** Told what goes wrong without ending anything. Default: lines on standard error. */
  readonly logger?: Logger;
}

/**
 * A log in memory with Kafka's rules: offsets, retention (`retention.ms`, `retention.bytes`), compaction
 * (`cleanup.policy`), groups that rebalance cooperatively, and transactions. Records are acknowledged as soon
 * as they are appended.
 *
 * @example
 * ```ts
 * import { whole } from "../port/bytes_range.ts";
 * import { MemoryLog } from "./memory_log.ts";
 *
 * const log = new MemoryLog();
 * await log.createTopics([{ topic: "greetings", partitions: 1 }]);
 * const value = new TextEncoder().encode("hello");
 * const producer = log.producer();
 * producer.append("greetings", 0, Date.now(), null, whole(value));
 * await producer.flush();
 *
 * const fetcher = log.fetcher();
 * fetcher.assign({ topic: "greetings", partition: 0 }, 0);
 * const [set] = await fetcher.poll(100);
 * console.log(new TextDecoder().decode(set!.value(0)!)); // hello
 * ```
 */
export class MemoryLog implements Log {
  readonly description = "the in-memory log";
  readonly #options: MemoryLogOptions;
  readonly #topics = new Map<string, MemoryPartition[]>();
  readonly #settings = new Map<string, ReadonlyMap<string, string>>();
  /** Which topic of its name each is, counted through. */
  readonly #ids = new Map<string, number>();
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #transactionalIds = new Map<string, MemoryTransactionalId>();

  /** A log without topics. */
  constructor(options: MemoryLogOptions = {}) {
    this.#options = options;
  }

  describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>> {
    const found = new Map<string, TopicDescription>();
    for (const topic of topics) {
      const partitions = this.#topics.get(topic)?.length;
      if (partitions !== undefined) {
        found.set(topic, { topic, partitions, id: String(this.#ids.get(topic)) });
      }
    }
    return Promise.resolve(found);
  }

  // deno-lint-ignore require-await -- async so that what is thrown is a rejection
  async createTopics(topics: readonly TopicSpec[]): Promise<void> {
    for (const { topic, partitions, config, preferred } of topics) {
      if (this.#topics.has(topic)) continue;
      if (!Number.isInteger(partitions) || partitions < 1) {
        throw new RangeError(
          `Cannot create topic ${topic}: received ${partitions} partitions; one or more are needed`,
        );
      }
      const policy = this.#policy(topic, config ?? {});
      const now = this.#options.now ?? Date.now;
      this.#settings.set(topic, new Map(Object.entries({ ...config, ...preferred })));
      this.#ids.set(topic, (this.#ids.get(topic) ?? 0) + 1);
      this.#topics.set(
        topic,
        Array.from({ length: partitions }, (_, p) => new MemoryPartition(topic, p, policy, now)),
      );
    }
  }

  /** For tests: gives a topic more partitions, with the settings of a topic without any. */
  addPartitions(topic: string, partitions: number): void {
    const list = this.#topics.get(topic);
    if (list === undefined) throw new RangeError(`Cannot add partitions to ${topic}: there is no such topic`);
    const policy = this.#policy(topic, {});
    const now = this.#options.now ?? Date.now;
    for (let p = list.length; p < partitions; p++) list.push(new MemoryPartition(topic, p, policy, now));
  }

  deleteTopics(topics: readonly string[]): Promise<void> {
    for (const topic of topics) {
      const partitions = this.#topics.get(topic) ?? [];
      this.#topics.delete(topic);
      this.#settings.delete(topic);
      for (const group of this.#groups.values()) {
        for (const { partition } of partitions) group.offsets.delete(partitionKey(topic, partition));
      }
    }
    return Promise.resolve();
  }

  /** What each topic was created with: a memory log has no defaults of its own to tell. */
  topicSettings(
    topics: readonly string[],
    names: readonly string[],
  ): Promise<Map<string, ReadonlyMap<string, string>>> {
    const found = new Map<string, ReadonlyMap<string, string>>();
    for (const topic of topics) {
      const settings = this.#settings.get(topic);
      if (settings === undefined) continue;
      found.set(topic, new Map([...settings].filter(([name]) => names.includes(name))));
    }
    return Promise.resolve(found);
  }

  // deno-lint-ignore require-await -- async so that what is thrown is a rejection
  async deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void> {
    for (const { topic, partition, offset } of before) {
      const found = this.#topics.get(topic)?.[partition];
      if (found !== undefined && offset <= found.end) found.deleteBefore(offset);
      else {
        throw new Error(
          `Cannot delete records of ${topic}-${partition}: ` +
            (found === undefined
              ? "there is no such partition (UNKNOWN_TOPIC_OR_PARTITION); create the topic first"
              : `received offset ${offset}, where it ends at ${found.end} (OFFSET_OUT_OF_RANGE)`),
        );
      }
    }
  }

  // deno-lint-ignore require-await
  async offsets(partitions: readonly TopicPartition[], at: OffsetSpot): Promise<number[]> {
    return partitions.map(({ topic, partition }) => {
      const found = this.#topics.get(topic)?.[partition];
      if (found === undefined) {
        throw new KafkaError(
          MISSING,
          `Cannot read the ${at} offset of ${topic}-${partition}: there is no such partition ` +
            `(${MISSING}); create the topic first`,
          false,
        );
      }
      return at === "earliest" ? found.start : at === "stable" ? found.stable : found.end;
    });
  }

  committed(groupId: string, partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    return Promise.resolve(this.#group(groupId).committed(partitions));
  }

  /** Makes a producer; with a transactional id, one that fences those before it. */
  producer(options?: ProducerOptions): Producer {
    const id = options?.transactionalId;
    if (id === undefined) return new MemoryProducer(this.#topics, undefined, options?.onRefused);
    let transactions = this.#transactionalIds.get(id);
    if (transactions === undefined) {
      this.#transactionalIds.set(id, transactions = new MemoryTransactionalId(id));
    }
    return new MemoryProducer(
      this.#topics,
      { id: transactions, group: (groupId) => this.#group(groupId) },
      options?.onRefused,
    );
  }

  /** Makes a fetcher that reads nothing yet. */
  fetcher(options?: FetcherOptions): Fetcher {
    return new MemoryFetcher(this.#topics, options);
  }

  /** Makes a member that is not in the group yet. */
  group(options: GroupOptions): GroupMember {
    return new Membership(options, {
      coordinator: new MemoryCoordinator(
        this.#group(options.groupId),
        (topics) => this.describeTopics(topics),
        options.rebalanceTimeoutMs,
      ),
      logger: this.#options.logger ?? stderrLogger,
      heartbeatIntervalMs: Infinity,
      metadataRefreshMs: Infinity,
      retryBackoffMs: 10,
      requestTimeoutMs: 20_000,
    });
  }

  /** The ids of a group's members. */
  memberIds(groupId: string): string[] {
    return this.#group(groupId).memberIds;
  }

  /**
   * For tests: has the group take a member for dead, as if it had sent no heartbeat for its session timeout.
   * The member hears of it at once (`onLost`) and joins anew.
   */
  expireMember(groupId: string, memberId: string): void {
    this.#group(groupId).expire(memberId);
  }

  /** Bytes that a topic's partitions hold. */
  sizeOf(topic: string): number {
    return (this.#topics.get(topic) ?? []).reduce((sum, partition) => sum + partition.bytes, 0);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #group(groupId: string): MemoryGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) this.#groups.set(groupId, group = new MemoryGroup(groupId));
    return group;
  }

  #policy(topic: string, config: Readonly<Record<string, string>>): PartitionPolicy {
    const cleanup = (config["cleanup.policy"] ?? "delete").split(",").map((policy) => policy.trim());
    const compact = cleanup.includes("compact");
    if (!cleanup.includes("delete")) return { compact };
    return {
      compact,
      retentionBytes: config["retention.bytes"] === undefined && !compact
        ? this.#options.retentionBytes
        : limit(topic, config, "retention.bytes"),
      retentionRecords: compact ? undefined : this.#options.retentionRecords,
      retentionMs: limit(topic, config, "retention.ms"),
    };
  }
}

/** A number of a topic's configuration; `undefined` for none, which Kafka writes as −1. */
function limit(topic: string, config: Readonly<Record<string, string>>, name: string): number | undefined {
  const text = config[name];
  if (text === undefined || text === "-1") return undefined;
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) {
    throw new RangeError(
      `Cannot create topic ${topic}: received ${name} = ${
        JSON.stringify(text)
      }; a number of 0 or more, or -1 for none, is needed`,
    );
  }
  return value;
}
