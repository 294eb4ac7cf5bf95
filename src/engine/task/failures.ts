/**
 * Asks an application's handlers about records that fail, and does as they say.
 *
 * @module
 */
import { DeserializationError, SchemaNotLoaded, UnusableSchema } from "../../serde/serde.ts";
import { whole } from "../../kafka/port/bytes_range.ts";
import type { RefusedRecord, Substitute } from "../../kafka/port/producer.ts";
import { NO_HEADERS, type RecordHeaders } from "../../kafka/port/record_set.ts";
import { ProcessingError } from "../errors.ts";
import { blamed } from "../record/blame.ts";
import { deadLetterPartition } from "./dead_letter_topics.ts";
import {
  type DeadLetter,
  deadLetterHeaders,
  type HandlerAnswer,
  type Handlers,
  type ProductionHandler,
  text,
} from "../record/handlers.ts";
import type { RecordQueue } from "./record_queue.ts";
import type { EngineStats } from "../record/stats.ts";
import type { FailureTaker, ProcessorContext } from "../record/processor_context.ts";

/**
 * The failures of one task. Each method returns when the record is dropped or a dead letter, and throws when
 * the task can't go on.
 */
export class Failures implements FailureTaker {
  readonly #context: ProcessorContext;
  readonly #handlers: Handlers;
  /** Called when a processor was left half-way. */
  readonly #forget: () => void;

  constructor(context: ProcessorContext, handlers: Handlers, forget: () => void) {
    this.#context = context;
    this.#handlers = handlers;
    this.#forget = forget;
  }

  /**
   * The head of a queue can't be decoded.
   * @throws {ProcessingError} When the handler says so.
   */
  undecodable(queue: RecordQueue): void {
    const { part, error } = queue.refusal!;
    const { topic, partition, headSet, headIndex } = queue;
    const { stats } = this.#context;
    const offset = headSet.offsets[headIndex]!;
    stats.decodeFailures[topic] = (stats.decodeFailures[topic] ?? 0) + 1;
    const what = `Cannot decode the ${part} of the record at offset ${offset} of ${topic}-${partition}`;
    const answer = this.#ask(what, this.#handlers.onUndecodable, { topic, partition, offset, part, error });
    if (answer === "fail") {
      // A serde of the user's may throw anything; only a DeserializationError is surely the record's own
      // fault.
      throw new ProcessingError(
        `${what}: ${text(error)}; nothing after it was processed; ${remedy(error)}`,
        { cause: error instanceof DeserializationError ? undefined : error },
      );
    }
    this.#settle(answer, error, headSet.timestamps[headIndex]!);
    stats.dropped.undecodable++;
  }

  processing(
    processor: string | undefined,
    key: unknown,
    value: unknown,
    timestamp: number,
    error: unknown,
  ): void {
    const handler = this.#handlers.onProcessingError;
    // The first was decided on already; the second is over once the schema is there, and the record processed
    // again.
    if (handler === undefined || error instanceof ProcessingError || error instanceof SchemaNotLoaded) {
      throw error;
    }
    const { taskId, origin: { topic, offset }, stats } = this.#context;
    const partition = topic === undefined ? -1 : this.#context.partition;
    const what = topic === undefined
      ? `Cannot punctuate at ${timestamp} in task ${taskId}`
      : `Cannot process the record at offset ${offset} of ${topic}-${partition} in task ${taskId}`;
    const record = { taskId, processor, topic, partition, offset, timestamp, key, value, error };
    const answer = this.#ask(what, handler, record);
    if (answer === "fail") {
      const who = blamed(error) ?? processor ?? "a punctuator";
      throw new ProcessingError(`${what}: ${who} threw: ${text(error)}`, { cause: error });
    }
    this.#settle(answer, error, timestamp);
    stats.dropped.processing_error++;
    this.#forget();
  }

