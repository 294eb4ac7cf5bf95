/**
 * Topics, their partitions, and the names for both.
 *
 * @module
 */

/** One partition of a topic. */
export interface TopicPartition {
  /** The topic's name. */
  readonly topic: string;
  /** The partition's number, from 0. */
  readonly partition: number;
}

/** A partition and an offset in it: the offset of the next record to read or to process. */
export interface TopicPartitionOffset extends TopicPartition {
  /** The offset of the next record. */
  readonly offset: number;
}

/**
 * Which offset of a partition: the first record's, the one that the next record appended will get, or the
 * last stable one, at which what may be read with `read_committed` ends.
 */
export type OffsetSpot = "earliest" | "latest" | "stable";

/** A string that names a partition, for use as a map's key: `topic-partition`. */
export function partitionKey(topic: string, partition: number): string {
  return `${topic}-${partition}`;
}

/** A topic to create. */
export interface TopicSpec {
  /** The topic's name. */
  readonly topic: string;
  /** How many partitions it is to have. */
  readonly partitions: number;
  /** How many replicas each partition is to have. Default: as many as the broker gives it. */
  readonly replicationFactor?: number;
  /** Topic configuration by Kafka's names, such as `cleanup.policy`. */
  readonly config?: Readonly<Record<string, string>>;
  /**
   * Further configuration that is left out where the log refuses it: old brokers don't know it all, managed
   * ones keep some to themselves.
   */
  readonly preferred?: Readonly<Record<string, string>>;
}

/** What is known of an existing topic. */
export interface TopicDescription {
  /** The topic's name. */
  readonly topic: string;
  /** How many partitions it has. */
  readonly partitions: number;
  /**
   * The topic's id, which differs from that of a former topic of the same name; `undefined` where the log
   * tells none.
   */
  readonly id?: string;
}
