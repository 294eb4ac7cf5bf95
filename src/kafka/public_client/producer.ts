/**
 * Appends records to partitions of a Kafka cluster, by kafkajs's public interface.
 *
 * @module
 */
import { BrokerUnavailable, isRetriable, KafkaError, messageOf, REFUSALS } from "../port/errors.ts";
import {
  CommitRejected,
  type GroupOffsets,
  type Producer,
  type ProducerOptions,
  type Substitute,
} from "../port/log.ts";
import { LostRecords } from "../common/lost_records.ts";
import type { RecordHeaders } from "../port/record_set.ts";
import { delay } from "../common/retrying.ts";
import { type Chunk, halvesOf, outgoing, Queue } from "./chunks.ts";
import type { ClientSettings } from "./client.ts";
import { Connection } from "./connection.ts";

/** Larger sends cost kafkajs time by the square of their records. */
const CHUNK_RECORDS = 2_000;
/** Less than was asked for: what is pending when a process is to end has to be written within seconds. */
const BUFFER_BYTES = 1_048_576;

/** What a producer needs of its log. */
export interface ProducerLog {
  /** @throws {CommitRejected} When offsets may not be committed in the name of this member. */
  checkMember(offsets: GroupOffsets): void;
  /** Told of offsets that a transaction has committed. */
  committed(offsets: GroupOffsets): void;
}

/** An idempotent producer: what is sent again is not written twice. */
export class PublicProducer implements Producer {
  readonly counts: { appended: number; acknowledged: number; failed: number } = {
    appended: 0,
    acknowledged: 0,
    failed: 0,
  };
  readonly #settings: ClientSettings;
  readonly #log: ProducerLog;
  readonly #options: ProducerOptions;
  readonly #lingerMs: number;
  readonly #batchBytes: number;
  readonly #bufferBytes: number;
  readonly #deliveryTimeoutMs: number;
  readonly #connection: Connection;
  readonly #queues = new Map<string, Map<number, Queue>>();
  /** Queues with an open chunk. */
  readonly #open = new Set<Queue>();
  /** Sealed chunks that are neither acknowledged nor given up. */
  readonly #outstanding = new Set<Chunk>();
  readonly #flushes = new Set<{ readonly chunks: Set<Chunk>; readonly resolve: () => void }>();
  /** Sends under way, with their retries. */
  readonly #sends = new Set<Promise<void>>();
  #state: keyof typeof STATES = "none";
  #pendingBytes = 0;
  #retries: { count: number; last: string | undefined } = { count: 0, last: undefined };
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #renewing = false;
  /** Set while what is pending is dropped, so that nothing is tried again. */
  #dropping: Error | undefined;
  #closed = false;
  readonly #lost = new LostRecords();

