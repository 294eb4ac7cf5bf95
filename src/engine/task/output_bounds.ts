/**
 * How much of what a task has written may wait in memory for the log to take it.
 *
 * @module
 */
import { ProcessingError } from "../errors.ts";
import { keyText } from "../record/key_text.ts";
import type { ProcessorContext } from "../record/processor_context.ts";
import type { StreamsConfig } from "./config.ts";

/** How much of what records give may wait for the log, in bytes of {@linkcode Producer.pendingBytes}. */
export interface OutputBounds {
  /**
   * Bytes above which no record is begun, and steps that forward several times pause: a quarter more than the
   * producer's `ready` waits for.
   */
  readonly pausesAbove: number;
  /**
   * Bytes above which the application fails: the steps of the record can't pause, and give more than fits
   * into memory.
   */
  readonly failsAbove: number;
}

/** No bounds: of tests, and of a producer that keeps nothing. */
export const UNBOUNDED: OutputBounds = { pausesAbove: Infinity, failsAbove: Infinity };

/** The default of {@linkcode StreamsConfig.recordOutputMaxBytes}. */
export const DEFAULT_RECORD_OUTPUT_MAX_BYTES: number = 268_435_456;

/**
 * What may wait for an acknowledgement with at least once, all tasks together, in bytes. A commit waits for
 * all of it, and it is memory, of which what is under way takes twice its size. Half as much is enough beside
 * the broker, but on a way of 50 ms there and back that slows a drain to two thirds; more than this is not
 * faster there either.
 */
export const BUFFER_BYTES: number = 33_554_432;
/**
 * What may wait for an acknowledgement in each task's producer with exactly once, in bytes: less than
 * {@linkcode BUFFER_BYTES}, as there are as many producers as tasks.
 */
export const TASK_BUFFER_BYTES: number = 8_388_608;

/** The part of a buffer by which tasks may exceed it before they pause. */
export const SLACK = 0.25;

/** What may wait for the log in the producer of a task. */
export function outputBounds(
  { processingGuarantee, cacheMaxBytes = 0, recordOutputMaxBytes = DEFAULT_RECORD_OUTPUT_MAX_BYTES }:
    StreamsConfig,
): OutputBounds {
  const bufferBytes = processingGuarantee === "exactly_once" ? TASK_BUFFER_BYTES : BUFFER_BYTES;
  return {
    // Were it the same, the tasks would go on for each batch that is acknowledged, only to stop again.
    pausesAbove: bufferBytes * (1 + SLACK),
    // What a cache held back goes out at once, at a commit.
    failsAbove: Math.max(recordOutputMaxBytes, 2 * cacheMaxBytes),
  };
}

/** The error of a record, or of a punctuator, whose outputs are more than memory is meant to hold. */
export function tooMuchPending(
  { taskId, partition, origin, producer }: ProcessorContext,
  failsAbove: number,
  topic: string,
): ProcessingError {
  const what = origin.topic === undefined
    ? `Cannot go on with a punctuator or a commit in task ${taskId}`
    : `Cannot process the record at offset ${origin.offset} of ${origin.topic}-${partition} in task ` +
      `${taskId}, whose key is ${keyText(origin.inputKey)}`;
  return new ProcessingError(
    `${what}: received outputs, the last one for ${topic}, of which ${producer.pendingBytes} bytes wait ` +
      `for the log; allowed are ${failsAbove}, as its steps can't pause (process, windows, suppress); let ` +
      "one call forward less, or raise recordOutputMaxBytes",
  );
}
