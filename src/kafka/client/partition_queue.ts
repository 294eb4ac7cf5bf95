/**
 * What waits to be sent to one partition, what is under way to it, and their sequence numbers.
 *
 * @module
 */
import type { ProducerIdentity } from "../wire/protocol/transactions.ts";
import type { BatchWriter } from "../wire/record_batch/writer.ts";

/**
 * Batches of one partition under way at most: of so many a broker remembers the sequence numbers, to tell
 * what it has already. As many requests may be under way to a broker, as in Kafka's own producer.
 */
export const MOST_IN_FLIGHT = 5;

/** Records that are sent together, and again together. */
export interface Batch {
  readonly queue: PartitionQueue;
  /**
   * What holds its records; `undefined` once they are compressed, and so held by {@linkcode Batch.encoded},
   * or nobody needs them any more: its buffer may serve another batch then.
   */
  writer: BatchWriter | undefined;
  readonly count: number;
  /** Bytes before compression. */
  readonly size: number;
  /** Bytes of memory that it takes: of its writer's buffer, or of what it was compressed to. */
  held: number;
  /**
   * When its first record was appended, in ms of `performance.now()`: the delivery timeout counts from then.
   */
  readonly createdAt: number;
  /**
   * Its first record's sequence number; −1 until it is sent for the first time, and again when its queue is
   * numbered anew. It is kept over all other tries, as by it the broker tells what it has already.
   */
  sequence: number;
  /** The encoded batch, once it is to be sent. */
  encoded: Uint8Array | undefined;
  /** Whether what is encoded has other sequence numbers, or another producer id, than it is to have. */
  stale: boolean;
  /**
   * How often it was refused since its transaction could not be verified: it is waited for longer each time.
   */
  refusals: number;
  /**
   * Whether it was sent and it is not known if the broker has it: under other numbers it could be doubled.
   */
  uncertain: boolean;
}

/**
 * Sequence numbers that were given to a batch which then was given up: the broker will take none after them.
 */
export interface Gap {
  /** The first one that is missing. */
  sequence: number;
  /** Whether the broker may have the batch all the same. */
  uncertain: boolean;
  /** Why it was given up. */
  readonly error: unknown;
}

