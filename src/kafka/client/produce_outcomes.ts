/**
 * What becomes of a batch once its request was answered, or was not: acknowledged, sent again, cut in two or
 * given up; and of the sequence numbers behind it.
 *
 * @module
 */
import { LEADER_MOVED } from "./leader_moved.ts";
import type { Cluster } from "./cluster.ts";
import { errorOf } from "./kafkajs_internals.ts";
import type { Batch, PartitionQueue } from "./partition_queue.ts";
import type { ProduceBuffer } from "./produce_buffer.ts";
import type { ProduceRetries } from "./produce_retries.ts";
import { ConnectionLost, isRetriable, KafkaError, PRODUCE_REMEDIES, REFUSALS } from "../port/errors.ts";
import { partitionKey } from "../port/topics.ts";
import type { ProducedPartition } from "../wire/protocol/produce.ts";

/**
 * Errors that a new producer id mends: the broker has forgotten the old one, or lacks a batch before this
 * one; unless that batch is yet to be sent again.
 */
const NEEDS_NEW_ID = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_PRODUCER_EPOCH",
]);
/** Errors that say that the coordinator has ended the transaction. */
const ENDS_TRANSACTION = new Set(["PRODUCER_FENCED", "INVALID_TXN_STATE"]);
/** Errors after which a batch is sent again, and that come before it is written. */
const NOT_WRITTEN = new Set(["NOT_ENOUGH_REPLICAS", ...NEEDS_NEW_ID]);
/** Errors of a batch for its size: of several records it is cut in two. */
const TOO_LARGE = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"]);

/** What came of a request. */
export interface Reply {
  /** The broker that it was sent to. */
  readonly leader: number;
  /** Whether it may have reached the broker. */
  readonly sent: boolean;
  /** Why there is no answer; `undefined` where there is one. */
  readonly failure: unknown;
  /** The answer's partitions, by their {@linkcode partitionKey}. */
  readonly partitions: ReadonlyMap<string, ProducedPartition>;
}

/** Settings of {@linkcode ProduceOutcomes}. */
export interface OutcomeSettings {
  /** A batch is given up when it is not acknowledged in so many ms. */
  readonly deliveryTimeoutMs: number;
  /**
   * Where batches are part of transactions: told of an error after which the producer needs another epoch.
   */
  readonly transaction?: { refused(error: unknown): void } | undefined;
}

/** Judges what brokers answer, and tells the buffer. */
export class ProduceOutcomes {
  readonly #cluster: Cluster;
  readonly #buffer: ProduceBuffer;
  readonly #retries: ProduceRetries;
  readonly #settings: OutcomeSettings;

  constructor(cluster: Cluster, buffer: ProduceBuffer, retries: ProduceRetries, settings: OutcomeSettings) {
    this.#cluster = cluster;
    this.#buffer = buffer;
    this.#retries = retries;
    this.#settings = settings;
  }

  /** Settles a batch that was under way. */
  settle(batch: Batch, reply: Reply): void {
    const { topic, partition } = batch.queue;
    try {
      if (reply.failure !== undefined) throw reply.failure;
      const produced = reply.partitions.get(partitionKey(topic, partition));
      if (produced === undefined) throw new ConnectionLost(`The answer lacks ${topic}-${partition}`);
      this.#judge(batch, produced, reply.leader);
    } catch (error) {
      batch.uncertain ||= reply.sent;
      if (error instanceof ConnectionLost) this.#cluster.forget(topic, partition);
      this.#again(batch, error);
    }
    this.#mend(batch.queue);
  }

  /**
   * Gives up batches that have been tried for too long; not those behind one under way, whose outcome is
   * theirs too.
   */
  expire(queue: PartitionQueue, now: number): void {
    const { deliveryTimeoutMs, transaction } = this.#settings;
    if (queue.inFlight > 0 || !this.#isOverdue(queue.next, now)) return;
    const error = new Error(
      `not acknowledged within ${deliveryTimeoutMs} ms` +
        (queue.failing === undefined ? "" : `; last: ${queue.failing}`),
    );
    for (let batch = queue.next; this.#isOverdue(batch, now); batch = queue.next) {
      if (batch.uncertain) transaction?.refused(error);
      this.#buffer.giveUp(batch, error);
    }
    this.#mend(queue);
    if (queue.idle) this.#retries.recovered(queue);
  }

  /** Gives up all of a queue that is not under way. */
  giveUpAll(queue: PartitionQueue, error: unknown): void {
    // What was open may be sealed in their place: that is not given up.
    for (const batch of [...queue.sealed]) this.#buffer.giveUp(batch, error);
    this.#mend(queue);
    queue.unknown = 0;
    queue.retryAt = 0;
    this.#retries.recovered(queue);
  }

  #isOverdue(batch: Batch | undefined, now: number): batch is Batch {
    return batch !== undefined && now - batch.createdAt > this.#settings.deliveryTimeoutMs;
  }

