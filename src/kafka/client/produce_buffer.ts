/**
 * What a producer was given to write, until it is acknowledged or given up.
 *
 * @module
 */
import { batchOf, firstRecord, halves } from "./batch_records.ts";
import { BufferMemory } from "./buffer_memory.ts";
import { LostRecords } from "../common/lost_records.ts";
import { OutstandingBatches } from "./outstanding_batches.ts";
import { type Batch, PartitionQueue } from "./partition_queue.ts";
import type { BytesRange } from "../port/bytes_range.ts";
import type { KafkaError, ProduceError } from "../port/errors.ts";
import type { ProducerOptions, Substitute } from "../port/producer.ts";
import type { RecordHeaders } from "../port/record_set.ts";
import type { ProducerIdentity } from "../wire/protocol/transactions.ts";
import { type BatchWriter, stamp } from "../wire/record_batch/writer.ts";

/** What a record may take beside its key and value, without headers, in bytes. */
const RECORD_OVERHEAD = 32;

/** Settings of a {@linkcode ProduceBuffer}; those of a producer mean what they mean there. */
export interface BufferOptions
  extends Pick<ProducerOptions, "lingerMs" | "batchBytes" | "bufferBytes" | "compression" | "onRefused"> {
  /** Whether batches are part of transactions. Default false. */
  readonly transactional?: boolean;
}

/**
 * Owns the batches of all partitions, and alone moves them on:
 *
 * ```
 * append          seal             take                acknowledge
 * ───────▶ open ────────▶ sealed ────────▶ in flight ────────────▶ counted
 *                          │ ▲ ▲               │ │ │
 *                          │ │ └── putBack ────┘ │ └─ refuse ────▶ left out, or replaced
 *                          │ └──── split ────────┤
 *                          └─────────────────────┴─── giveUp ────▶ lost: the next flush says so
 * ```
 *
 * A batch is sealed when it is full, by a flush, or by the linger if its partition has none sealed or under
 * way. Whoever sends is woken then; it takes batches, sends them, and says here what came of each.
 *
 * @example
 * ```ts
 * import { whole } from "../port/bytes_range.ts";
 * import { ProduceBuffer } from "./produce_buffer.ts";
 *
 * const buffer = new ProduceBuffer({ lingerMs: 5 }, () => {});
 * const value = new TextEncoder().encode("hello");
 * buffer.append("greetings", 0, Date.now(), null, whole(value));
 * const flushed = buffer.flush();
 * buffer.producer = { id: 7, epoch: 0 };
 * for (const queue of [...buffer.waiting]) {
 *   const batch = buffer.take(queue);
 *   console.log(batch.sequence, buffer.encode(batch).length > 0); // 0 true
 *   buffer.acknowledge(batch, 1); // by broker 1
 * }
 * await flushed;
 * console.log(buffer.pendingBytes); // 0
 * ```
 */
export class ProduceBuffer {
  readonly counts: { appended: number; acknowledged: number; failed: number } = {
    appended: 0,
    acknowledged: 0,
    failed: 0,
  };
  /**
   * Under whose id partitions get sequence numbers that have none yet. `undefined` while a new id is needed:
   * those that have numbers keep theirs, under the id that they were given under.
   */
  producer: ProducerIdentity | undefined = undefined;
  readonly #lingerMs: number;
  readonly #batchBytes: number;
  readonly #compression: "none" | "gzip";
  readonly #transactional: boolean;
  readonly #onRefused: ProducerOptions["onRefused"];
  readonly #onSealed: () => void;
  /** The queues by topic and partition, as `append` looks them up without making a string. */
  readonly #topics = new Map<string, (PartitionQueue | undefined)[]>();
  readonly #queues: PartitionQueue[] = [];
  /** Records often come in a row for one partition: then nothing is looked up. */
  #last: PartitionQueue | undefined;
  /** Queues with an open batch, few among many partitions: the linger looks at these only. */
  readonly #open = new Set<PartitionQueue>();
  /** Queues with a sealed batch. Who is served goes behind the others, so that none starves another. */
  readonly #waiting = new Set<PartitionQueue>();
  /** What flushes wait for. */
  readonly #outstanding = new OutstandingBatches();
  readonly #lost = new LostRecords();
  /** What batches and requests take of it. */
  readonly #memory: BufferMemory;
  /**
   * The linger's timer, one for all partitions: set by the first batch that was opened since it last fired.
   */
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  /** @param onSealed Told, without delay, that there is a batch to take. */
  constructor(options: BufferOptions, onSealed: () => void) {
    this.#lingerMs = options.lingerMs ?? 5;
    this.#batchBytes = options.batchBytes ?? 131_072;
    // A writer that was grown for a very large record is not kept.
    this.#memory = new BufferMemory(options.bufferBytes ?? 33_554_432, 2 * this.#batchBytes);
    this.#compression = options.compression ?? "none";
    this.#transactional = options.transactional ?? false;
    this.#onRefused = options.onRefused;
    this.#onSealed = onSealed;
  }

