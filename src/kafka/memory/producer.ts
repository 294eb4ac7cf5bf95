/**
 * The in-memory log's producer.
 *
 * @module
 */
import { type BytesRange, whole } from "../port/bytes_range.ts";
import { CommitRejected, messageOf, ProduceError } from "../port/errors.ts";
import type { GroupOffsets, Producer, ProducerOptions, RefusedRecord, Substitute } from "../port/producer.ts";
import type { MemoryGroup } from "./coordinator.ts";
import type { MemoryPartition } from "./partition.ts";
import type { MemoryTransactionalId } from "./transactions.ts";
import { NO_HEADERS, type RecordHeaders } from "../port/record_set.ts";

/**
 * Appends at once; acknowledges in the next microtask, so that callers see the same states as with
 * a broker.
 */
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
  readonly #transactions:
    | { readonly id: MemoryTransactionalId; group(groupId: string): MemoryGroup }
    | undefined;
  /** Whether it has begun with its transactional id. */
  #registered = false;
  #state: "none" | "open" | "failed" = "none";
  #pendingBytes = 0;
  #pendingRecords = 0;
  #scheduled = false;
  #closed = false;
  #lost = new Map<string, number>();
  #lostWhy: string | undefined;
  /** Whether one of the lost ones was refused for what it is. */
  #refused = false;
  readonly #onRefused: ProducerOptions["onRefused"];

  constructor(
    topics: ReadonlyMap<string, readonly MemoryPartition[]>,
    transactions?: { readonly id: MemoryTransactionalId; group(groupId: string): MemoryGroup },
    onRefused?: ProducerOptions["onRefused"],
  ) {
    this.#topics = topics;
    this.#transactions = transactions;
    this.#onRefused = onRefused;
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** HOT PATH. Appends one record to its partition. */
  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: BytesRange | null,
    value: BytesRange | null,
    headers?: RecordHeaders,
  ): void {
    const transactions = this.#transactions;
    if (transactions !== undefined && this.#state !== "open") throw this.#misused("append");
    this.counts.appended++;
    const target = this.#topics.get(topic)?.[partition];
    if (target === undefined || this.#closed || (key === null && target.needsKeys)) {
      if (target === undefined || this.#closed) return this.#fail(topic, partition);
      return this.#refuse({
        topic,
        partition,
        timestamp,
        key: null,
        value: value?.bytes.slice(value.from, value.to) ?? null,
        headers: headers ?? NO_HEADERS,
        error: new Error(`${topic} is compacted and takes no record without a key (INVALID_RECORD)`),
      });
    }
    if (transactions !== undefined) {
      const fenced = transactions.id.fenced(this);
      if (fenced !== undefined) return this.#lose(topic, fenced.message);
      transactions.id.add(target);
    }
    this.#pendingBytes += target.append(
      timestamp,
      key,
      value,
      headers,
      transactions === undefined ? undefined : this,
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

  async flush(): Promise<void> {
    try {
      await this.#flush();
    } catch (error) {
      if (this.#state === "open") this.#state = "failed";
      throw error;
    }
  }

  #flush(): Promise<void> {
    this.#acknowledge();
    const fenced = this.#registered ? this.#transactions?.id.fenced(this) : undefined;
    if (fenced !== undefined) return Promise.reject(fenced);
    if (this.#lost.size === 0) return Promise.resolve();
    const lost = this.#lost;
    this.#lost = new Map();
    const list = [...lost].map(([topic, count]) => `${count} of ${topic}`).join(", ");
    const refused = this.#refused;
    this.#refused = false;
    return Promise.reject(
      new ProduceError(`Cannot write records (${list}): ${this.#lostWhy}`, lost, { refused }),
    );
  }

  // deno-lint-ignore require-await -- async so that what is thrown is a rejection
  async begin(): Promise<void> {
    const transactions = this.#transactions;
    if (transactions === undefined || this.#closed) throw this.#misused("begin a transaction");
    if (!this.#registered) transactions.id.register(this);
    this.#registered = true;
    const fenced = transactions.id.fenced(this);
    if (fenced !== undefined) throw fenced;
    if (this.#state !== "none") throw this.#misused("begin a transaction");
    this.#state = "open";
  }

  async commit(offsets?: GroupOffsets): Promise<void> {
    const transactions = this.#transactions;
    if (transactions === undefined || this.#state !== "open") throw this.#misused("commit");
    this.#state = "failed";
    await this.#flush();
    const withOffsets = offsets !== undefined && offsets.offsets.length > 0;
    try {
      transactions.id.commit(withOffsets ? transactions.group(offsets.groupId) : undefined, offsets);
    } catch (error) {
      if (error instanceof CommitRejected && error.retriable) this.#state = "open";
      throw error;
    }
    this.#state = "none";
  }

  // deno-lint-ignore require-await
  async abort(): Promise<void> {
    const transactions = this.#transactions;
    if (transactions === undefined || !this.#registered) return;
    const fenced = transactions.id.fenced(this);
    if (fenced !== undefined) throw fenced;
    this.#lost.clear();
    transactions.id.abort();
    this.#state = "none";
  }

  async close(options?: { abandon?: boolean }): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (options?.abandon) return;
    if (this.#transactions === undefined) await this.#flush();
    else if (this.#registered && this.#transactions.id.fenced(this) === undefined) await this.abort();
    this.#state = "none";
  }

  #misused(what: string): Error {
    return new Error(
      this.#transactions === undefined
        ? `Cannot ${what}: received a producer without transactionalId; set it in its options`
        : `Cannot ${what}: ${
          this.#closed
            ? "the producer is closed"
            : this.#state === "none"
            ? "no transaction is open; begin one first"
            : this.#state === "open"
            ? "a transaction is open; commit or abort it first"
            : "the transaction has failed; abort it or close the producer"
        }`,
    );
  }

  readonly #acknowledge = (): void => {
    this.#scheduled = false;
    this.counts.acknowledged += this.#pendingRecords;
    this.#pendingRecords = 0;
    this.#pendingBytes = 0;
  };

  #fail(topic: string, partition: number): void {
    const why = this.#closed
      ? "the producer is closed"
      : `partition ${partition} of ${topic} does not exist (UNKNOWN_TOPIC_OR_PARTITION): create the topic ` +
        "first";
    this.#lose(topic, why);
  }

  /** Asks what to do with a record that the log will never take. */
  #refuse(record: RefusedRecord): void {
    const { topic, error } = record;
    let answer: "fail" | "drop" | Substitute = "fail";
    let why = error.message;
    try {
      answer = this.#onRefused?.(record) ?? "fail";
    } catch (failure) {
      why = `${why}; ${messageOf(failure)}`;
    }
    if (answer === "fail") {
      this.#refused = true;
      return this.#lose(topic, why);
    }
    this.counts.failed++;
    if (answer === "drop") return;
    const { key, value, headers } = answer;
    this.append(answer.topic, answer.partition, answer.timestamp, whole(key), whole(value), headers);
  }

  #lose(topic: string, why: string): void {
    this.counts.failed++;
    this.#lost.set(topic, (this.#lost.get(topic) ?? 0) + 1);
    this.#lostWhy = why;
  }
}
