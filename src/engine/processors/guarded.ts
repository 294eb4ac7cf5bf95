/**
 * HOT PATH. Stands before a processor where a handler of processing errors is set, and hands it what the
 * processor throws.
 *
 * @module
 */
import type { ProcessorContext } from "../record/processor_context.ts";
import { Processor } from "./processor.ts";

/**
 * A processor with its guard. As in Kafka Streams each is guarded by itself, so that a record that one throws
 * at is dropped there and no earlier.
 */
export class Guarded<K, V> extends Processor<K, V> {
  readonly #inner: Processor<K, V>;

  constructor(inner: Processor<K, V>, context: ProcessorContext) {
    super();
    this.#inner = inner;
    this.context = context;
    inner.guarded = true;
  }

  override get resumable(): boolean {
    return this.#inner.resumable;
  }

  override process(key: K, value: V, timestamp: number, previous: V | null): void {
    try {
      this.#inner.process(key, value, timestamp, previous);
    } catch (error) {
      this.context.failures.processing(this.#inner.name, key, value, timestamp, error);
    }
  }
}
