/**
 * Appends records to partitions of a Kafka cluster.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { ProduceBuffer } from "./produce_buffer.ts";
import { ProduceSender } from "./produce_sender.ts";
import { Transaction } from "./transaction.ts";
import type { BytesRange } from "../port/bytes_range.ts";
import { CommitRejected } from "../port/errors.ts";
import type { GroupOffsets, Producer, ProducerOptions } from "../port/producer.ts";
import type { RecordHeaders } from "../port/record_set.ts";

/**
 * An idempotent producer: what is sent again is not written twice. Records go into its
 * {@linkcode ProduceBuffer}, from which its {@linkcode ProduceSender} takes them; here is what is open, and
 * when what may be done.
 */
export class KafkaProducer implements Producer {
  readonly #buffer: ProduceBuffer;
  readonly #sender: ProduceSender;
  readonly #transaction: Transaction | undefined;
  /** How the transaction stands; `none` for good without a transactional id. */
  #state: keyof typeof STATES = "none";
  #closed = false;

  /** @param release Frees the cluster, which others may use. */
  constructor(
    cluster: Cluster,
    options: ProducerOptions = {},
    release: () => Promise<void> = () => cluster.close(),
  ) {
    const { transactionalId, transactionTimeoutMs = 10_000, deliveryTimeoutMs = 120_000 } = options;
    const transactional = transactionalId !== undefined;
    const buffer = new ProduceBuffer({ ...options, transactional }, () => this.#sender.wake());
    this.#buffer = buffer;
    if (transactional) {
      this.#transaction = new Transaction(cluster, {
        transactionalId,
        transactionTimeoutMs,
        giveUpAfterMs: deliveryTimeoutMs,
        onRenewed: (identity) => buffer.identify(identity),
      });
    }
    this.#sender = new ProduceSender(cluster, buffer, {
      deliveryTimeoutMs,
      transaction: this.#transaction,
      close: release,
    });
    if (options.topics !== undefined) void this.#sender.prepare(options.topics);
  }

  get pendingBytes(): number {
    return this.#buffer.pendingBytes;
  }

  get counts(): Producer["counts"] {
    return this.#buffer.counts;
  }

  get retries(): Producer["retries"] {
    return this.#sender.retries;
  }

  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: BytesRange | null,
    value: BytesRange | null,
    headers?: RecordHeaders,
  ): void {
    if (this.#state !== "open" && this.#transaction !== undefined) throw this.#misused("append");
    this.#buffer.append(topic, partition, timestamp, key, value, headers);
  }

  ready(): Promise<void> {
    return this.#buffer.ready();
  }

  async flush(): Promise<void> {
    try {
      await this.#buffer.flush();
    } catch (error) {
      if (this.#transaction === undefined) throw error;
      if (this.#state === "open") this.#state = "failed";
      throw this.#transaction.fenced ?? error;
    }
  }

  async begin(): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === undefined || this.#closed) {
      throw new Error(
        transaction === undefined
          ? "Cannot begin a transaction: received a producer without transactionalId; set it in its options"
          : "Cannot begin a transaction: the producer is closed",
      );
    }
    if (transaction.fenced !== undefined) throw transaction.fenced;
    if (this.#state !== "none") throw this.#misused("begin");
    this.#state = "changing";
    try {
      if (transaction.inDoubt || transaction.identity.id < 0) {
        this.#buffer.identify(await transaction.register());
      }
      this.#state = "open";
    } catch (error) {
      this.#state = "none";
      throw error;
    }
  }

  async commit(offsets?: GroupOffsets): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === undefined || this.#state !== "open") throw this.#misused("commit");
    this.#state = "changing";
    try {
      const withOffsets = offsets !== undefined && offsets.offsets.length > 0;
      const done = await Promise.allSettled([
        this.#buffer.flush(),
        withOffsets ? transaction.commitOffsets(offsets) : undefined,
      ]);
      for (const each of done) if (each.status === "rejected") throw each.reason;
      await transaction.end(true);
      this.#state = "none";
    } catch (error) {
      // Offsets that a rebalance refused for now can be committed again: the records are written all the
      // same.
      this.#state = error instanceof CommitRejected && error.retriable ? "open" : "failed";
      throw transaction.fenced ?? error;
    }
  }

  async abort(): Promise<void> {
    const transaction = this.#transaction;
    if (transaction === undefined) return;
    if (transaction.fenced !== undefined) throw transaction.fenced;
    if (this.#state === "none") return;
    if (this.#state === "changing") throw this.#misused("abort");
    this.#state = "changing";
    try {
      await this.#drop(transaction);
      await transaction.end(false);
      this.#state = "none";
    } catch (error) {
      this.#state = "failed";
      throw transaction.fenced ?? error;
    }
  }

  async close(options?: { abandon?: boolean }): Promise<void> {
    if (this.#closed) return;
    try {
      if (!options?.abandon) {
        if (this.#transaction === undefined) await this.#buffer.flush();
        else if (this.#transaction.fenced === undefined) await this.abort();
      }
    } finally {
      this.#closed = true;
      this.#state = "none";
      this.#transaction?.stop();
      this.#buffer.close();
      await this.#sender.close();
      // Not before: a commit that waits for its records would go on, and still find a connection.
      this.#buffer.abandon();
    }
  }

  /** Gives up all that is not acknowledged: the transaction will be aborted. */
  async #drop(transaction: Transaction): Promise<void> {
    this.#buffer.sealAll();
    transaction.stop();
    await this.#sender.drop(new Error("the transaction was aborted"));
    transaction.resume();
    // Nobody is to hear of what was dropped on purpose.
    this.#buffer.takeLost();
  }

  #misused(what: string): Error {
    const state = STATES[this.#state];
    return new Error(
      this.#transaction === undefined
        ? `Cannot ${what}: received a producer without transactionalId; set it in its options`
        : `Cannot ${what} with transactional id ${this.#transaction.transactionalId}: ${state}`,
    );
  }
}

/** The states of a transaction, as errors tell of them. */
const STATES = {
  none: "no transaction is open; begin one first",
  open: "a transaction is open; commit or abort it first",
  changing: "it is beginning or ending a transaction; await that first",
  failed: "the transaction has failed; abort it or close the producer",
} as const;
