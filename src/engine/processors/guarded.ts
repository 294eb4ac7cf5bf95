/**
 * HOT PATH, where a handler of processing errors is set. Stands before a processor and hands what it throws
 * to the handler.
 *
 * @module
 */
import type { ProcessorContext } from "../record/processor_context.ts";
import { Processor } from "./processor.ts";

/**
 * See the module. As in Kafka Streams each processor is guarded by itself, so that a record that one throws
 * at is dropped there and no earlier.
 */
export class Guarded<K, V> extends Processor<K, V> {
  readonly #name: string;
  readonly #inner: Processor<K, V>;

  /** @param name The node's. */
  constructor(name: string, inner: Processor<K, V>, context: ProcessorContext) {
    super();
    this.#name = name;
    this.#inner = inner;
    this.context = context;
    inner.guardedAs = name;
  }

  override get resumable(): boolean {
    return this.#inner.resumable;
  }

  override process(key: K, value: V, timestamp: number, previous: V | null): void {
    try {
      this.#inner.process(key, value, timestamp, previous);
    } catch (error) {
      this.context.failures.processing(this.#name, key, value, timestamp, error);
    }
  }
}
