/**
 * HOT PATH (append). Appends records to partitions of a Kafka cluster.
 *
 * @module
 */
import type { Cluster } from "./cluster.ts";
import { CommitRejected, type KafkaError } from "../port/errors.ts";
import type { GroupOffsets, Producer, ProducerOptions, Substitute } from "../port/producer.ts";
import { type Batch, newBatch, PartitionQueue } from "./partition_queue.ts";
import { LostRecords } from "../common/lost_records.ts";
import { ProduceSender } from "./produce_sender.ts";
import type { RecordHeaders } from "../port/record_set.ts";
import { Transaction } from "./transaction.ts";
import { readRecordSet } from "../wire/record_batch/reader.ts";
import { BatchWriter } from "../wire/record_batch/writer.ts";
import { WriterPool } from "./writer_pool.ts";

/** What the producers of a process keep for use again: as much as one of them may have under way. */
const writers = new WriterPool(33_554_432);
/** What a record may take beside its key and value, without headers, in bytes. */
const RECORD_OVERHEAD = 32;

/** An idempotent producer: what is sent again is not written twice. */
export class KafkaProducer implements Producer {
  readonly counts: { appended: number; acknowledged: number; failed: number } = {
    appended: 0,
    acknowledged: 0,
    failed: 0,
  };
  readonly #lingerMs: number;
  readonly #batchBytes: number;
  readonly #bufferBytes: number;
  readonly #topics = new Map<string, (PartitionQueue | undefined)[]>();
  /** Queues with an open batch. */
  readonly #open = new Set<PartitionQueue>();
  /** Sealed batches that are neither acknowledged nor given up. */
  readonly #outstanding = new Set<Batch>();
  readonly #sender: ProduceSender;
  readonly #flushes = new Set<{ readonly batches: Set<Batch>; readonly resolve: () => void }>();
  readonly #transaction: Transaction | undefined;
  /** Of the transaction; `none` for good without a transactional id. */
  #state: keyof typeof STATES = "none";
  #last: PartitionQueue | undefined;
  #pendingBytes = 0;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #ready: PromiseWithResolvers<void> | undefined;
  #closed = false;
  readonly #lost = new LostRecords();
  readonly #onRefused: ProducerOptions["onRefused"];

