/**
 * What a recommender is told of a group of instances.
 *
 * @module
 */

/** A partition as the instance that owns it sees it. What is not known is left out, and is never 0. */
export interface PartitionView {
  readonly topic: string;
  readonly partition: number;
  /** Records left to process. */
  readonly lag?: number | undefined;
  /** Records a second by which the end of its log moves. */
  readonly arrival?: number | undefined;
}

/** An instance that has been asked for. */
export interface InstanceView {
  readonly name: string;
  /** Whether it belongs to the group and processes what it has. */
  readonly ready: boolean;
  readonly partitions: readonly PartitionView[];
  /** Records that it processes in a second of work: its true rate. */
  readonly capacity?: number | undefined;
  /** The share of the time in which it works, 0 to 1. */
  readonly busy?: number | undefined;
}

/** A group at a time. */
export interface Snapshot {
  /** Of a clock that does not go back. */
  readonly atMs: number;
  readonly instances: readonly InstanceView[];
  /** Instances that belong to the group. */
  readonly running: number;
  /** Instances that have been asked for and do not belong to it yet. */
  readonly pending: number;
  /**
   * The parts that work can be spread over: the partitions of the source topics, where partitions of the same
   * number belong together.
   */
  readonly partitions: number;
  /** Entries of state of all partitions together. */
  readonly stateEntries?: number | undefined;
  /** Entries that an instance restores in a second, as measured. */
  readonly restoreRate?: number | undefined;
}
