/**
 * Writes changelogs. Their records' keys are in `changelog_keys.ts`; their values are the stores', their
 * timestamps those of the values, as in Kafka Streams.
 *
 * @module
 */
import { ReusedRange } from "../../kafka/port/bytes_range.ts";
import type { RecordHeaders } from "../../kafka/port/record_set.ts";
import type { KeyBytes } from "../record/key_bytes.ts";
import type { ProcessorContext } from "../record/processor_context.ts";
import type { TopicCount } from "../record/stats.ts";

/** Writes the changes of one store, of one task, to its changelog partition. */
export class ChangelogWriter {
  readonly topic: string;
  readonly #context: ProcessorContext;
  readonly #written: TopicCount;
  readonly #value = new ReusedRange();

  constructor(topic: string, context: ProcessorContext) {
    this.topic = topic;
    this.#context = context;
    this.#written = context.stats.producedTo(topic);
  }

  /**
   * HOT PATH. Writes a value, or with `null` a tombstone.
   *
   * @throws {ProcessingError} When far more is pending than memory is meant to hold.
   */
  write(
    key: KeyBytes,
    value: Uint8Array | null,
    from: number,
    to: number,
    timestamp: number,
    headers?: RecordHeaders,
  ): void {
    const { producer, partition } = this.#context;
    if (this.#context.mayOverflow) this.#context.checkPending(this.topic);
    const range = value === null ? null : this.#value.set(value, from, to);
    producer.append(this.topic, partition, timestamp, key, range, headers);
    this.#written.count++;
  }
}
