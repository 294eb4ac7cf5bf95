/**
 * Sends sealed batches to the partitions' leaders, and again until they are acknowledged or given up.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { errorOf } from "./kafkajs_internals.ts";
import {
  ConnectionLost,
  isRetriable,
  KafkaError,
  messageOf,
  PRODUCE_REMEDIES,
  REFUSALS,
} from "../port/errors.ts";
import { partitionKey, type TopicPartition } from "../port/topics.ts";
import { halves } from "./batch_halves.ts";
import { type Batch, MOST_IN_FLIGHT, type PartitionQueue } from "./partition_queue.ts";
import { sendProduce } from "./produce_request.ts";
import type { ProducedPartition } from "../wire/protocol/produce.ts";
import type { ProducerIdentity } from "../wire/protocol/transactions.ts";
import { stamp } from "../wire/record_batch/writer.ts";

/** Bytes a request, unless a single batch is larger. */
const REQUEST_BYTES = 4_194_304;
/**
 * With so many bytes a request follows another one that is under way, and with fewer after so many ms. Where a broker answers at
 * once, one large request after another costs both sides the least; where it is far away they must not wait for each other.
 */
const FOLLOWING_BYTES = 1_048_576;
const FOLLOWING_MS = 5;
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
/**
 * Errors that a new producer id mends: the broker has forgotten the old one, or lacks a batch before this one; unless that batch is
 * yet to be sent again.
 */
const NEEDS_NEW_ID = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_ID_MAPPING",
  "INVALID_PRODUCER_EPOCH",
]);
/** Errors that say that the coordinator has ended the transaction. */
const ENDS_TRANSACTION = new Set(["PRODUCER_FENCED", "INVALID_TXN_STATE"]);
/** Of the errors after which a batch is sent again, those that come before it is written. */
const NOT_WRITTEN = new Set(["NOT_ENOUGH_REPLICAS", ...NEEDS_NEW_ID]);

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
  /** Told when a batch is compressed, so that its writer is not needed any more. */
  onCompressed(batch: Batch): void;
  /** Told when a batch was too large, and parts of it are sent instead. */
  onSplit(batch: Batch, parts: readonly Batch[]): void;
  /** Asked about a record that was refused for good. Returns what stands for it, in its queue already; `undefined` gives it up. */
  onRefused?(batch: Batch, error: KafkaError): readonly Batch[] | undefined;
}

/** What is under way to a broker. */
interface Flight {
  requests: number;
  /** When the last request was sent, in ms of `performance.now()`. */
  sentAt: number;
}

/** Sends requests to each leader, with a batch of each partition that has one; up to {@linkcode MOST_IN_FLIGHT} are under way. */
export class ProduceSender {
  readonly retries: { count: number; last: string | undefined; failing: string | undefined } = {
    count: 0,
    last: undefined,
    failing: undefined,
  };
  readonly #cluster: Cluster;
  readonly #settings: SenderSettings;
  /** Queues with sealed batches, in the order in which they are to be served. */
  readonly #waiting = new Set<PartitionQueue>();
  readonly #queues = new Set<PartitionQueue>();
  /** Queues whose last attempt failed, the newest failure last. */
  readonly #failing = new Set<PartitionQueue>();
  readonly #flights = new Map<number, Flight>();
  #requests = 0;
  #heldBytes = 0;
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

