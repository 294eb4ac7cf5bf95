/**
 * Sends sealed batches to the partitions' leaders.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { type Batch, MOST_IN_FLIGHT, type PartitionQueue } from "./partition_queue.ts";
import type { ProduceBuffer } from "./produce_buffer.ts";
import { type OutcomeSettings, ProduceOutcomes, type Reply } from "./produce_outcomes.ts";
import { type JoinableTransaction, ProducePreparation } from "./produce_preparation.ts";
import { sendProduce } from "./produce_request.ts";
import { ProduceRetries } from "./produce_retries.ts";
import { ConnectionLost } from "../port/errors.ts";
import { partitionKey } from "../port/topics.ts";
import type { PartitionBatch, ProduceAnswer, ProducedPartition } from "../wire/protocol/produce.ts";

/** Bytes a request, unless a single batch is larger. */
const REQUEST_BYTES = 4_194_304;
/**
 * With so many bytes a request follows another one that is under way, and with fewer after so many ms. Where
 * a broker answers at once, one large request after another costs both sides the least; where it is far away
 * they must not wait for each other.
 */
const FOLLOWING_BYTES = 1_048_576;
const FOLLOWING_MS = 5;

/** What a sender needs of the transactions that it sends in. */
export interface SenderTransaction extends JoinableTransaction {
  readonly transactionalId: string;
  /** Told of an error after which the producer needs another epoch. */
  refused(error: unknown): void;
}

/** Settings of a {@linkcode ProduceSender}. */
export interface SenderSettings extends OutcomeSettings {
  /**
   * Without one it is an idempotent producer with an id of its own; with one it waits to be told who it is.
   */
  readonly transaction?: SenderTransaction | undefined;
  /** Frees the cluster. */
  close(): Promise<void>;
}

/** What is under way to a broker. */
interface Flight {
  requests: number;
  /** When the last request was sent, in ms of `performance.now()`. */
  sentAt: number;
}

/** A request to be: of each of these queues the next batch. */
interface Draft {
  readonly queues: PartitionQueue[];
  /** Bytes of the batches, before compression. */
  size: number;
}

/** What may be sent now, by broker, and what has to wait. */
interface Plan {
  readonly drafts: Map<number, Draft>;
  /** Whether something is missing for one of the queues that is to be got first. */
  unprepared: boolean;
  /** When to look again, in ms of `performance.now()`. */
  wakeAt: number;
}

/**
 * Takes batches from a buffer and sends requests to each leader, with one of each partition that has any; up
 * to {@linkcode MOST_IN_FLIGHT} are under way to a broker. What came of each batch goes back to the buffer.
 */
export class ProduceSender {
  readonly retries: ProduceRetries = new ProduceRetries();
  readonly #cluster: Cluster;
  readonly #buffer: ProduceBuffer;
  readonly #settings: SenderSettings;
  readonly #outcomes: ProduceOutcomes;
  readonly #preparation: ProducePreparation;
  readonly #flights = new Map<number, Flight>();
  /** How many requests are under way, to all brokers together. */
  #requests = 0;
  #preparing = false;
  /** Set while everything is being dropped: nothing more goes out. Resolved when nothing is under way. */
  #dropping: PromiseWithResolvers<void> | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pumpQueued = false;
  #closed = false;