  /** Bytes of memory that are held. */
  get pendingBytes(): number {
    return this.#memory.bytes;
  }

  /** Queues with sealed batches, in the order in which they are to be served. */
  get waiting(): ReadonlySet<PartitionQueue> {
    return this.#waiting;
  }

  /** All that was ever appended to. */
  get queues(): readonly PartitionQueue[] {
    return this.#queues;
  }

  /** Whether somebody decides about records that are refused: each has to be found in its batch then. */
  get decidesRefusals(): boolean {
    return this.#onRefused !== undefined;
  }

  /** HOT PATH. Copies one record into the open batch of its partition, as {@linkcode Producer.append}. */
  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: BytesRange | null,
    value: BytesRange | null,
    headers?: RecordHeaders,
  ): void {
    let queue = this.#last;
    if (queue === undefined || queue.partition !== partition || queue.topic !== topic) {
      this.#last = queue = this.#queue(topic, partition);
    }
    let writer = queue.open;
    if (writer !== undefined) {
      const size = (key === null ? 0 : key.to - key.from) + (value === null ? 0 : value.to - value.from);
      // A large record begins a batch of its own, so that no buffer grows much beyond the limit.
      if (writer.sizeInBytes + size + RECORD_OVERHEAD > this.#batchBytes) {
        this.#seal(queue);
        writer = undefined;
      }
    }
    if (writer === undefined) {
      if (this.#closed) {
        this.counts.appended++;
        return this.#lose(topic, 1, "the producer is closed");
      }
      writer = this.#begin(queue);
    }
    const before = writer.capacity;
    writer.append(timestamp, key, value, headers);
    if (writer.capacity !== before) this.#memory.hold(writer.capacity - before);
    this.counts.appended++;
  }

  /** Resolves as soon as no more than `bufferBytes` are held. */
  ready(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#memory.full) this.#sealIdle();
    return this.#memory.room();
  }

  /**
   * Resolves when all that was appended before is acknowledged.
   * @throws {ProduceError} When records were given up since the last flush.
   */
  async flush(): Promise<void> {
    this.sealAll();
    await this.#outstanding.settled();
    const lost = this.takeLost();
    if (lost !== undefined) throw lost;
  }

  /** What was given up since this was last asked, or a flush has thrown it. */
  takeLost(): ProduceError | undefined {
    return this.#lost.take();
  }

  /** Seals all open batches. */
  sealAll(): void {
    this.#stopLinger();
    for (const queue of this.#open) this.#seal(queue);
  }

  /** Drops what is open, and loses what is appended from now on. */
  close(): void {
    this.#closed = true;
    this.#stopLinger();
    for (const queue of this.#open) queue.open = undefined;
    this.#open.clear();
  }

  /** Lets go who still waits, once nothing is sent any more. */
  abandon(): void {
    this.#outstanding.abandon();
    this.#memory.abandon();
  }

  /** Says who writes from now on: all sequence numbers begin anew. */
  identify(producer: ProducerIdentity): void {
    this.producer = producer;
    for (const queue of this.#queues) queue.restart(producer);
  }

  /** The next sealed batch of a queue, with its sequence numbers, to be sent now. */
  take(queue: PartitionQueue): Batch {
    queue.producer ??= this.producer;
    const batch = queue.take();
    this.#waiting.delete(queue);
    if (queue.next !== undefined) this.#waiting.add(queue);
    return batch;
  }

  /** The bytes of a batch that was taken: those sent before, if its numbers have not changed since. */
  encode(batch: Batch): Uint8Array {
    const { id, epoch } = batch.queue.producer!;
    if (batch.encoded === undefined) {
      batch.encoded = batch.writer!.finish({
        producerId: id,
        producerEpoch: epoch,
        baseSequence: batch.sequence,
        compression: this.#compression,
        transactional: this.#transactional,
      });
      if (this.#compression !== "none") this.#memory.compressed(batch, batch.encoded.length);
    } else if (batch.stale) stamp(batch.encoded, id, epoch, batch.sequence);
    batch.stale = false;
    return batch.encoded;
  }

  /** Counts the memory of requests, or, with a negative number, that it is free again. */
  hold(bytes: number): void {
    this.#memory.hold(bytes);
  }

  /** Notes that a broker has written a batch that was under way. */
  acknowledge(batch: Batch, broker: number): void {
    const { queue } = batch;
    queue.remove(batch);
    // One that comes after a failed one says nothing of the broker's state.
    if (queue.isFirst(batch)) queue.confirmedBy = broker;
    this.counts.acknowledged += batch.count;
    this.#finish(batch);
  }

  /** Seals a batch again that was under way, before all that come after it. */
  putBack(batch: Batch): void {
    const { queue } = batch;
    queue.remove(batch);
    queue.insert(batch);
    this.#waiting.add(queue);
  }

  /** Seals two halves instead of a batch that was under way and is too large. */
  split(batch: Batch): void {
    const { queue } = batch;
    const parts = halves(batch);
    queue.remove(batch);
    for (const part of parts) queue.insert(part);
    this.#replace(batch, parts);
  }

  /** Asks what to do with a batch of one record that the log refuses for good; by default gives it up. */
  refuse(batch: Batch, error: KafkaError): void {
    const answer = this.#decide(batch, error);
    if (answer === "fail") return this.giveUp(batch, error);
    this.counts.failed++;
    batch.queue.remove(batch);
    batch.queue.leaveGap(batch, error);
    this.#replace(batch, answer === "drop" ? [] : [this.#substitute(answer)]);
  }

  /** Gives up a batch, sealed or under way. Its sequence numbers, if it has any, are then missing. */
  giveUp(batch: Batch, error: unknown): void {
    batch.queue.leaveGap(batch, error);
    this.forgo(batch, error);
  }

  /** Gives up a batch whose sequence numbers are known to be missing, or will be given anew. */
  forgo(batch: Batch, error: unknown): void {
    batch.queue.remove(batch);
    this.#lose(batch.queue.topic, batch.count, error);
    this.#finish(batch);
  }

  /** Closes a queue's gap: what comes behind it gets the numbers from it on. Nothing may be under way. */
  closeGap(queue: PartitionQueue): void {
    queue.renumber(queue.gap!.sequence);
  }

  /** Begins a queue anew under a new id, for itself alone. Nothing of it may be under way. */
  renew(queue: PartitionQueue): void {
    if (this.producer === queue.producer) this.producer = undefined;
    queue.restart(undefined);
  }

  #queue(topic: string, partition: number): PartitionQueue {
    return this.#topics.get(topic)?.[partition] ?? this.#newQueue(topic, partition);
  }

  #newQueue(topic: string, partition: number): PartitionQueue {
    let partitions = this.#topics.get(topic);
    if (partitions === undefined) this.#topics.set(topic, partitions = []);
    const queue = partitions[partition] = new PartitionQueue(topic, partition);
    this.#queues.push(queue);
    return queue;
  }

  #begin(queue: PartitionQueue): BatchWriter {
    queue.openedAt = performance.now();
    this.#open.add(queue);
    this.#lingerTimer ??= setTimeout(() => this.#sealIdle(), this.#lingerMs);
    return queue.open = this.#memory.lend(queue.lastSize);
  }

  #seal(queue: PartitionQueue): void {
    this.#open.delete(queue);
    const batch = queue.close();
    // Its first record was refused, by an exception.
    if (batch.count === 0) return this.#memory.release(batch);
    queue.push(batch);
    this.#outstanding.add(batch);
    this.#wait(queue);
  }

  /** Has a queue wait to be served that has sealed batches. */
  #wait(queue: PartitionQueue): void {
    this.#waiting.add(queue);
    this.#onSealed();
  }

  /**
   * Seals what has waited for more records, but where a batch is waiting or under way already: the next one
   * can't be written before that one is, so it goes on filling until then.
   */
  #sealIdle(): void {
    this.#stopLinger();
    for (const queue of this.#open) {
      if (queue.idle) this.#seal(queue);
      else queue.overdue = true;
    }
  }

  #stopLinger(): void {
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = undefined;
  }

  /** What the handler says of a record. One that throws gives it up, with its own reason too. */
  #decide(batch: Batch, error: KafkaError): "fail" | "drop" | Substitute {
    if (this.#onRefused === undefined) return "fail";
    const { topic, partition } = batch.queue;
    const record = firstRecord(batch);
    try {
      return this.#onRefused({ topic, partition, ...record, error });
    } catch (failure) {
      this.#lost.explain(failure);
      return "fail";
    }
  }

  #substitute(record: Substitute): Batch {
    const queue = this.#queue(record.topic, record.partition);
    const batch = batchOf(queue, record, performance.now());
    this.counts.appended++;
    queue.push(batch);
    return batch;
  }

  /** Others, or none, stand for a batch from now on: who waits for the one waits for them. */
  #replace(batch: Batch, parts: readonly Batch[]): void {
    for (const part of parts) {
      this.#memory.hold(part.held);
      this.#outstanding.addFor(batch, part);
      this.#wait(part.queue);
    }
    this.#finish(batch);
  }

  /** Frees a batch that is done with, and lets go what waited for it. */
  #finish(batch: Batch): void {
    const { queue } = batch;
    this.#memory.release(batch);
    this.#outstanding.delete(batch);
    if (queue.next === undefined) this.#waiting.delete(queue);
    if (queue.overdue && queue.idle) this.#seal(queue);
    this.#memory.letGo();
  }

  #lose(topic: string, count: number, error: unknown): void {
    this.counts.failed += count;
    this.#lost.add(topic, count, error);
  }
}
