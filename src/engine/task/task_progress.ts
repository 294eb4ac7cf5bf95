import type { TopicPartition } from "../../kafka/port/topics.ts";

/** Where a task stands in one of its partitions. Offsets are those of the next record. */
export interface InputProgress extends TopicPartition {
  /** The next record to process. */
  readonly position: number;
  /** The offset after the last record processed that waits for no promise: what can be committed. */
  readonly processedTo: number;
  readonly committed: number;
  /** Up to where it can be read, as far as is known; `undefined` before the log has told. */
  readonly end: number | undefined;
}

/** Where a task stands. */
export interface TaskProgress {
  readonly id: string;
  readonly restoring: boolean;
  /** Empty until the committed offsets are known. */
  readonly inputs: readonly InputProgress[];
  /** What the task can't go on without, such as a schema or a promise. */
  readonly waitsFor: string | undefined;
  /**
   * How often it has paused amid a record, or handed on what a promise gave: it gets on with one that gives
   * much, though no position says so.
   */
  readonly pauses: number;
  /** Whether its commit has to wait for the end of the record that it is amid. */
  readonly commitWaits: boolean;
  /** How long a record may wait for promises on its way, in ms; 0 without steps that wait. */
  readonly callTimeoutMs: number;
}