  constructor(cluster: Cluster, buffer: ProduceBuffer, settings: SenderSettings) {
    const { retries } = this;
    this.#cluster = cluster;
    this.#buffer = buffer;
    this.#settings = settings;
    this.#outcomes = new ProduceOutcomes(cluster, buffer, retries, settings);
    this.#preparation = new ProducePreparation(
      cluster,
      buffer,
      this.#outcomes,
      retries,
      settings.transaction,
    );
  }

  /**
   * Gets what the first batches of these topics will need, as far as it can be had; the rest is asked for
   * again with them.
   */
  async prepare(topics: readonly string[]): Promise<void> {
    await Promise.all([this.#cluster.prepare(topics), this.#settings.transaction ?? this.#prepare()]);
  }

  /**
   * Looks for what there is to send, after the current turn, so that batches sealed in a row share a request.
   */
  wake(): void {
    if (this.#pumpQueued) return;
    this.#pumpQueued = true;
    queueMicrotask(() => {
      this.#pumpQueued = false;
      this.#pump();
    });
  }

  /**
   * Drops, with `error`, all that is sealed and not acknowledged, once what is under way has been answered.
   */
  async drop(error: unknown): Promise<void> {
    this.#dropping = Promise.withResolvers();
    this.#dropped();
    await this.#dropping.promise;
    for (const queue of this.#buffer.queues) {
      // The broker expects the sequence numbers of what it may or may not have.
      if (queue.sealed.some(({ sequence }) => sequence >= 0)) this.#settings.transaction?.refused(error);
      this.#outcomes.giveUpAll(queue, error);
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

  #pump(): void {
    if (this.#closed || this.#dropping !== undefined || this.#buffer.waiting.size === 0) return;
    // A broker refuses what is written while the transaction changes, as it can't verify it.
    if (this.#preparing && this.#settings.transaction !== undefined) return;
    const now = performance.now();
    const plan: Plan = { drafts: new Map(), unprepared: false, wakeAt: Infinity };
    for (const queue of [...this.#buffer.waiting]) this.#plan(plan, queue, now);
    if (plan.unprepared) void this.#prepare();
    for (const [leader, draft] of plan.drafts) {
      plan.wakeAt = Math.min(plan.wakeAt, this.#sendOrWait(leader, draft, now));
    }
    if (plan.wakeAt < Infinity) this.#pumpLater(plan.wakeAt - now);
  }

  /** Adds a queue to the request to its leader, if its next batch may be sent now and has room in it. */
  #plan(plan: Plan, queue: PartitionQueue, now: number): void {
    this.#outcomes.expire(queue, now);
    const batch = queue.next;
    if (batch === undefined) return;
    if (queue.retryAt > now) {
      plan.wakeAt = Math.min(plan.wakeAt, queue.retryAt);
      return;
    }
    const leader = this.#preparation.leaderFor(queue);
    if (leader === undefined) {
      plan.unprepared = true;
      return;
    }
    if (!queue.maySend(leader) || this.#flight(leader).requests === MOST_IN_FLIGHT) return;
    const draft = plan.drafts.get(leader) ?? { queues: [], size: 0 };
    if (draft.size > 0 && draft.size + batch.size > REQUEST_BYTES) return;
    draft.queues.push(queue);
    draft.size += batch.size;
    plan.drafts.set(leader, draft);
  }

  /** Sends a request, or lets it wait for more batches; when to look again, in ms of `performance.now()`. */
  #sendOrWait(leader: number, { queues, size }: Draft, now: number): number {
    const flight = this.#flight(leader);
    const followsAt = flight.sentAt + FOLLOWING_MS;
    if (flight.requests > 0 && size < FOLLOWING_BYTES && followsAt > now) return followsAt;
    void this.#send(leader, flight, queues);
    const more = flight.requests < MOST_IN_FLIGHT &&
      queues.some((queue) => queue.next !== undefined && queue.maySend(leader));
    return more ? now + FOLLOWING_MS : Infinity;
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

  async #prepare(): Promise<void> {
    if (this.#preparing || this.#closed) return;
    this.#preparing = true;
    try {
      await this.#preparation.run();
    } catch (error) {
      if (!this.#closed) this.#preparation.failed(error);
    }
    this.#preparing = false;
    this.#dropped();
    this.wake();
  }

  async #send(leader: number, flight: Flight, queues: readonly PartitionQueue[]): Promise<void> {
    flight.requests++;
    flight.sentAt = performance.now();
    this.#requests++;
    const batches = queues.map((queue) => this.#buffer.take(queue));
    const reply = await this.#exchange(leader, batches);
    flight.requests--;
    this.#requests--;
    if (this.#closed) return;
    for (const batch of batches) this.#outcomes.settle(batch, reply);
    this.#dropped();
    this.wake();
  }

  /** Sends batches; never rejects. */
  async #exchange(leader: number, batches: readonly Batch[]): Promise<Reply> {
    let sent = false;
    try {
      const encoded = batches.map((batch) => this.#encode(batch));
      const link = this.#cluster.node(leader);
      if (link === undefined) throw new ConnectionLost(`Broker ${leader} is not known any more`);
      // What was not sent is not in doubt; and it need not be copied into a request.
      if (!link.connected) await link.connect();
      sent = true;
      const answer = await sendProduce(
        link,
        encoded,
        this.#cluster.settings.requestTimeoutMs,
        this.#settings.transaction?.transactionalId ?? null,
        this.#onHeld,
      );
      link.throttle(answer.throttleMs);
      return { leader, sent, failure: undefined, partitions: byPartition(answer) };
    } catch (failure) {
      return { leader, sent, failure, partitions: new Map() };
    }
  }

  #encode(batch: Batch): PartitionBatch {
    const { topic, partition } = batch.queue;
    return { topic, partition, batch: this.#buffer.encode(batch) };
  }

  readonly #onHeld = (bytes: number): void => this.#buffer.hold(bytes);
}

function byPartition({ partitions }: ProduceAnswer): Map<string, ProducedPartition> {
  return new Map(partitions.map((each) => [partitionKey(each.topic, each.partition), each]));
}