  /** @param release Frees the cluster, which others may use. */
  constructor(
    cluster: Cluster,
    options: ProducerOptions = {},
    release: () => Promise<void> = () => cluster.close(),
  ) {
    const deliveryTimeoutMs = options.deliveryTimeoutMs ?? 120_000;
    if (options.transactionalId !== undefined) {
      this.#transaction = new Transaction(cluster, {
        transactionalId: options.transactionalId,
        transactionTimeoutMs: options.transactionTimeoutMs ?? 10_000,
        giveUpAfterMs: deliveryTimeoutMs,
      });
    }
    this.#onRefused = options.onRefused;
    this.#lingerMs = options.lingerMs ?? 5;
    this.#batchBytes = options.batchBytes ?? 131_072;
    this.#bufferBytes = options.bufferBytes ?? 33_554_432;
    this.#sender = new ProduceSender(cluster, {
      deliveryTimeoutMs,
      compression: options.compression ?? "none",
      transaction: this.#transaction,
      close: release,
      onDone: (batch, error) => this.#done(batch, error),
      onCompressed: (batch) => this.#compressed(batch),
      onSplit: (batch, parts) => this.#replace(batch, parts),
      ...(options.onRefused === undefined
        ? {}
        : { onRefused: (batch, error) => this.#refused(batch, error) }),
    });
    if (this.#transaction !== undefined) {
      this.#transaction.onRenewed = (identity) => this.#sender.identify(identity);
    }
    if (options.topics !== undefined) void this.#sender.prepare(options.topics);
  }

  get pendingBytes(): number {
    return this.#pendingBytes + this.#sender.heldBytes;
  }

  get retries(): Producer["retries"] {
    return this.#sender.retries;
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
    if (this.#state !== "open" && this.#transaction !== undefined) throw this.#misused("append");
    let queue = this.#last;
    if (queue === undefined || queue.partition !== partition || queue.topic !== topic) {
      queue = this.#topics.get(topic)?.[partition] ?? this.#queue(topic, partition);
      this.#last = queue;
    }
    let writer = queue.open;
    if (writer !== undefined) {
      const size = (key === null ? 0 : keyTo - keyFrom) + (value === null ? 0 : valueTo - valueFrom);
      // A large record begins a batch of its own, so that no batch, and no buffer, grows much beyond its limit.
      if (writer.sizeInBytes + size + RECORD_OVERHEAD > this.#batchBytes) {
        this.#seal(queue);
        writer = undefined;
      }
    }
    if (writer === undefined) {
      if (this.#closed && this.#transaction === undefined) {
        this.counts.appended++;
        return this.#lose(topic, 1, "the producer is closed");
      }
      writer = this.#begin(queue);
    }
    const before = writer.capacity;
    writer.append(timestamp, key, keyFrom, keyTo, value, valueFrom, valueTo, headers);
    this.#pendingBytes += writer.capacity - before;
    this.counts.appended++;
  }

  ready(): Promise<void> {
    if (this.#closed || this.pendingBytes <= this.#bufferBytes) return READY;
    this.#sealIdle();
    this.#ready ??= Promise.withResolvers();
    return this.#ready.promise;
  }

  async flush(): Promise<void> {
    try {
      await this.#flush();
    } catch (error) {
      if (this.#transaction === undefined) throw error;
      if (this.#state === "open") this.#state = "failed";
      throw this.#transaction.fenced ?? error;
    }
  }

  async #flush(): Promise<void> {
    this.#sealAll();
    if (this.#outstanding.size > 0) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#flushes.add({ batches: new Set(this.#outstanding), resolve });
      await promise;
    }
    const lost = this.#lost.take();
    if (lost !== undefined) throw lost;
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
        this.#sender.identify(await transaction.register());
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
        this.#flush(),
        withOffsets ? transaction.commitOffsets(offsets) : undefined,
      ]);
      for (const each of done) if (each.status === "rejected") throw each.reason;
      await transaction.end(true);
      this.#state = "none";
    } catch (error) {
      // Offsets that a rebalance refused for now can be committed again: the records are written all the same.
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
        if (this.#transaction === undefined) await this.#flush();
        else if (this.#transaction.fenced === undefined) await this.abort();
      }
    } finally {
      this.#closed = true;
      this.#state = "none";
      this.#transaction?.stop();
      clearTimeout(this.#lingerTimer);
      for (const queue of this.#open) queue.open = undefined;
      this.#open.clear();
      await this.#sender.close();
      for (const flush of this.#flushes) flush.resolve();
      this.#ready?.resolve();
    }
  }

  /** Gives up all that is not acknowledged: the transaction will be aborted. */
  async #drop(transaction: Transaction): Promise<void> {
    this.#sealAll();
    transaction.stop();
    await this.#sender.drop(new Error("the transaction was aborted"));
    transaction.resume();
    this.#lost.clear();
  }

  #misused(what: string): Error {
    const state = STATES[this.#state];
    return new Error(
      this.#transaction === undefined
        ? `Cannot ${what}: received a producer without transactionalId; set it in its options`
        : `Cannot ${what} with transactional id ${this.#transaction.transactionalId}: ${state}`,
    );
  }

  #queue(topic: string, partition: number): PartitionQueue {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) this.#topics.set(topic, partitions = []);
    return partitions[partition] = new PartitionQueue(topic, partition);
  }

  #begin(queue: PartitionQueue): BatchWriter {
    const writer = writers.take(queue.lastSize);
    // All of its buffer: what counts is the memory that it takes.
    this.#pendingBytes += writer.capacity;
    queue.open = writer;
    queue.openedAt = performance.now();
    this.#open.add(queue);
    this.#lingerTimer ??= setTimeout(() => this.#sealIdle(), this.#lingerMs);
    return writer;
  }

  #seal(queue: PartitionQueue): void {
    this.#open.delete(queue);
    const batch = queue.seal();
    if (batch.count === 0) { // its first record was refused, by an exception
      queue.sealed.pop();
      return this.#release(batch);
    }
    this.#outstanding.add(batch);
    this.#sender.add(queue);
  }

  /**
   * Seals what has waited for more records, but where a batch is waiting or under way already: the next one can't be written before
   * that one is, so it goes on filling until then.
   */
  #sealIdle(): void {
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = undefined;
    for (const queue of this.#open) {
      if (queue.idle) this.#seal(queue);
      else queue.overdue = true;
    }
  }

  #sealAll(): void {
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = undefined;
    for (const queue of this.#open) this.#seal(queue);
  }

  #done(batch: Batch, error: unknown): void {
    if (error === undefined) this.counts.acknowledged += batch.count;
    else {
      this.#lose(batch.queue.topic, batch.count, error);
    }
    this.#release(batch);
    this.#outstanding.delete(batch);
    for (const flush of this.#flushes) this.#strike(flush, batch);
    this.#goOn(batch.queue);
  }

  /** Lets go what waited for a batch of the queue: those behind it, and who waits for room. */
  #goOn(queue: PartitionQueue): void {
    if (queue.overdue && queue.idle) this.#seal(queue);
    if (this.#ready !== undefined && this.pendingBytes <= this.#bufferBytes) {
      this.#ready.resolve();
      this.#ready = undefined;
    }
  }

  /** Asks what to do with a record that the log refused for good. Returns what is to be sent in its place; `undefined` fails it. */
  #refused({ queue, encoded }: Batch, error: KafkaError): Batch[] | undefined {
    const { topic, partition } = queue;
    const set = readRecordSet({
      topic,
      partition,
      fetchOffset: 0,
      bytes: encoded!,
      from: 0,
      to: encoded!.length,
      endOffset: 1,
      startOffset: 0,
    });
    let answer: "fail" | "drop" | Substitute = "fail";
    try {
      answer = this.#onRefused!({
        topic,
        partition,
        timestamp: set.timestamps[0]!,
        key: set.key(0),
        value: set.value(0),
        headers: set.headers(0),
        error,
      });
    } catch (failure) {
      this.#lost.explain(failure);
    }
    if (answer === "fail") return undefined;
    this.counts.failed++;
    if (answer === "drop") return [];
    const { key, value } = answer;
    const writer = new BatchWriter();
    writer.append(
      answer.timestamp,
      key,
      0,
      key?.length ?? 0,
      value,
      0,
      value?.length ?? 0,
      answer.headers,
    );
    this.counts.appended++;
    const target = this.#topics.get(answer.topic)?.[answer.partition] ??
      this.#queue(answer.topic, answer.partition);
    const substitute = newBatch(target, writer, performance.now());
    target.sealed.push(substitute);
    return [substitute];
  }

  /** Two batches stand for one that was too large, or another or none for one that was refused; whoever waits for the one waits for the two. */
  #replace(batch: Batch, parts: readonly Batch[]): void {
    for (const part of parts) {
      this.#outstanding.add(part);
      this.#pendingBytes += part.held;
      for (const flush of this.#flushes) if (flush.batches.has(batch)) flush.batches.add(part);
    }
    this.#release(batch);
    this.#outstanding.delete(batch);
    for (const flush of this.#flushes) this.#strike(flush, batch);
    this.#goOn(batch.queue);
  }

  #release(batch: Batch): void {
    this.#pendingBytes -= batch.held;
    this.#giveBack(batch);
  }

  /** What is compressed is held without the buffer that it was written into. */
  #compressed(batch: Batch): void {
    const held = batch.encoded!.length;
    this.#pendingBytes += held - batch.held;
    batch.held = held;
    this.#giveBack(batch);
  }

  #giveBack(batch: Batch): void {
    const { writer } = batch;
    batch.writer = undefined;
    // One that was grown for a very large record is not kept.
    if (writer !== undefined && writer.capacity <= 2 * this.#batchBytes) writers.giveBack(writer);
  }

  #strike(flush: { readonly batches: Set<Batch>; readonly resolve: () => void }, batch: Batch): void {
    flush.batches.delete(batch);
    if (flush.batches.size > 0) return;
    this.#flushes.delete(flush);
    flush.resolve();
  }

  #lose(topic: string, count: number, error: unknown): void {
    this.counts.failed += count;
    this.#lost.add(topic, count, error);
  }
}

/** The states of a transaction, as errors tell of them. */
const STATES = {
  none: "no transaction is open; begin one first",
  open: "a transaction is open; commit or abort it first",
  changing: "it is beginning or ending a transaction; await that first",
  failed: "the transaction has failed; abort it or close the producer",
} as const;

const READY = Promise.resolve();