  unencodable(topic: string, timestamp: number, error: unknown): void {
    const context = this.#context;
    const { taskId, partition, origin: { topic: from, offset }, stats } = context;
    const place = from === undefined
      ? "a punctuator's record"
      : `what came of the record at offset ${offset} of ${from}-${partition}`;
    const what = `Cannot encode ${place} for ${topic} in task ${taskId}`;
    const answer = this.#ask(what, this.#handlers.onProductionError ?? FAIL, {
      taskId,
      topic,
      reason: "unencodable",
      timestamp,
      error,
    });
    if (answer === "fail") throw new ProcessingError(`${what}: ${text(error)}`, { cause: error });
    this.#settle(answer, error, timestamp);
    stats.dropped.production_error++;
  }

  #ask<R>(what: string, handler: (record: R) => HandlerAnswer, record: R): HandlerAnswer {
    try {
      return handler(record);
    } catch (error) {
      throw new ProcessingError(`${what}: its handler threw: ${text(error)}`, { cause: error });
    }
  }

  /** Writes the input record, as it came in, to the dead letters. */
  #settle(answer: "continue" | DeadLetter, error: unknown, timestamp: number): void {
    if (answer === "continue") return;
    const context = this.#context;
    const { taskId, origin } = context;
    const { topic, offset } = origin;
    const isRecord = topic !== undefined;
    const partition = isRecord ? context.partition : undefined;
    const letter = deadLetter(this.#handlers, answer, {
      key: origin.inputKey,
      value: origin.inputValue,
      headers: origin.inputHeaders,
      timestamp: isRecord ? origin.inputTimestamp : timestamp,
      cause: { error, topic, partition, offset: isRecord ? offset : undefined, taskId },
    });
    const { key, value, headers } = letter;
    context.producer.append(
      letter.topic,
      letter.partition,
      letter.timestamp,
      whole(key),
      whole(value),
      headers,
    );
    context.stats.deadLetteredTo(letter.topic).count++;
  }
}

/**
 * Decides about the records of one producer that the log refuses; `undefined` when there is no handler, and
 * each one is a failure.
 */
export function refusalHandler(
  handlers: Handlers,
  sinkTopics: ReadonlySet<string>,
  stats: EngineStats,
  taskId: string | undefined,
): ((record: RefusedRecord) => "fail" | "drop" | Substitute) | undefined {
  const { onProductionError } = handlers;
  if (onProductionError === undefined) return undefined;
  return ({ topic, partition, timestamp, key, value, headers, error }) => {
    if (!sinkTopics.has(topic)) return "fail";
    const answer = onProductionError({ taskId, topic, reason: "refused", timestamp, error });
    if (answer === "fail") return "fail";
    stats.dropped.production_error++;
    if (answer === "continue") return "drop";
    stats.deadLetteredTo(answer.deadLetter).count++;
    return deadLetter(handlers, answer, {
      key,
      value,
      headers,
      timestamp,
      cause: { error, topic, partition, offset: undefined, taskId },
    });
  };
}

function deadLetter(
  handlers: Handlers,
  { deadLetter: topic }: DeadLetter,
  { key, value, headers, timestamp, cause }: {
    readonly key: Uint8Array | null;
    readonly value: Uint8Array | null;
    readonly headers: RecordHeaders | undefined;
    readonly timestamp: number;
    readonly cause: Parameters<typeof deadLetterHeaders>[1];
  },
): Substitute {
  const partitions = handlers.deadLetters.get(topic);
  if (partitions === undefined) {
    throw new ProcessingError(
      `Cannot send a dead letter to ${topic}: received a topic that is not one of deadLetterTopics (${
        [...handlers.deadLetters.keys()].join(", ") || "none"
      }); name it there`,
      { cause: cause.error },
    );
  }
  return {
    topic,
    partition: deadLetterPartition(key, cause.partition ?? 0, partitions),
    timestamp,
    key,
    value,
    headers: deadLetterHeaders(headers ?? NO_HEADERS, cause),
  };
}

function remedy(error: unknown): string {
  return error instanceof UnusableSchema
    ? "give the topic's serde a schema that can read it, or send such records to a dead-letter topic"
    : "set the deserialization handler to continue to drop such records";
}

const FAIL: ProductionHandler = () => "fail";
