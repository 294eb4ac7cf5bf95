/**
 * What is known of a scaled application at one time: what the demo shows, writes and records, and what a page
 * can follow.
 *
 * @module
 */

/** A partition of a source topic. */
export interface PartitionSnapshot {
  readonly topic: string;
  readonly partition: number;
  /** Records that are not processed yet; `undefined` while that is not known. */
  readonly lag: number | undefined;
  /** How long the next record to process has waited, in seconds; `undefined` while that is not known. */
  readonly seconds: number | undefined;
  /** Records a second that come in, by the log's ends; `undefined` while that is not known. */
  readonly arrival: number | undefined;
}

/** An instance of the application. */
export interface InstanceSnapshot {
  readonly name: string;
  /** Whether it has its tasks and says that it is ready. */
  readonly ready: boolean;
  /** Whether it was told to go. */
  readonly leaving: boolean;
  /** The partitions that it processes, as it tells; none while it can't be asked. */
  readonly partitions: readonly PartitionSnapshot[];
  /** Records a second that it can process; `undefined` before it has worked a second. */
  readonly capacity: number | undefined;
  /** The share of the time in which it worked since the last look, 0 to 1; `undefined` at the first. */
  readonly busy: number | undefined;
  /** (arrival + lag / catch-up target) / capacity; `undefined` while one of them is not known. */
  readonly load: number | undefined;
  /** Records a second that it processed since the last look. */
  readonly out: number;
}

/** What an autoscaler decided, when it changed its mind. */
export interface DecisionSnapshot {
  readonly from: number;
  readonly to: number;
  /** Why, in one sentence. */
  readonly reason: string;
}

/** Records, or sessions, a second since the last look. */
export interface RateSnapshot {
  /** Records that the generator wrote. */
  readonly in: number;
  /** Records that were processed. */
  readonly out: number;
  /** Sessions that came out. */
  readonly sessions: number;
}

/** All that is known at one time. */
export interface Snapshot {
  /** Since the start, in ms. */
  readonly atMs: number;
  /** The part of the load's profile, such as `surge`. */
  readonly phase: string;
  readonly instances: readonly InstanceSnapshot[];
  /** Replicas that the autoscaler wants. */
  readonly wanted: number;
  /** Instances that are started and not told to go, ready or not. */
  readonly running: number;
  /** The lag of each partition by the log's ends and the group's commits, whoever has it. */
  readonly partitions: readonly PartitionSnapshot[];
  /** The sum of their lags, in records. */
  readonly lag: number;
  /** How long the oldest record that is left has waited, in seconds. */
  readonly lagSeconds: number;
  readonly rates: RateSnapshot;
  /** Rebalances that instances have told of, over all of them. */
  readonly rebalances: number;
  /** Set where the autoscaler has just changed the number of replicas. */
  readonly decision: DecisionSnapshot | undefined;
  /** Some of the last sessions, in words, the newest first. */
  readonly lastSessions: readonly string[];
}
