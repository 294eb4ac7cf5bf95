/**
 * The Log port on Kafka by kafkajs's public interface alone: slower than `kafka_log.ts`, and independent of how kafkajs is made
 * inside. docs/architecture.md, "The fall-back", says what it can't do.
 *
 * @module
 */
import { type ConnectionConfig, tlsOptions } from "../config.ts";
import type { KafkaLogOptions } from "../client/kafka_log_options.ts";
import {
  CommitRejected,
  type Fetcher,
  type FetcherOptions,
  type GroupMember,
  type GroupOffsets,
  type GroupOptions,
  type Log,
  partitionKey,
  type Producer,
  type ProducerOptions,
  type TopicDescription,
  type TopicPartition,
  type TopicPartitionOffset,
  type TopicSpec,
} from "../port/log.ts";
import { stderrLogger } from "../port/logger.ts";
import { delay } from "../common/retrying.ts";
import { openAdmin, type PublicAdmin } from "./admin.ts";
import type { ClientSettings, ClusterAccess } from "./client.ts";
import { registerCodecs } from "./codecs.ts";
import { PublicFetcher } from "./fetcher.ts";
import { PublicMember } from "./group.ts";
import { PublicProducer } from "./producer.ts";

/** Offsets that were committed in a transaction are there within some ms; after this time, in ms, another commit has replaced them. */
const VISIBLE_WITHIN_MS = 5_000;

/** A Kafka cluster as a {@linkcode Log}, by kafkajs's public interface. */
export class PublicKafkaLog implements Log {
  readonly description: string;
  readonly #settings: ClientSettings;
  readonly #metadataRefreshMs: number;
  readonly #access: ClusterAccess;
  readonly #admin: PublicAdmin;
  readonly #members = new Map<string, Set<PublicMember>>();
  /** Offsets that transactions of this log have committed and that were not read since, by group and partition. */
  readonly #expected = new Map<string, Map<string, { readonly offset: number; readonly until: number }>>();

  /** @throws {ConfigError} When the file with the certificate authorities can't be read. */
  constructor(config: ConnectionConfig, options: KafkaLogOptions = {}) {
    tlsOptions(config); // now rather than when it connects
    registerCodecs();
    this.description = `Kafka at ${config.brokers.join(", ")} (kafkajs's public interface)`;
    this.#settings = { config, clientId: options.clientId ?? "kos", logger: options.logger ?? stderrLogger };
    this.#metadataRefreshMs = options.metadataRefreshMs ?? 30_000;
    const { admin, access } = openAdmin(this.#settings);
    this.#access = access;
    this.#admin = admin;
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

  offsets(partitions: readonly TopicPartition[], at: "earliest" | "latest"): Promise<number[]> {
    return this.#admin.offsets(partitions, at);
  }

  /**
   * kafkajs can't ask for stable offsets. What a transaction of this log is about to commit is waited for; what one of another
   * process is, has been decided once a producer with the same transactional id has begun, and so it is asked for after that.
   */
  async committed(groupId: string, partitions: readonly TopicPartition[]): Promise<(number | undefined)[]> {
    const expected = this.#expected.get(groupId);
    while (true) {
      const offsets = await this.#admin.committed(groupId, partitions);
      let waits = false;
      for (const [i, { topic, partition }] of partitions.entries()) {
        const key = partitionKey(topic, partition);
        const mine = expected?.get(key);
        if (mine === undefined) continue;
        if (mine.offset === offsets[i] || performance.now() > mine.until) expected!.delete(key);
        else waits = true;
      }
      if (!waits) return offsets;
      await delay(5);
    }
  }

  producer(options?: ProducerOptions): Producer {
    return new PublicProducer(this.#settings, {
      checkMember: (offsets) => this.#checkMember(offsets),
      committed: (offsets) => this.#expect(offsets),
    }, options);
  }

  fetcher(options?: FetcherOptions): Fetcher {
    const { admin, access } = openAdmin(this.#settings);
    return new PublicFetcher(access, admin, options);
  }

  group(options: GroupOptions): GroupMember {
    let members = this.#members.get(options.groupId);
    if (members === undefined) this.#members.set(options.groupId, members = new Set());
    const member = new PublicMember(options, {
      client: this.#settings,
      admin: this.#admin,
      metadataRefreshMs: this.#metadataRefreshMs,
      onLeft: () => members.delete(member),
      onCommitted: (offsets) => {
        for (const { topic, partition } of offsets) {
          this.#expected.get(options.groupId)?.delete(partitionKey(topic, partition));
        }
      },
    });
    members.add(member);
    return member;
  }

  close(): Promise<void> {
    return this.#access.close();
  }

  /**
   * kafkajs commits offsets in a transaction without the member and its generation, so that the group does not refuse those of an
   * older one: here it is at least refused what this process knows to be old.
   */
  #checkMember({ groupId, memberId, generation }: GroupOffsets): void {
    for (const member of this.#members.get(groupId) ?? []) {
      if (member.memberId !== memberId) continue;
      if (member.generation === generation) return;
      throw new CommitRejected(
        `Cannot commit offsets of group ${groupId}: received generation ${generation}, it is ${member.generation}`,
        member.generation >= 0,
      );
    }
    throw new CommitRejected(
      `Cannot commit offsets of group ${groupId}: received member ${memberId}, which is not in the group`,
      false,
    );
  }

  #expect({ groupId, offsets }: GroupOffsets): void {
    let expected = this.#expected.get(groupId);
    if (expected === undefined) this.#expected.set(groupId, expected = new Map());
    const until = performance.now() + VISIBLE_WITHIN_MS;
    for (const { topic, partition, offset } of offsets) {
      expected.set(partitionKey(topic, partition), { offset, until });
    }
  }
}