  constructor(settings: ClientSettings, log: ProducerLog, options: ProducerOptions = {}) {
    this.#settings = settings;
    this.#log = log;
    this.#options = options;
    this.#lingerMs = options.lingerMs ?? 5;
    this.#batchBytes = options.batchBytes ?? 131_072;
    this.#bufferBytes = Math.min(options.bufferBytes ?? BUFFER_BYTES, BUFFER_BYTES);
    this.#deliveryTimeoutMs = options.deliveryTimeoutMs ?? 120_000;
    this.#connection = new Connection(settings, {
      compression: options.compression ?? "none",
      transactionalId: options.transactionalId,
      transactionTimeoutMs: options.transactionTimeoutMs ?? 10_000,
      giveUpAfterMs: this.#deliveryTimeoutMs,
    });
  }

  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  get retries(): { readonly count: number; readonly last: string | undefined } {
    return this.#retries;
  }

  get #transactional(): boolean {
    return this.#options.transactionalId !== undefined;
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
    if (this.#state !== "open" && this.#transactional) throw this.#misused("append");
    this.counts.appended++;
    if (this.#closed) return this.#lose(topic, 1, "the producer is closed");
    const message = outgoing(
      partition,
      timestamp,
      key === null ? null : key.subarray(keyFrom, keyTo),
      value === null ? null : value.subarray(valueFrom, valueTo),
      headers,
    );
    const queue = this.#queue(topic, partition);
    if (queue.openBytes + message.size > this.#batchBytes || queue.open.length >= CHUNK_RECORDS) {
      this.#seal(queue);
    }
    if (queue.open.length === 0) {
      queue.openedAt = performance.now();
      this.#open.add(queue);
      this.#lingerTimer ??= setTimeout(() => this.#sealAll(), this.#lingerMs);
    }
    queue.open.push(message);
    queue.openBytes += message.size;
    this.#pendingBytes += message.size;
  }

  ready(): Promise<void> {
    if (this.#pendingBytes <= this.#bufferBytes) return Promise.resolve();
    this.#sealAll();
    this.#ready ??= Promise.withResolvers();
    return this.#ready.promise;
  }

  async flush(): Promise<void> {
    try {
      await this.#flush();
    } catch (error) {
      if (this.#state === "open") this.#state = "failed";
      throw this.#connection.fenced ?? error;
    }
  }

  async #flush(): Promise<void> {
    this.#sealAll();
    if (this.#outstanding.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#flushes.add({ chunks: new Set(this.#outstanding), resolve });
      await promise;
    }
    const lost = this.#lost.take();
    if (lost !== undefined) throw lost;
  }

  async begin(): Promise<void> {
    if (!this.#transactional) throw this.#misused("begin a transaction");
    if (this.#closed) throw new Error("Cannot begin a transaction: the producer is closed");
    if (this.#connection.fenced !== undefined) throw this.#connection.fenced;
    if (this.#state !== "none") throw this.#misused("begin");
    this.#state = "changing";
    try {
      await this.#connection.begin();
      this.#state = "open";
    } catch (error) {
      this.#state = "none";
      throw error;
    }
  }

  async commit(offsets?: GroupOffsets): Promise<void> {
    if (this.#state !== "open") throw this.#misused("commit");
    this.#state = "changing";
    try {
      await this.#flush();
      if (offsets !== undefined && offsets.offsets.length > 0) {
        this.#log.checkMember(offsets);
        await this.#connection.commitOffsets(offsets);
      }
      await this.#connection.end(true);
      if (offsets !== undefined) this.#log.committed(offsets);
      this.#state = "none";
    } catch (error) {
      this.#state = error instanceof CommitRejected && error.retriable ? "open" : "failed";
      throw this.#connection.fenced ?? error;
    }
  }

  async abort(): Promise<void> {
    if (!this.#transactional) return;
    if (this.#connection.fenced !== undefined) throw this.#connection.fenced;
    if (this.#state === "none") return;
    if (this.#state === "changing") throw this.#misused("abort");
    this.#state = "changing";
    try {
      await this.#drop(new Error("the transaction was aborted"));
      this.#lost.clear();
      await this.#connection.end(false);
      this.#state = "none";
    } catch (error) {
      this.#state = "failed";
      throw this.#connection.fenced ?? error;
    }
  }

  async close(options?: { abandon?: boolean }): Promise<void> {
    if (this.#closed) return;
    try {
      if (!options?.abandon) {
        if (!this.#transactional) await this.#flush();
        else if (this.#connection.fenced === undefined) await this.abort();
      }
    } finally {
      this.#closed = true;
      this.#state = "none";
      await this.#drop(new Error("the producer was closed"));
      await this.#connection.close();
      this.#ready?.resolve();
    }
  }

  /** Gives up all that is not acknowledged. */
  async #drop(why: Error): Promise<void> {
    this.#sealAll();
    this.#dropping = why;
    this.#connection.stop();
    for (const partitions of this.#queues.values()) {
      for (const queue of partitions.values()) {
        for (const chunk of queue.sealed.splice(queue.sending ? 1 : 0)) this.#done(chunk, why);
      }
    }
    await Promise.all(this.#sends);
    this.#dropping = undefined;
    this.#connection.resume();
  }

  #queue(topic: string, partition: number): Queue {
    let partitions = this.#queues.get(topic);
    if (partitions === undefined) this.#queues.set(topic, partitions = new Map());
    let queue = partitions.get(partition);
    if (queue === undefined) partitions.set(partition, queue = new Queue(topic, partition));
    return queue;
  }

  #seal(queue: Queue): void {
    this.#open.delete(queue);
    const chunk = queue.seal();
    if (chunk === undefined) return;
    this.#outstanding.add(chunk);
    this.#pump(queue);
  }

  #sealAll(): void {
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = undefined;
    for (const queue of this.#open) this.#seal(queue);
  }

  #pump(queue: Queue): void {
    if (queue.sending || this.#renewing || this.#dropping !== undefined || queue.sealed.length === 0) return;
    queue.sending = true;
    const send = this.#send(queue).finally(() => {
      this.#sends.delete(send);
      queue.sending = false;
      this.#afterSend(queue);
    });
    this.#sends.add(send);
  }

  /** Goes on with the queue; or, where sequence numbers are in doubt, with a new producer when nothing is under way any more. */
  #afterSend(queue: Queue): void {
    if (this.#connection.inDoubt && !this.#transactional && !this.#closed) {
      this.#renewing = true;
      if (this.#sends.size > 0) return;
      void this.#connection.renew().then(() => {
        this.#renewing = false;
        this.#pumpAll();
      });
    } else this.#pump(queue);
  }

  #pumpAll(): void {
    for (const partitions of this.#queues.values()) {
      for (const queue of partitions.values()) this.#pump(queue);
    }
  }

  /** Sends the queue's first chunk until it is acknowledged, refused or given up. */
  async #send(queue: Queue): Promise<void> {
    const chunk = queue.sealed[0]!;
    while (true) {
      try {
        await this.#connection.send(chunk);
        queue.sealed.shift();
        return this.#done(chunk, undefined);
      } catch (error) {
        const late = performance.now() - chunk.createdAt > this.#deliveryTimeoutMs;
        if (isRetriable(error) && !late && this.#dropping === undefined) {
          this.#retries = { count: this.#retries.count + 1, last: error.message };
          await delay(this.#settings.config.retryBackoffMs);
          continue;
        }
        queue.sealed.shift();
        return this.#gaveUp(chunk, error, late);
      }
    }
  }

  #gaveUp(chunk: Chunk, error: unknown, late: boolean): void {
    const { topic, partition } = chunk.queue;
    const code = error instanceof KafkaError ? error.code : "";
    // What the broker refused it has not written: the sequence numbers that kafkajs took back are free.
    if (REFUSALS.has(code) && this.#dropping === undefined) {
      const large = code === "MESSAGE_TOO_LARGE" || code === "RECORD_LIST_TOO_LARGE";
      const { onRefused } = this.#options;
      if (chunk.messages.length > 1 && (large || onRefused !== undefined)) {
        const parts = halvesOf(chunk);
        chunk.queue.sealed.unshift(...parts);
        return this.#replace(chunk, parts);
      }
      if (onRefused !== undefined && this.#refused(chunk, error as KafkaError)) return;
      return this.#done(chunk, error);
    }
    this.#connection.inDoubt = true;
    const given = late && !(error instanceof BrokerUnavailable)
      ? new Error(
        `${topic}-${partition}: tried for ${this.#deliveryTimeoutMs} ms; last: ${messageOf(error)}`,
        {
          cause: error,
        },
      )
      : error;
    this.#done(chunk, this.#dropping ?? given);
  }

  /** Asks what to do with a record that the log refused for good; whether that is done. */
  #refused(chunk: Chunk, error: KafkaError): boolean {
    const { topic, partition } = chunk.queue;
    const { key, value, timestamp, given: headers } = chunk.messages[0]!;
    let answer: "fail" | "drop" | Substitute = "fail";
    try {
      const record = { topic, partition, timestamp: Number(timestamp), key, value, headers, error };
      answer = this.#options.onRefused!(record);
    } catch (failure) {
      this.#lost.explain(failure);
    }
    if (answer === "fail") return false;
    this.counts.failed++;
    if (answer === "drop") {
      this.#replace(chunk, []);
      return true;
    }
    this.counts.appended++;
    const message = outgoing(answer.partition, answer.timestamp, answer.key, answer.value, answer.headers);
    const queue = this.#queue(answer.topic, answer.partition);
    const substitute = { queue, messages: [message], size: message.size, createdAt: performance.now() };
    queue.sealed.push(substitute);
    this.#replace(chunk, [substitute]);
    if (queue !== chunk.queue) this.#pump(queue);
    return true;
  }

  /** Other chunks, or none, stand for one that was refused; whoever waits for the one waits for them. */
  #replace(chunk: Chunk, parts: readonly Chunk[]): void {
    for (const part of parts) {
      this.#outstanding.add(part);
      this.#pendingBytes += part.size;
      for (const flush of this.#flushes) if (flush.chunks.has(chunk)) flush.chunks.add(part);
    }
    this.#settle(chunk);
  }

  #done(chunk: Chunk, error: unknown): void {
    if (error === undefined) this.counts.acknowledged += chunk.messages.length;
    else {
      this.#lose(chunk.queue.topic, chunk.messages.length, error);
    }
    this.#settle(chunk);
  }

  #settle(chunk: Chunk): void {
    this.#pendingBytes -= chunk.size;
    this.#outstanding.delete(chunk);
    for (const flush of this.#flushes) {
      flush.chunks.delete(chunk);
      if (flush.chunks.size > 0) continue;
      this.#flushes.delete(flush);
      flush.resolve();
    }
    if (this.#ready !== undefined && this.#pendingBytes <= this.#bufferBytes) {
      this.#ready.resolve();
      this.#ready = undefined;
    }
  }

  #lose(topic: string, count: number, error: unknown): void {
    this.counts.failed += count;
    this.#lost.add(topic, count, error);
  }

  #misused(what: string): Error {
    return new Error(
      this.#transactional
        ? `Cannot ${what} with transactional id ${this.#options.transactionalId}: ${STATES[this.#state]}`
        : `Cannot ${what}: received a producer without transactionalId; set it in its options`,
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
