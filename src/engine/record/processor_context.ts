/**
 * What the processors and stores of one task share, as they see it. The task has the one class that
 * implements it, so calls through the interface stay monomorphic.
 *
 * @module
 */
import type { Producer } from "../../kafka/port/producer.ts";
import type { AsyncCalls } from "./async_calls.ts";
import type { EncodedRecord } from "./encoded_record.ts";
import type { Pauses } from "./pauses.ts";
import type { Punctuators } from "./punctuators.ts";
import type { RecordOrigin } from "./record_origin.ts";
import type { EngineStats } from "./stats.ts";

/**
 * Takes what a processor can't go on with. Its methods return when the record is dropped or a dead letter.
 */
export interface FailureTaker {
  /**
   * A processor, or with `undefined` a punctuator, threw.
   *
   * @throws What it threw, when it is no matter of a handler or there is none.
   * @throws {ProcessingError} When the handler says so.
   */
  processing(
    processor: string | undefined,
    key: unknown,
    value: unknown,
    timestamp: number,
    error: unknown,
  ): void;
  /**
   * A sink can't encode a record.
   *
   * @throws {ProcessingError} When the handler says so, or there is none.
   */
  unencodable(topic: string, timestamp: number, error: unknown): void;
}

/** The context of one task. */
export interface ProcessorContext {
  readonly taskId: string;
  readonly partition: number;
  readonly stats: EngineStats;
  /** The time of the machine, in ms since the epoch. */
  readonly now: () => number;
  /** The bytes of the key and value that are on their way. */
  readonly encoded: EncodedRecord;
  /** Where the record that is being processed came from. */
  readonly origin: RecordOrigin;
  /** Where changelogs and sinks write. */
  readonly producer: Producer;
  /** Where processors take what they can't go on with. */
  readonly failures: FailureTaker;
  /** Calls at intervals that the task's processors asked for. */
  readonly punctuators: Punctuators;
  /** The steps that have paused in the current record. */
  readonly pauses: Pauses;
  /** What waits for promises. */
  readonly calls: AsyncCalls;
  /** The largest timestamp of the records taken so far, in ms since the epoch; −1 before the first. */
  readonly streamTime: number;
  /**
   * How often at most a left or outer join looks through its records without a partner, in ms of the
   * machine's time.
   */
  readonly outerJoinIntervalMs: number;
  /** Whether more is pending than the producer may hold: records wait, and steps that can pause do. */
  readonly full: boolean;
  /** Whether there are steps that can't pause: what is written to changelogs is then checked. */
  readonly mayOverflow: boolean;
  /** Lets no step pause during a call. */
  unpaused(call: () => void): void;
  /**
   * Called before something is appended to the producer.
   *
   * @throws {ProcessingError} When far more is pending than it may hold, since the record's steps can't
   * pause.
   */
  checkPending(topic: string): void;
}