  /** Bytes of the requests that are under way: copies of their batches. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Gets what the first batches of these topics will need, as far as it can be had; the rest is asked for again with them. */
  async prepare(topics: readonly string[]): Promise<void> {
    await Promise.all([this.#cluster.prepare(topics), this.#settings.transaction ?? this.#prepare()]);
  }

  /** Takes up a queue that has a new sealed batch. */
  add(queue: PartitionQueue): void {
    this.#queues.add(queue);
    this.#waiting.add(queue);
    this.#pumpSoon();
  }

  /** Says who writes from now on, in a transaction. Sequence numbers begin anew. */
  identify(producer: ProducerIdentity): void {
    this.#producer = producer;
    for (const queue of this.#queues) queue.restart(producer);
  }

  /** Drops, with `error`, all that is not acknowledged, once what is under way has been answered. */
  async drop(error: unknown): Promise<void> {
    this.#dropping = Promise.withResolvers();
    this.#dropped();
    await this.#dropping.promise;
    for (const queue of this.#queues) {
      // The broker expects the sequence numbers of what it may or may not have.
      if (queue.sealed.some(({ sequence }) => sequence >= 0)) this.#settings.transaction?.refused(error);
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
    if (this.#requests === 0 && !this.#preparing) this.#dropping?.resolve();
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
    if (this.#closed || this.#dropping !== undefined || this.#waiting.size === 0) return;
    // A broker refuses what is written while the transaction changes, as it can't verify it.
    if (this.#preparing && this.#settings.transaction !== undefined) return;
    const now = performance.now();
    const requests = new Map<number, { queues: PartitionQueue[]; size: number }>();
    let unprepared = false;
    let wakeAt = Infinity;
    for (const queue of [...this.#waiting]) {
      this.#expire(queue, now);
      const batch = queue.sealed[0];
      if (batch === undefined) {
        this.#waiting.delete(queue);
        continue;
      }
      if (queue.retryAt > now) {
        wakeAt = Math.min(wakeAt, queue.retryAt);
        continue;
      }
      const leader = this.#leaderFor(queue);
      if (leader === undefined) {
        unprepared = true;
        continue;
      }
      if (!queue.maySend(leader) || this.#flight(leader).requests === MOST_IN_FLIGHT) continue;
      const request = requests.get(leader) ?? { queues: [], size: 0 };
      if (request.size > 0 && request.size + batch.size > REQUEST_BYTES) continue;
      request.queues.push(queue);
      request.size += batch.size;
      requests.set(leader, request);
    }
    if (unprepared) void this.#prepare();
    for (const [leader, { queues, size }] of requests) {
      const flight = this.#flight(leader);
      const followsAt = flight.sentAt + FOLLOWING_MS;
      if (flight.requests === 0 || size >= FOLLOWING_BYTES || followsAt <= now) {
        void this.#send(leader, flight, queues);
        const more = flight.requests < MOST_IN_FLIGHT &&
          queues.some((queue) => queue.sealed.length > 0 && queue.maySend(leader));
        if (more) wakeAt = Math.min(wakeAt, now + FOLLOWING_MS);
      } else wakeAt = Math.min(wakeAt, followsAt);
    }
    if (wakeAt < Infinity) this.#pumpLater(wakeAt - now);
  }

  /** The broker to send a queue's batches to; `undefined` while it is unknown, there is no producer id, or the transaction lacks the partition. */
  #leaderFor(queue: PartitionQueue): number | undefined {
    // Without an id nothing may go out.
    if (queue.producer === undefined && this.#producer === undefined) return undefined;
    if (this.#settings.transaction?.has(queue.topic, queue.partition) === false) return undefined;
    return this.#cluster.leader(queue.topic, queue.partition);
  }

  #flight(leader: number): Flight {
    let flight = this.#flights.get(leader);
    if (flight === undefined) this.#flights.set(leader, flight = { requests: 0, sentAt: -Infinity });
    return flight;
  }

  #pumpLater(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#pump(), Math.max(1, ms));
  }

  /** Gets a producer id and the leaders, and adds partitions to the transaction, whichever is missing. */
  async #prepare(): Promise<void> {
    if (this.#preparing || this.#closed) return;
    this.#preparing = true;
    try {
      if (this.#producer === undefined) await this.#newProducerId();
      await this.#findLeaders();
      await this.#joinTransaction();
    } catch (error) {
      if (!this.#closed) {
        this.#unpreparedFor(error);
      }
    }
    this.#preparing = false;
    this.#dropped();
    this.#pumpSoon();
  }

  /** Puts off what could not be sent, or gives it up, because of an error. */
  #unpreparedFor(error: unknown): void {
    const unsent = [...this.#waiting].filter((queue) => this.#leaderFor(queue) === undefined);
    this.#noteRetry(unsent, error);
    const retryAt = performance.now() + this.#cluster.settings.retryBackoffMs;
    for (const queue of unsent) {
      queue.retryAt = retryAt;
      if (!isRetriable(error)) this.#giveUp(queue, error);
    }
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
        this.#noteRetry([queue], error);
        queue.retryAt = now + this.#cluster.settings.retryBackoffMs;
      }
    }
  }

  async #send(leader: number, flight: Flight, queues: readonly PartitionQueue[]): Promise<void> {
    flight.requests++;
    flight.sentAt = performance.now();
    this.#requests++;
    const batches = queues.map((queue) => this.#take(queue));
    const outcomes = new Map<string, ProducedPartition>();
    let failure: unknown;
    let sent = false;
    try {
      for (const batch of batches) this.#encode(batch);
      const link = this.#cluster.node(leader);
      if (link === undefined) throw new ConnectionLost(`Broker ${leader} is not known any more`);
      // What was not sent is not in doubt; and it need not be copied into a request.
      if (!link.connected) await link.connect();
      sent = true;
      const answer = await sendProduce(
        link,
        batches.map(({ queue, encoded }) => ({
          topic: queue.topic,
          partition: queue.partition,
          batch: encoded!,
        })),
        this.#cluster.settings.requestTimeoutMs,
        this.#settings.transaction?.transactionalId ?? null,
        this.#onHeld,
      );
      link.throttle(answer.throttleMs);
      for (const each of answer.partitions) outcomes.set(partitionKey(each.topic, each.partition), each);
    } catch (error) {
      failure = error;
    }
    flight.requests--;
    this.#requests--;
    for (const batch of batches) batch.queue.landed(batch);
    if (this.#closed) return;
    for (const batch of batches) {
      const { topic, partition } = batch.queue;
      const outcome = outcomes.get(partitionKey(topic, partition));
      try {
        if (failure !== undefined) throw failure;
        if (outcome === undefined) throw new ConnectionLost(`The answer lacks ${topic}-${partition}`);
        this.#settle(batch, outcome, leader);
      } catch (error) {
        batch.uncertain ||= sent;
        if (error instanceof ConnectionLost) this.#cluster.forget(topic, partition);
        this.#again(batch, error);
      }
      this.#mend(batch.queue);
      if (batch.queue.sealed.length > 0) this.#waiting.add(batch.queue);
    }
    this.#dropped();
    this.#pumpSoon();
  }

  readonly #onHeld = (bytes: number): void => {
    this.#heldBytes += bytes;
  };

  /** The next batch of a queue, which then is the last one to be served again. */
  #take(queue: PartitionQueue): Batch {
    queue.producer ??= this.#producer;
    const batch = queue.take();
    this.#waiting.delete(queue);
    if (queue.sealed.length > 0) this.#waiting.add(queue);
    return batch;
  }

  #encode(batch: Batch): void {
    const { id, epoch } = batch.queue.producer!;
    if (batch.encoded === undefined) {
      const { compression, transaction } = this.#settings;
      batch.encoded = batch.writer!.finish({
        producerId: id,
        producerEpoch: epoch,
        baseSequence: batch.sequence,
        compression,
        transactional: transaction !== undefined,
      });
      if (compression !== "none") this.#settings.onCompressed(batch);
    } else if (batch.stale) stamp(batch.encoded, id, epoch, batch.sequence);
    batch.stale = false;
  }

  /** Acts on a broker's answer. */
  #settle(batch: Batch, { errorCode }: ProducedPartition, leader: number): void {
    const { queue } = batch;
    const { name, message, retriable } = errorOf(errorCode);
    if (name === "NONE" || name === "DUPLICATE_SEQUENCE_NUMBER") return this.#acknowledged(batch, leader);
    queue.confirmedBy = undefined;
    // It fails as the one before it did: that one is to be sent first, and says why.
    if (NEEDS_NEW_ID.has(name) && !queue.isFirst(batch)) return queue.putBack(batch);
    const error = new KafkaError(
      name,
      `Cannot write to ${queue.topic}-${queue.partition}: ${message} (${name})` +
        (name === "MESSAGE_TOO_LARGE"
          ? `: a record of ${batch.size} bytes, more than the topic's max.message.bytes`
          : PRODUCE_REMEDIES.has(name)
          ? `; ${PRODUCE_REMEDIES.get(name)}`
          : ""),
      retriable || STALE_LEADER.has(name),
    );
    const { transaction } = this.#settings;
    if (transaction !== undefined && (NEEDS_NEW_ID.has(name) || ENDS_TRANSACTION.has(name))) {
      // A new epoch would be another transaction: this one has lost the batch.
      transaction.refused(error);
      return this.#settings.onDone(batch, error);
    }
    if (NEEDS_NEW_ID.has(name)) queue.forgotten = true;
    if (STALE_LEADER.has(name)) this.#cluster.forget(queue.topic, queue.partition);
    if (error.retriable || NEEDS_NEW_ID.has(name)) {
      // A leader may have written it, and not know that its followers have.
      batch.uncertain ||= !NOT_WRITTEN.has(name);
      return this.#again(batch, error);
    }
    if ((name === "MESSAGE_TOO_LARGE" || name === "RECORD_LIST_TOO_LARGE") && batch.count > 1) {
      return this.#split(batch);
    }
    if (this.#settings.onRefused !== undefined && REFUSALS.has(name)) {
      // The broker refuses a batch for one record in it.
      if (batch.count > 1) return this.#split(batch);
      const parts = this.#settings.onRefused(batch, error);
      if (parts !== undefined) {
        queue.lose(batch, error);
        this.#settings.onSplit(batch, parts);
        for (const part of parts) this.add(part.queue);
        return;
      }
    }
    this.#fail(batch, error);
  }

  #acknowledged(batch: Batch, leader: number): void {
    const { queue } = batch;
    queue.unknown = 0;
    // One that comes after a failed one says nothing of the broker's state.
    if (queue.isFirst(batch)) queue.confirmedBy = leader;
    this.#recovered(queue);
    this.#settings.onDone(batch, undefined);
  }

  /** Gives up a batch that is not under way. */
  #fail(batch: Batch, error: unknown): void {
    batch.queue.lose(batch, error);
    this.#settings.onDone(batch, error);
  }

  /**
   * Once nothing of a queue is under way, and what comes before a gap is acknowledged, makes its sequence numbers such that the broker
   * will take them: where one is missing that was given up, or where the broker has forgotten them.
   */
  #mend(queue: PartitionQueue): void {
    const { gap } = queue;
    if ((gap === undefined && !queue.forgotten) || !queue.mendable) return;
    // Both may have been written, or neither: under a new id the later one could be written twice.
    if (gap?.uncertain) this.#giveUpUncertain(queue, gap.error);
    // After a number that is missing none is written; but a request that was lost on its way may yet arrive.
    const inDoubt = queue.forgotten || gap?.uncertain || queue.sealed.some(({ uncertain }) => uncertain);
    if (!inDoubt) return queue.renumber(gap!.sequence);
    const { transaction } = this.#settings;
    if (transaction === undefined) {
      // Other partitions keep their numbers under the old id.
      if (this.#producer === queue.producer) this.#producer = undefined;
      return queue.restart(undefined);
    }
    const error = gap!.error;
    transaction.refused(error);
    queue.renumber(gap!.sequence);
    this.#giveUp(queue, error);
  }

  #giveUpUncertain(queue: PartitionQueue, error: unknown): void {
    for (const batch of queue.sealed.filter(({ uncertain }) => uncertain)) {
      queue.sealed.splice(queue.sealed.indexOf(batch), 1);
      this.#settings.onDone(batch, error);
    }
  }

  /** Sends two halves instead of a batch that is too large. */
  #split(batch: Batch): void {
    const { queue } = batch;
    this.retries.count++;
    this.retries.last =
      `${queue.topic}-${queue.partition}: a batch of ${batch.size} bytes was refused, and split`;
    // With its sequence numbers, so that those of later batches stay what they are.
    const parts = halves(batch);
    for (const part of parts) queue.putBack(part);
    this.#settings.onSplit(batch, parts);
  }