  /** Acts on a broker's answer. */
  #judge(batch: Batch, { errorCode }: ProducedPartition, leader: number): void {
    const { queue } = batch;
    const { name, message, retriable } = errorOf(errorCode);
    if (name === "NONE" || name === "DUPLICATE_SEQUENCE_NUMBER") return this.#acknowledged(batch, leader);
    queue.confirmedBy = undefined;
    // It fails as the one before it did: that one is to be sent first, and says why.
    if (NEEDS_NEW_ID.has(name) && !queue.isFirst(batch)) return this.#buffer.putBack(batch);
    const error = new KafkaError(
      name,
      `Cannot write to ${queue.topic}-${queue.partition}: ${message} (${name})${remedy(name, batch)}`,
      retriable || LEADER_MOVED.has(name),
    );
    const { transaction } = this.#settings;
    if (transaction !== undefined && (NEEDS_NEW_ID.has(name) || ENDS_TRANSACTION.has(name))) {
      // A new epoch would be another transaction: this one has lost the batch.
      transaction.refused(error);
      return this.#buffer.forgo(batch, error);
    }
    if (NEEDS_NEW_ID.has(name)) queue.forgotten = true;
    if (LEADER_MOVED.has(name)) this.#cluster.forget(queue.topic, queue.partition);
    if (error.retriable || NEEDS_NEW_ID.has(name)) {
      // A leader may have written it, and not know that its followers have.
      batch.uncertain ||= !NOT_WRITTEN.has(name);
      return this.#again(batch, error);
    }
    this.#refused(batch, error);
  }

  #acknowledged(batch: Batch, leader: number): void {
    batch.queue.unknown = 0;
    this.#retries.recovered(batch.queue);
    this.#buffer.acknowledge(batch, leader);
  }

  /** A broker refuses a batch for one record in it, or for its size. */
  #refused(batch: Batch, error: KafkaError): void {
    const asked = this.#buffer.decidesRefusals && REFUSALS.has(error.code);
    if (batch.count > 1 && (asked || TOO_LARGE.has(error.code))) return this.#split(batch);
    if (asked) return this.#buffer.refuse(batch, error);
    this.#buffer.giveUp(batch, error);
  }

  #split(batch: Batch): void {
    const { topic, partition } = batch.queue;
    this.#retries.note(`${topic}-${partition}: a batch of ${batch.size} bytes was refused, and split`);
    this.#buffer.split(batch);
  }

  #again(batch: Batch, error: unknown): void {
    const { queue } = batch;
    queue.confirmedBy = undefined;
    if (!isRetriable(error) && !(error instanceof KafkaError && NEEDS_NEW_ID.has(error.code))) {
      return this.#buffer.giveUp(batch, error);
    }
    this.#retries.putOff([queue], error);
    this.#buffer.putBack(batch);
    queue.retryAt = performance.now() + this.#backoff(batch, error);
  }

  /**
   * How long to wait, in ms. While the coordinator is at work on the transaction, a broker answers so before
   * version 12 of Produce, as it can't verify that the partition is part of it (KIP-890): that is over in
   * some ms.
   */
  #backoff(batch: Batch, error: Error): number {
    const { retryBackoffMs } = this.#cluster.settings;
    const unverified = this.#settings.transaction !== undefined && error instanceof KafkaError &&
      error.code === "NOT_ENOUGH_REPLICAS";
    return unverified ? Math.min(retryBackoffMs, 2 ** batch.refusals++) : retryBackoffMs;
  }

  /**
   * Once nothing of a queue is under way, and what comes before a gap is acknowledged, makes its sequence
   * numbers such that the broker will take them: where one is missing that was given up, or where the broker
   * has forgotten them.
   */
  #mend(queue: PartitionQueue): void {
    if (!queue.mendable) return;
    const { gap } = queue;
    // Both may have been written, or neither: under a new id the later one could be written twice.
    if (gap?.uncertain) this.#forgoUncertain(queue, gap.error);
    // After a number that is missing none is written; but a request that was lost on its way may yet arrive.
    const inDoubt = queue.forgotten || gap?.uncertain || queue.sealed.some(({ uncertain }) => uncertain);
    if (!inDoubt) return this.#buffer.closeGap(queue);
    const { transaction } = this.#settings;
    // Other partitions keep their numbers under the old id.
    if (transaction === undefined) return this.#buffer.renew(queue);
    const error = gap!.error;
    transaction.refused(error);
    this.#buffer.closeGap(queue);
    this.giveUpAll(queue, error);
  }

  #forgoUncertain(queue: PartitionQueue, error: unknown): void {
    for (const batch of queue.sealed.filter(({ uncertain }) => uncertain)) this.#buffer.forgo(batch, error);
  }
}

/** What an error's message says beside what the broker said. */
function remedy(name: string, batch: Batch): string {
  if (name === "MESSAGE_TOO_LARGE") {
    return `: a record of ${batch.size} bytes, more than the topic's max.message.bytes`;
  }
  const known = PRODUCE_REMEDIES.get(name);
  return known === undefined ? "" : `; ${known}`;
}