/**
 * The open batch of a partition, the sealed ones in their order, and those under way. Only the
 * {@linkcode ProduceBuffer} that it is part of moves batches; who sends them reads, and notes its tries.
 */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  /** Where records are appended; apart from the other batches, as it is looked at for each record. */
  open: BatchWriter | undefined = undefined;
  /** When the open batch was begun, in ms of `performance.now()`. */
  openedAt = 0;
  /** Whether the open batch is to be sealed as soon as nothing is sealed or under way. */
  overdue = false;
  /** Bytes of the last batch that was sealed: the next one will take about as many. */
  lastSize = 0;
  /**
   * Under whose id its batches have their sequence numbers; it may be another than that of other partitions.
   */
  producer: ProducerIdentity | undefined = undefined;
  /**
   * The broker that acknowledged the last batch, while nothing has failed since. Only this one is known to
   * have the state by which it refuses a batch that comes before its predecessor: without any it takes
   * whatever comes first. So without one a single batch is under way.
   */
  confirmedBy: number | undefined = undefined;
  /** What was given up while later batches were under way. It is closed once none is. */
  gap: Gap | undefined = undefined;
  /** Whether the broker has forgotten what it knew of the sequence numbers. */
  forgotten = false;
  /** The time before which nothing of it is sent, in ms of `performance.now()`. Set by who sends. */
  retryAt = 0;
  /** Why the last attempt failed, while none has succeeded since. Set by who sends. */
  failing: string | undefined = undefined;
  /** How often in a row the metadata did not know the partition. Set by who sends. */
  unknown = 0;
  /** Full batches in their order: those that have been sent before come first. */
  readonly #sealed: Batch[] = [];
  /** Batches under way, in the order in which they were sent. */
  readonly #inFlight: Batch[] = [];
  /** The sequence number of the next batch that is sent for the first time. */
  #nextSequence = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** The sealed batch that is to be sent next. */
  get next(): Batch | undefined {
    return this.#sealed[0];
  }

  /** The sealed batches in the order in which they are to be sent. */
  get sealed(): readonly Batch[] {
    return this.#sealed;
  }

  /** How many batches are under way. */
  get inFlight(): number {
    return this.#inFlight.length;
  }

  /** Whether nothing is sealed or under way, so that what is open may be sealed. */
  get idle(): boolean {
    return this.#sealed.length === 0 && this.#inFlight.length === 0;
  }

  /** Whether the next sealed batch may be sent to this broker now, as to the partition's order. */
  maySend(leader: number): boolean {
    return this.inFlight === 0 || (this.inFlight < MOST_IN_FLIGHT && this.confirmedBy === leader);
  }

  /** Closes the open batch, which there must be. It is not among the sealed ones yet. */
  close(): Batch {
    const writer = this.open!;
    this.open = undefined;
    this.overdue = false;
    this.lastSize = writer.sizeInBytes;
    return newBatch(this, writer, this.openedAt);
  }

  /** Adds a batch that was never sent behind all others. */
  push(batch: Batch): void {
    this.#sealed.push(batch);
  }

  /** Moves the next sealed batch to those under way, and gives it its sequence numbers. */
  take(): Batch {
    const batch = this.#sealed.shift()!;
    if (batch.sequence < 0) {
      batch.sequence = this.#nextSequence;
      this.#nextSequence = sequenceAfter(batch.sequence, batch.count);
    }
    this.#inFlight.push(batch);
    return batch;
  }

  /** Puts a batch that has sequence numbers before all that come after it. */
  insert(batch: Batch): void {
    const behind = this.#sealed.findIndex((other) => !precedes(other, batch));
    this.#sealed.splice(behind < 0 ? this.#sealed.length : behind, 0, batch);
  }

  /** Takes out a batch, whether it is sealed or under way. */
  remove(batch: Batch): void {
    for (const list of [this.#inFlight, this.#sealed]) {
      const at = list.indexOf(batch);
      if (at >= 0) list.splice(at, 1);
    }
  }

  /**
   * Whether a batch comes before all that are not acknowledged: nothing that is missing explains its failure.
   */
  isFirst(batch: Batch): boolean {
    return this.gap === undefined && !this.#inFlight.some((other) => precedes(other, batch)) &&
      !this.#sealed.some((other) => precedes(other, batch));
  }

  /** Notes that a batch is given up: where it had sequence numbers, they are missing. */
  leaveGap(batch: Batch, error: unknown): void {
    if (batch.sequence < 0) return;
    const { gap } = this;
    if (gap === undefined) this.gap = { sequence: batch.sequence, uncertain: batch.uncertain, error };
    else {
      gap.uncertain ||= batch.uncertain;
      if (distance(batch.sequence, gap.sequence) < 0) gap.sequence = batch.sequence;
    }
  }

  /**
   * Whether its sequence numbers have to be mended, and can be: nothing is under way or comes before the gap.
   */
  get mendable(): boolean {
    const { gap } = this;
    if (this.inFlight > 0) return false;
    if (gap === undefined) return this.forgotten;
    return !this.#sealed.some(({ sequence }) => sequence >= 0 && distance(sequence, gap.sequence) < 0);
  }

  /**
   * Gives batches that were sent before, and all to come, sequence numbers from this one on. Nothing may be
   * under way.
   */
  renumber(from: number): void {
    this.#nextSequence = from;
    for (const batch of this.#sealed) {
      batch.sequence = -1;
      batch.stale = true;
      batch.uncertain = false;
    }
    this.gap = undefined;
    this.forgotten = false;
  }

  /** Begins anew, under the id that the producer will have. */
  restart(producer: ProducerIdentity | undefined): void {
    this.renumber(0);
    this.producer = producer;
    this.confirmedBy = undefined;
  }
}

/** A batch of what a writer holds. */
export function newBatch(queue: PartitionQueue, writer: BatchWriter, createdAt: number): Batch {
  return {
    queue,
    writer,
    count: writer.count,
    size: writer.sizeInBytes,
    held: writer.capacity,
    createdAt,
    sequence: -1,
    encoded: undefined,
    stale: false,
    refusals: 0,
    uncertain: false,
  };
}

/** The sequence number so many records behind another one. They wrap round to 0 after 2^31 − 1. */
export function sequenceAfter(sequence: number, count: number): number {
  return (sequence + count) & 0x7fff_ffff;
}

/** Whether a batch has a number, and one before that of another. */
function precedes(batch: Batch, other: Batch): boolean {
  return batch.sequence >= 0 && distance(batch.sequence, other.sequence) < 0;
}

/** How far one sequence number is behind another, round the wrap. */
function distance(one: number, other: number): number {
  return (one - other) << 1 >> 1;
}