  #again(batch: Batch, error: unknown): void {
    const { queue } = batch;
    queue.confirmedBy = undefined;
    if (!isRetriable(error) && !(error instanceof KafkaError && NEEDS_NEW_ID.has(error.code))) {
      return this.#fail(batch, error);
    }
    this.#noteRetry([queue], error);
    queue.putBack(batch);
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

  /** Gives up batches that have been tried for too long; not those behind one under way, whose outcome is theirs too. */
  #expire(queue: PartitionQueue, now: number): void {
    const { deliveryTimeoutMs } = this.#settings;
    if (queue.inFlight.length > 0 || queue.sealed.length === 0) return;
    if (now - queue.sealed[0]!.createdAt <= deliveryTimeoutMs) return;
    const error = new Error(
      `not acknowledged within ${deliveryTimeoutMs} ms` +
        (queue.failing === undefined ? "" : `; last: ${queue.failing}`),
    );
    while (queue.sealed.length > 0 && now - queue.sealed[0]!.createdAt > deliveryTimeoutMs) {
      const batch = queue.sealed.shift()!;
      if (batch.uncertain) this.#settings.transaction?.refused(error);
      this.#fail(batch, error);
    }
    this.#mend(queue);
    if (queue.idle) this.#recovered(queue);
  }

  /** Gives up all of a queue that is not under way. */
  #giveUp(queue: PartitionQueue, error: unknown): void {
    for (const batch of queue.sealed.splice(0)) this.#fail(batch, error);
    this.#mend(queue);
    // What was open meanwhile may have been sealed in its place.
    if (queue.sealed.length === 0) this.#waiting.delete(queue);
    queue.unknown = 0;
    queue.retryAt = 0;
    this.#recovered(queue);
  }

  /** Notes why queues have to wait. */
  #noteRetry(queues: readonly PartitionQueue[], error: unknown): void {
    const message = messageOf(error);
    for (const queue of queues) {
      queue.failing = message;
      this.#failing.delete(queue);
      this.#failing.add(queue);
    }
    this.retries.count++;
    this.retries.last = message;
    this.#showFailing();
  }

  /** Notes that nothing of a queue fails any more. */
  #recovered(queue: PartitionQueue): void {
    if (queue.failing === undefined) return;
    queue.failing = undefined;
    this.#failing.delete(queue);
    this.#showFailing();
  }

  #showFailing(): void {
    let newest: string | undefined;
    for (const { failing } of this.#failing) newest = failing;
    this.retries.failing = newest;
  }
}
