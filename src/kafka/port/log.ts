/**
 * The Log port: all that the engine and the binaries need of a partitioned log. Two implementations pass one
 * contract suite: Kafka (`client/kafka_log.ts`) and an in-memory log (`memory/memory_log.ts`).
 *
 * @module
 */
import type { Fetcher, FetcherOptions } from "./fetcher.ts";
import type { GroupMember, GroupOptions } from "./group.ts";
import type { Producer, ProducerOptions } from "./producer.ts";
import type {
  OffsetSpot,
  TopicDescription,
  TopicPartition,
  TopicPartitionOffset,
  TopicSpec,
} from "./topics.ts";

/** What the connections to a log have come to so far: counts that only grow. */
export interface LogHealth {
  /** Requests that were answered, by whichever broker and whatever the answer said. */
  readonly answers: number;
  /** Requests, connections and reads of partitions that failed; most of them are tried again. */
  readonly failures: number;
  /** What the last of these failures said. */
  readonly lastFailure: string | undefined;
}

/** A partitioned log with consumer groups. */
export interface Log {
  /** What its connections have come to; left out by a log that needs none, or does not count. */
  readonly health?: LogHealth;
  /** For messages: what it is and where, such as `Kafka at localhost:9092`. Never holds a secret. */
  readonly description: string;
  /** Describes the topics that exist, by name; a topic that does not exist is not in the map. */
  describeTopics(topics: readonly string[]): Promise<Map<string, TopicDescription>>;
  /**
   * Creates the topics that do not exist yet, and resolves when they can be written to; existing ones are
   * left as they are.
   */
  createTopics(topics: readonly TopicSpec[]): Promise<void>;
  /** Deletes topics; those that do not exist are no error. */
  deleteTopics(topics: readonly string[]): Promise<void>;
  /**
   * The configuration that topics have, by Kafka's names: of `names`, those that the log knows. Topics that
   * do not exist, or whose configuration may not be read, are not in the map.
   */
  topicSettings(
    topics: readonly string[],
    names: readonly string[],
  ): Promise<Map<string, ReadonlyMap<string, string>>>;
  /**
   * Deletes the records before an offset of each partition: its first offset is then at least that. Offsets
   * below the first are no error.
   * @throws {Error} When a partition does not exist, ends before its offset, or may not be deleted from.
   */
  deleteRecords(before: readonly TopicPartitionOffset[]): Promise<void>;
  /** An offset of each partition, in the order asked for. */
  offsets(partitions: readonly TopicPartition[], at: OffsetSpot): Promise<number[]>;
  /**
   * The offset that a group committed for each partition, in the order asked for; `undefined` where it
   * committed none.
   */
  committed(groupId: string, partitions: readonly TopicPartition[]): Promise<(number | undefined)[]>;
  /** Makes a producer. */
  producer(options?: ProducerOptions): Producer;
  /** Makes a fetcher, which reads nothing before it is told what. */
  fetcher(options?: FetcherOptions): Fetcher;
  /** Makes a member of a group, which does not join before it is told to. */
  group(options: GroupOptions): GroupMember;
  /** Closes the connections. Producers, fetchers and group members must have been closed before. */
  close(): Promise<void>;
}
