/**
 * What happens with records that can't be processed.
 *
 * @module
 */
import { messageOf as text } from "../../kafka/port/errors.ts";
import type { RecordHeaders } from "../../kafka/port/record_set.ts";
import { UnusableSchema } from "../../serde/serde.ts";

export { text };

/**
 * Sends a record to another topic, with headers that say why ({@linkcode deadLetterHeaders}), and goes on
 * after it.
 */
export interface DeadLetter {
  /** A topic of the configuration's `deadLetterTopics`. */
  readonly deadLetter: string;
}

/** What to do with a record: `continue` drops and counts it, `fail` stops the application before it. */
export type HandlerAnswer = "continue" | "fail" | DeadLetter;

/** A record that could not be decoded. */
export interface UndecodableRecord {
  /** The topic that it was read from. */
  readonly topic: string;
  /** The partition of the topic. */
  readonly partition: number;
  /** The record's offset in the partition. */
  readonly offset: number;
  /** Which part of the record could not be decoded. */
  readonly part: "key" | "value";
  /** What the serde threw. */
  readonly error: unknown;
}

/** Decides about a record that can't be decoded. */
export type DeserializationHandler = (record: UndecodableRecord) => HandlerAnswer;

/** A record that a processor, or a call that a punctuator, threw at. */
export interface UnprocessableRecord {
  /** The task, such as `0_3`. */
  readonly taskId: string;
  /** The node of the topology that threw; `undefined` for a punctuator. */
  readonly processor: string | undefined;
  /** Where the input record came from; in a punctuator `undefined`, with partition and offset −1. */
  readonly topic: string | undefined;
  /** The partition of the topic, or −1. */
  readonly partition: number;
  /** The input record's offset, or −1. */
  readonly offset: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The key as the processor got it: not the input record's, if steps before have changed it. */
  readonly key: unknown;
  /** The value as the processor got it. */
  readonly value: unknown;
  /** What was thrown. */
  readonly error: unknown;
}

/**
 * Decides about a record that a processor throws at. As in Kafka Streams (KIP-1033) it is dropped at that
 * processor: what the processor and those before it have forwarded or stored already stays, and the other
 * branches of the topology still get it.
 */
export type ProcessingHandler = (record: UnprocessableRecord) => HandlerAnswer;

/** A record that can't be written: never because a broker is away or another instance has the task. */
export interface UnwritableRecord {
  /** `undefined` when the record was refused by the log and its task is not known. */
  readonly taskId: string | undefined;
  /** The topic that the record was to go to. */
  readonly topic: string;
  /**
   * Whether it can't be encoded, or the log refused it for good: it is too large, or has no key where one is
   * needed.
   */
  readonly reason: "unencodable" | "refused";
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** What the serde threw, or the log's refusal. */
  readonly error: unknown;
}

/**
 * Decides about a record for a sink's topic that can't be written. A changelog's record is no matter of this
 * handler: without it a store would be another one after its restore, so that the application fails.
 */
export type ProductionHandler = (record: UnwritableRecord) => HandlerAnswer;

/** The handlers of an application. */
export interface Handlers {
  readonly onUndecodable: DeserializationHandler;
  /** Decides about records that a processor throws at. Default: fail. */
  readonly onProcessingError?: ProcessingHandler | undefined;
  /** Decides about records that can't be written. Default: fail. */
  readonly onProductionError?: ProductionHandler | undefined;
  /** The topics that they may send dead letters to, with their numbers of partitions. */
  readonly deadLetters: ReadonlyMap<string, number>;
}

/** Where the engine says what a person should know. One line each. */
export interface EngineLogger {
  /** Takes what is worth knowing. */
  info(message: string): void;
  /** Takes what a person should look into. */
  warn(message: string): void;
}

/**
 * Drops undecodable records and logs them: the first at once, then at most one line a second with how many
 * there were. An {@linkcode UnusableSchema} stops the application: all of its records would be dropped.
 */
export function logAndContinue(logger: EngineLogger, now: () => number): DeserializationHandler {
  const drop = said("Dropped", logger, now, undecodable, "continue");
  return (record) => record.error instanceof UnusableSchema ? "fail" : drop(record);
}

/** Stops the application at the first undecodable record. */
export function logAndFail(): DeserializationHandler {
  return () => "fail";
}

