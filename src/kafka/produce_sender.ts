/**
 * Sends sealed batches to the partitions' leaders, and again until they are acknowledged or given up.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { ConnectionLost, isRetriable, KafkaError, messageOf, PRODUCE_REMEDIES, REFUSALS } from "./errors.ts";
import { errorOf } from "./kafkajs_internals.ts";
import { partitionKey, type TopicPartition } from "./log.ts";
import { halves } from "./batch_halves.ts";
import type { Batch, PartitionQueue } from "./partition_queue.ts";
import { sendProduce } from "./produce_request.ts";
import type { ProducedPartition } from "./protocol/produce.ts";
import type { ProducerIdentity } from "./protocol/transactions.ts";

/** Bytes a request, unless a single batch is larger. */
const REQUEST_BYTES = 4_194_304;
/** A partition that the metadata does not know so often in a row does not exist. */
const UNKNOWN_TRIES = 5;
/** Errors after which the partition's leader has to be looked for again. */
const STALE_LEADER = new Set([
  "NOT_LEADER_FOR_PARTITION",
  "LEADER_NOT_AVAILABLE",
  "UNKNOWN_TOPIC_OR_PARTITION",
  "REPLICA_NOT_AVAILABLE",
  "KAFKA_STORAGE_ERROR",
]);
/** Errors that a new producer id mends: the broker has forgotten the old one, or lacks a batch before this one. */
const NEEDS_NEW_ID = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_PRODUCER_EPOCH",
]);
/** Errors that say that the coordinator has ended the transaction. */
const ENDS_TRANSACTION = new Set(["PRODUCER_FENCED", "INVALID_TXN_STATE"]);

/** What a sender needs of the transactions that it sends in. */
export interface SenderTransaction {
  readonly transactionalId: string;
  /** Whether a partition is part of the open transaction. */
  has(topic: string, partition: number): boolean;
  /** Makes partitions part of it. */
  add(partitions: readonly TopicPartition[]): Promise<void>;
  /** Told of an error after which the producer needs another epoch. */
  refused(error: unknown): void;
}

/** Settings of a {@linkcode ProduceSender}. */
export interface SenderSettings {
  readonly deliveryTimeoutMs: number;
  readonly compression: "none" | "gzip";
  /** Without one it is an idempotent producer with an id of its own; with one it waits to be told who it is. */
  readonly transaction?: SenderTransaction;
  /** Frees the cluster. */
  close(): Promise<void>;
  /** Told when a batch is acknowledged, or given up because of `error`. */
  onDone(batch: Batch, error: unknown): void;
  /** Told when a batch was too large, and parts of it are sent instead. */
  onSplit(batch: Batch, parts: readonly Batch[]): void;
  /** Asked about a record that was refused for good. Returns what stands for it, in its queue already; `undefined` gives it up. */
  onRefused?(batch: Batch, error: KafkaError): readonly Batch[] | undefined;
}

/** One request at a time for each leader, with a batch of each partition that has one. */
export class ProduceSender {
  readonly retries: { count: number; last: string | undefined } = { count: 0, last: undefined };
  readonly #cluster: Cluster;
  readonly #settings: SenderSettings;
  /** Queues with sealed batches, none of them under way; in the order in which they are to be served. */
  readonly #waiting = new Set<PartitionQueue>();
  readonly #queues = new Set<PartitionQueue>();
  readonly #busy = new Set<number>();
  #producer: ProducerIdentity | undefined;
  #preparing = false;
  /** Set while everything is being dropped: nothing more goes out. Resolved when nothing is under way. */
  #dropping: PromiseWithResolvers<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pumpQueued = false;
  #closed = false;

  constructor(cluster: Cluster, settings: SenderSettings) {
    this.#cluster = cluster;
    this.#settings = settings;
  }

