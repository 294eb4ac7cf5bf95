/**
 * HOT PATH. Where records come in and go out.
 *
 * @module
 */
import type { Serde } from "../../serde/serde.ts";
import { NO_HEADERS } from "../../kafka/port/record_set.ts";
import type { TopicCount } from "../record/stats.ts";
import type { BytesRange } from "../../kafka/port/bytes_range.ts";
import type { KeyBytes } from "../record/key_bytes.ts";
import { Processor, type ProcessorInit } from "./processor.ts";

/** The entry of one or several topics. */
export class Source<K, V> extends Processor<K, V> {
  override get resumable(): boolean {
    return true;
  }

  override process(key: K, value: V, timestamp: number): void {
    this.forward(key, value, timestamp, null);
  }
}

/**
 * Writes records to a topic: a key's records always to the partition that Kafka's default partitioner gives
 * it.
 */
export class Sink<K, V> extends Processor<K, V> {
  readonly #topic: string;
  readonly #partitions: number;
  readonly #key: Serde<K>;
  readonly #value: Serde<V>;
  #next = 0;
  #produced!: TopicCount;

  constructor(topic: string, partitions: number, key: Serde<K>, value: Serde<V>) {
    super();
    this.#topic = topic;
    this.#partitions = partitions;
    this.#key = key;
    this.#value = value;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#produced = init.context.stats.producedTo(this.#topic);
  }

  override process(key: K, value: V, timestamp: number): void {
    const { context } = this;
    const { headers } = context.origin;
    const sent = headers === NO_HEADERS ? undefined : headers;
    let k: KeyBytes | null = null;
    let v: BytesRange | null = null;
    try {
      if (key !== null) k = context.encoded.encodeKey(this.#key, key);
      if (value !== null) v = context.encoded.encodeValue(this.#value, value);
    } catch (error) {
      return context.failures.unencodable(this.#topic, timestamp, error);
    }
    if (!this.mayPause) context.checkPending(this.#topic);
    // Records without a key go to the partitions in turn.
    const partition = k === null
      ? this.#next = (this.#next + 1) % this.#partitions
      : (k.hash & 0x7fffffff) % this.#partitions;
    context.producer.append(this.#topic, partition, timestamp, k, v, sent);
    this.#produced.count++;
  }
}