/** Sends undecodable records to a topic and logs them as {@linkcode logAndContinue} does. */
export function logAndDeadLetter(
  topic: string,
  logger: EngineLogger,
  now: () => number,
): DeserializationHandler {
  return said(`Sent to ${topic}`, logger, now, undecodable, { deadLetter: topic });
}

/**
 * Drops records that a processor throws at, or sends them to a topic, and logs them as
 * {@linkcode logAndContinue} does.
 *
 * @param topic Where to send them; left out, they are dropped.
 */
export function logProcessingErrors(
  logger: EngineLogger,
  now: () => number,
  topic?: string,
): ProcessingHandler {
  return said(
    topic === undefined ? "Dropped" : `Sent to ${topic}`,
    logger,
    now,
    (record) =>
      `${
        record.topic === undefined
          ? "a punctuator's call"
          : `the record at offset ${record.offset} of ${record.topic}-${record.partition}`
      } in task ${record.taskId}: ${record.processor ?? "the punctuator"} threw: ${text(record.error)}`,
    topic === undefined ? "continue" : { deadLetter: topic },
  );
}

/**
 * Drops records that can't be written, or sends them to a topic, and logs them as {@linkcode logAndContinue}
 * does.
 *
 * @param topic Where to send them; left out, they are dropped.
 */
export function logProductionErrors(
  logger: EngineLogger,
  now: () => number,
  topic?: string,
): ProductionHandler {
  return said(
    topic === undefined ? "Dropped" : `Sent to ${topic}`,
    logger,
    now,
    (record) => `a record for ${record.topic} that is ${record.reason}: ${text(record.error)}`,
    topic === undefined ? "continue" : { deadLetter: topic },
  );
}

function undecodable({ topic, partition, offset, part, error }: UndecodableRecord): string {
  return `the record at offset ${offset} of ${topic}-${partition}: its ${part} is undecodable: ${
    text(error)
  }`;
}

/** A handler with one answer, that says what it does: the first at once, then at most one line a second. */
function said<R>(
  done: string,
  logger: EngineLogger,
  now: () => number,
  what: (record: R) => string,
  answer: HandlerAnswer,
): (record: R) => HandlerAnswer {
  let silentUntil = 0;
  let unsaid = 0;
  return (record) => {
    unsaid++;
    if (now() >= silentUntil) {
      const more = unsaid > 1 ? ` (${unsaid - 1} more since the last such line)` : "";
      logger.warn(`${done} ${what(record)}${more}`);
      silentUntil = now() + 1000;
      unsaid = 0;
    }
    return answer;
  };
}

/** Where a record that became a dead letter came from, and why it did. */
export interface DeadLetterCause {
  readonly error: unknown;
  /** `undefined` when no record was at fault but a punctuator, which has no place either. */
  readonly topic: string | undefined;
  readonly partition: number | undefined;
  readonly offset: number | undefined;
  readonly taskId: string | undefined;
}

/**
 * The headers of a dead letter: those that the record had, then what Kafka Streams adds (KIP-1034,
 * `ExceptionHandlerUtils` of 4.3), all of it text: `__streams.errors.exception` (the error's class),
 * `.message`, `.stacktrace`, `.topic`, `.partition` and `.offset`; and `kos.errors.task`. What is not known
 * is null. A record that was a dead letter before keeps none of its old ones.
 */
export function deadLetterHeaders(headers: RecordHeaders, cause: DeadLetterCause): RecordHeaders {
  const { error, topic, partition, offset, taskId } = cause;
  const added: [string, unknown][] = [
    ["__streams.errors.exception", error instanceof Error ? error.name : typeof error],
    ["__streams.errors.message", text(error)],
    ["__streams.errors.stacktrace", error instanceof Error ? error.stack : undefined],
    ["__streams.errors.topic", topic],
    ["__streams.errors.partition", partition],
    ["__streams.errors.offset", offset],
    ["kos.errors.task", taskId],
  ];
  const names = new Set(added.map(([name]) => name));
  return [
    ...headers.filter(({ key }) => !names.has(key)),
    ...added.map(([key, value]) => ({
      key,
      value: value === undefined ? null : encoder.encode(String(value)),
    })),
  ];
}

const encoder = new TextEncoder();