  /** Gets what the first batches of these topics will need, as far as it can be had; the rest is asked for again with them. */
  async prepare(topics: readonly string[]): Promise<void> {
    await Promise.all([this.#cluster.prepare(topics), this.#settings.transaction ?? this.#prepare()]);
  }

  /** Takes up a queue that has a new sealed batch. */
  add(queue: PartitionQueue): void {
    this.#queues.add(queue);
    if (!queue.inFlight) this.#waiting.add(queue);
    this.#pumpSoon();
  }

  /** Says who writes from now on, in a transaction. Sequence numbers begin anew. */
  identify(producer: ProducerIdentity): void {
    this.#producer = producer;
    this.#restartSequences();
  }

  /** Drops, with `error`, all that is not acknowledged, once what is under way has been answered. */
  async drop(error: unknown): Promise<void> {
    this.#dropping = Promise.withResolvers();
    this.#dropped();
    await this.#dropping.promise;
    for (const queue of this.#queues) {
      // The broker expects the sequence numbers of what it may or may not have.
      for (const batch of queue.sealed) if (batch.sequence >= 0) this.#settings.transaction?.refused(error);
      this.#giveUp(queue, error);
    }
    this.#dropping = undefined;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#dropping?.resolve();
    await this.#settings.close();
  }

  #dropped(): void {
    if (this.#busy.size === 0 && !this.#preparing) this.#dropping?.resolve();
  }

  /** After the current turn, so that batches sealed in a row go into one request. */
  #pumpSoon(): void {
    if (this.#pumpQueued) return;
    this.#pumpQueued = true;
    queueMicrotask(() => {
      this.#pumpQueued = false;
      this.#pump();
    });
  }

  #pump(): void {
    if (this.#closed || this.#preparing || this.#dropping !== undefined || this.#waiting.size === 0) return;
    const now = performance.now();
    const { transaction } = this.#settings;
    const requests = new Map<number, { batches: Batch[]; size: number }>();
    let unprepared = this.#producer === undefined;
    let retryAt = Infinity;
    for (const queue of [...this.#waiting]) {
      this.#expire(queue, now);
      const batch = queue.sealed[0];
      if (batch === undefined) {
        this.#waiting.delete(queue);
        continue;
      }
      if (queue.retryAt > now) {
        retryAt = Math.min(retryAt, queue.retryAt);
        continue;
      }
      const leader = this.#cluster.leader(queue.topic, queue.partition);
      if (leader === undefined || transaction?.has(queue.topic, queue.partition) === false) {
        unprepared = true;
        continue;
      }
      if (this.#busy.has(leader)) continue;
      const request = requests.get(leader) ?? { batches: [], size: 0 };
      if (request.size > 0 && request.size + batch.size > REQUEST_BYTES) continue;
      request.batches.push(batch);
      request.size += batch.size;
      requests.set(leader, request);
    }
    if (retryAt < Infinity) this.#pumpLater(retryAt - now);
    if (unprepared) void this.#prepare();
    // Without an id, or while it is to be changed, nothing may go out.
    if (this.#producer === undefined) return;
    for (const [leader, { batches }] of requests) void this.#send(leader, batches, this.#producer);
  }

  #pumpLater(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, ms));
  }

  /** Gets a producer id and the leaders, and adds partitions to the transaction, whichever is missing. */
  async #prepare(): Promise<void> {
    if (this.#preparing || this.#closed) return;
    if (this.#producer === undefined && this.#busy.size > 0) return; // again when the requests are answered
    this.#preparing = true;
    try {
      if (this.#producer === undefined) await this.#newProducerId();
      await this.#findLeaders();
      await this.#joinTransaction();
    } catch (error) {
      if (!this.#closed) {
        this.#noteRetry(error);
        const now = performance.now();
        for (const queue of this.#waiting) {
          queue.retryAt = now + this.#cluster.settings.retryBackoffMs;
          if (!isRetriable(error)) this.#giveUp(queue, error);
        }
      }
    }
    this.#preparing = false;
    this.#dropped();
    this.#pumpSoon();
  }

  /** In one request for all partitions that were written to since the last one. */
  async #joinTransaction(): Promise<void> {
    const { transaction } = this.#settings;
    if (transaction === undefined) return;
    const missing = [...this.#waiting].filter(({ topic, partition, sealed }) =>
      sealed.length > 0 && this.#cluster.leader(topic, partition) !== undefined &&
      !transaction.has(topic, partition)
    );
    if (missing.length > 0) await transaction.add(missing);
  }

  async #newProducerId(): Promise<void> {
    if (this.#settings.transaction !== undefined) {
      throw new KafkaError("INVALID_TXN_STATE", "no transaction was begun", false);
    }
    const link = await this.#cluster.any();
    const answer = await link.request("InitProducerId", { transactionalId: null });
    const { name, message, retriable } = errorOf(answer.errorCode);
    if (name !== "NONE") {
      throw new KafkaError(
        name,
        `Cannot get a producer id from ${link.address}: ${message} (${name})`,
        retriable,
      );
    }
    this.#producer = { id: Number(answer.producerId), epoch: answer.producerEpoch };
    this.#restartSequences();
  }

  #restartSequences(): void {
    for (const queue of this.#queues) {
      queue.nextSequence = 0;
      for (const batch of queue.sealed) {
        batch.sequence = -1;
        batch.encoded = undefined;
      }
    }
  }

  async #findLeaders(): Promise<void> {
    const missing = [...this.#waiting].filter((queue) =>
      this.#cluster.leader(queue.topic, queue.partition) === undefined
    );
    if (missing.length === 0) return;
    const known = await this.#cluster.metadata(missing.map(({ topic }) => topic));
    const now = performance.now();
    for (const queue of missing) {
      if (this.#cluster.leader(queue.topic, queue.partition) !== undefined) {
        queue.unknown = 0;
        continue;
      }
      const metadata = known.get(queue.topic);
      let name = metadata?.error ?? "UNKNOWN_TOPIC_OR_PARTITION";
      if (name === "NONE") {
        name = metadata!.leaders[queue.partition] === undefined
          ? "UNKNOWN_TOPIC_OR_PARTITION"
          : "LEADER_NOT_AVAILABLE";
      }
      const missingForGood = name === "UNKNOWN_TOPIC_OR_PARTITION" && ++queue.unknown >= UNKNOWN_TRIES;
      const error = new KafkaError(
        name,
        name === "UNKNOWN_TOPIC_OR_PARTITION"
          ? `partition ${queue.partition} of ${queue.topic} does not exist (${name}): create the topic first`
          : `${queue.topic}-${queue.partition} can't be written to (${name})`,
        name === "UNKNOWN_TOPIC_OR_PARTITION" || name === "LEADER_NOT_AVAILABLE",
      );
      if (missingForGood || !error.retriable) this.#giveUp(queue, error);
      else {
        this.#noteRetry(error);
        queue.retryAt = now + this.#cluster.settings.retryBackoffMs;
      }
    }
  }

  async #send(leader: number, batches: readonly Batch[], producer: ProducerIdentity): Promise<void> {
    this.#busy.add(leader);
    for (const { queue } of batches) {
      queue.sealed.shift();
      queue.inFlight = true;
      this.#waiting.delete(queue);
    }
    const outcomes = new Map<string, ProducedPartition>();
    let failure: unknown;
    try {
      for (const batch of batches) this.#encode(batch, producer);
      const link = this.#cluster.node(leader);
      if (link === undefined) throw new ConnectionLost(`Broker ${leader} is not known any more`);
      const answer = await sendProduce(
        link,
        batches.map(({ queue, encoded }) => ({
          topic: queue.topic,
          partition: queue.partition,
          batch: encoded!,
        })),
        this.#cluster.settings.requestTimeoutMs,
        this.#settings.transaction?.transactionalId ?? null,
      );
      link.throttle(answer.throttleMs);
      for (const each of answer.partitions) outcomes.set(partitionKey(each.topic, each.partition), each);
    } catch (error) {
      failure = error;
    }
    this.#busy.delete(leader);
    for (const batch of batches) batch.queue.inFlight = false;
    if (this.#closed) return;
    for (const batch of batches) {
      const { topic, partition } = batch.queue;
      const outcome = outcomes.get(partitionKey(topic, partition));
      try {
        if (failure !== undefined) throw failure;
        if (outcome === undefined) throw new ConnectionLost(`The answer lacks ${topic}-${partition}`);
        this.#settle(batch, outcome);
      } catch (error) {
        batch.uncertain = true;
        if (error instanceof ConnectionLost) this.#cluster.forget(topic, partition);
        this.#again(batch, error);
      }
      if (batch.queue.sealed.length > 0) this.#waiting.add(batch.queue);
    }
    this.#dropped();
    this.#pumpSoon();
  }

  #encode(batch: Batch, producer: ProducerIdentity): void {
    if (batch.sequence < 0) {
      batch.sequence = batch.queue.nextSequence;
      // Sequence numbers wrap round to 0 after 2^31 − 1.
      batch.queue.nextSequence = (batch.sequence + batch.count) & 0x7fff_ffff;
    }
    batch.encoded ??= batch.writer.finish({
      producerId: producer.id,
      producerEpoch: producer.epoch,
      baseSequence: batch.sequence,
      compression: this.#settings.compression,
      transactional: this.#settings.transaction !== undefined,
    });
  }

  /** Acts on a broker's answer. */
  #settle(batch: Batch, { errorCode }: ProducedPartition): void {
    const { queue } = batch;
    const { name, message, retriable } = errorOf(errorCode);
    if (name === "NONE" || name === "DUPLICATE_SEQUENCE_NUMBER") {
      queue.unknown = 0;
      return this.#settings.onDone(batch, undefined);
    }
    const error = new KafkaError(
      name,
      `Cannot write to ${queue.topic}-${queue.partition}: ${message} (${name})` +
        (name === "MESSAGE_TOO_LARGE"
          ? `: a record of ${batch.size} bytes, more than the topic's max.message.bytes`
          : PRODUCE_REMEDIES.has(name)
          ? `; ${PRODUCE_REMEDIES.get(name)}`
          : ""),
      retriable,
    );
    const { transaction } = this.#settings;
    if (transaction !== undefined && (NEEDS_NEW_ID.has(name) || ENDS_TRANSACTION.has(name))) {
      // A new epoch would be another transaction: this one has lost the batch.
      transaction.refused(error);
      return this.#settings.onDone(batch, error);
    }
    if (NEEDS_NEW_ID.has(name)) {
      this.#producer = undefined;
      return this.#again(batch, error);
    }
    if (STALE_LEADER.has(name)) this.#cluster.forget(queue.topic, queue.partition);
    if (retriable || STALE_LEADER.has(name)) return this.#again(batch, error);
    // The broker did not take it: its sequence numbers are free for the next one.
    if (batch.sequence >= 0) queue.nextSequence = batch.sequence;
    if ((name === "MESSAGE_TOO_LARGE" || name === "RECORD_LIST_TOO_LARGE") && batch.count > 1) {
      return this.#split(batch);
    }
    if (this.#settings.onRefused !== undefined && REFUSALS.has(name)) {
      // The broker refuses a batch for one record in it.
      if (batch.count > 1) return this.#split(batch);
      const parts = this.#settings.onRefused(batch, error);
      if (parts !== undefined) {
        this.#settings.onSplit(batch, parts);
        for (const part of parts) this.add(part.queue);
        return;
      }
    }
    this.#settings.onDone(batch, error);
  }

