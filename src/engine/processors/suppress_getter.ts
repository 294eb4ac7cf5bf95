import type { SuppressBuffer } from "../state/typed/suppress_buffer.ts";
import type { ProcessorInit } from "./processor.ts";
import type { ValueGetter } from "./value_getter.ts";

/**
 * HOT PATH. A table whose changes are held back: a key's value is the one from before its change, as long as
 * that is held back.
 */
export class SuppressGetter<K, V> implements ValueGetter<K, V> {
  timestamp = -1;
  readonly #storeName: string;
  readonly #parent: ValueGetter<K, V>;
  #buffer!: SuppressBuffer<K, V>;

  /** @param parent Looks up what is not held back. */
  constructor(storeName: string, parent: ValueGetter<K, V>) {
    this.#storeName = storeName;
    this.#parent = parent;
  }

  init(init: ProcessorInit): void {
    this.#buffer = init.store<SuppressBuffer<K, V>>(this.#storeName);
    this.#parent.init(init);
  }

  get(key: K): V | null {
    const prior = this.#buffer.priorValue(key);
    if (prior !== undefined) {
      // As in Kafka Streams, nothing tells when that one was set.
      this.timestamp = -1;
      return prior;
    }
    const value = this.#parent.get(key);
    this.timestamp = this.#parent.timestamp;
    return value;
  }
}
