/**
 * The in-memory log's producer.
 *
 * @module
 */
import { type GroupOffsets, ProduceError, type Producer, type ProducerOptions } from "./log.ts";
import type { MemoryPartition } from "./memory_partition.ts";
import type { RecordHeaders } from "./record_set.ts";

/** HOT PATH. Appends at once; acknowledges in the next microtask, so that callers see the same states as with a broker. */
export class MemoryProducer implements Producer {
  readonly counts: { appended: number; acknowledged: number; failed: number } = {
    appended: 0,
    acknowledged: 0,
    failed: 0,
  };
  readonly retries: { readonly count: number; readonly last: string | undefined } = {
    count: 0,
    last: undefined,
  };
  readonly #topics: ReadonlyMap<string, readonly MemoryPartition[]>;
  #pendingBytes = 0;
  #pendingRecords = 0;
  #scheduled = false;
  #closed = false;
  #lost = new Map<string, number>();
  #lostWhy: string | undefined;

  constructor(topics: ReadonlyMap<string, readonly MemoryPartition[]>, _options?: ProducerOptions) {
    this.#topics = topics;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: Uint8Array | null,
    keyFrom: number,
    keyTo: number,
    value: Uint8Array | null,
    valueFrom: number,
    valueTo: number,
    headers?: RecordHeaders,
  ): void {
    this.counts.appended++;
    const target = this.#topics.get(topic)?.[partition];
    if (target === undefined || this.#closed || (key === null && target.needsKeys)) {
      this.#fail(topic, partition, target === undefined);
      return;
    }
    this.#pendingBytes += target.append(
      timestamp,
      key,
      keyFrom,
      keyTo,
      value,
      valueFrom,
      valueTo,
      headers,
    );
    this.#pendingRecords++;
    if (!this.#scheduled) {
      this.#scheduled = true;
      queueMicrotask(this.#acknowledge);
    }
  }

  ready(): Promise<void> {
    this.#acknowledge();
    return Promise.resolve();
  }

  flush(): Promise<void> {
    this.#acknowledge();
    if (this.#lost.size === 0) return Promise.resolve();
    const lost = this.#lost;
    this.#lost = new Map();
    const list = [...lost].map(([topic, count]) => `${count} of ${topic}`).join(", ");
    return Promise.reject(new ProduceError(`Cannot write records (${list}): ${this.#lostWhy}`, lost));
  }

  begin(): Promise<void> {
    return Promise.reject(
      new Error("Cannot begin a transaction: received no transactionalId; set it in the producer's options"),
    );
  }

  commit(_offsets?: GroupOffsets): Promise<void> {
    return Promise.reject(new Error("Cannot commit: no transaction is open; begin one first"));
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }

  async close(options?: { abandon?: boolean }): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (!options?.abandon) await this.flush();
  }

  readonly #acknowledge = (): void => {
    this.#scheduled = false;
    this.counts.acknowledged += this.#pendingRecords;
    this.#pendingRecords = 0;
    this.#pendingBytes = 0;
  };

  #fail(topic: string, partition: number, unknown: boolean): void {
    this.counts.failed++;
    this.#lost.set(topic, (this.#lost.get(topic) ?? 0) + 1);
    this.#lostWhy = this.#closed
      ? "the producer is closed"
      : unknown
      ? `partition ${partition} of ${topic} does not exist (UNKNOWN_TOPIC_OR_PARTITION): create the topic first`
      : `${topic} is compacted and takes no record without a key (INVALID_RECORD)`;
  }
}