  /** Sends two halves instead of a batch that is too large. */
  #split(batch: Batch): void {
    const { queue } = batch;
    this.retries.count++;
    this.retries.last =
      `${queue.topic}-${queue.partition}: a batch of ${batch.size} bytes was refused, and split`;
    const parts = halves(batch);
    queue.sealed.unshift(...parts);
    this.#settings.onSplit(batch, parts);
  }

  #again(batch: Batch, error: unknown): void {
    const { queue } = batch;
    if (!isRetriable(error) && !(error instanceof KafkaError && NEEDS_NEW_ID.has(error.code))) {
      return this.#settings.onDone(batch, error);
    }
    this.#noteRetry(error);
    queue.sealed.unshift(batch);
    queue.retryAt = performance.now() + this.#backoff(batch, error);
    this.#waiting.add(queue);
  }

  /**
   * How long to wait, in ms. While the coordinator is at work on the transaction, a broker answers so before version 12 of
   * Produce, as it can't verify that the partition is part of it (KIP-890): that is over in some ms.
   */
  #backoff(batch: Batch, error: Error): number {
    const { retryBackoffMs } = this.#cluster.settings;
    const unverified = this.#settings.transaction !== undefined && error instanceof KafkaError &&
      error.code === "NOT_ENOUGH_REPLICAS";
    return unverified ? Math.min(retryBackoffMs, 2 ** batch.refusals++) : retryBackoffMs;
  }

  /** Gives up batches that have been tried for too long. */
  #expire(queue: PartitionQueue, now: number): void {
    const { deliveryTimeoutMs } = this.#settings;
    while (queue.sealed.length > 0 && now - queue.sealed[0]!.createdAt > deliveryTimeoutMs) {
      const batch = queue.sealed.shift()!;
      // The broker may have it or not: sequence numbers after it could be refused.
      const error = new Error(
        `not acknowledged within ${deliveryTimeoutMs} ms` +
          (this.retries.last === undefined ? "" : `; last: ${this.retries.last}`),
      );
      if (batch.uncertain) {
        if (this.#settings.transaction === undefined) this.#producer = undefined;
        else this.#settings.transaction.refused(error);
      }
      this.#settings.onDone(batch, error);
    }
  }

  #giveUp(queue: PartitionQueue, error: unknown): void {
    for (const batch of queue.sealed.splice(0)) this.#settings.onDone(batch, error);
    this.#waiting.delete(queue);
    queue.unknown = 0;
    queue.retryAt = 0;
  }

  #noteRetry(error: unknown): void {
    this.retries.count++;
    this.retries.last = messageOf(error);
  }
}
