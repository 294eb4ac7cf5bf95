/**
 * What waits to be sent to one partition, and what is under way to it.
 *
 * @module
 */
import type { ProducerIdentity } from "../wire/protocol/transactions.ts";
import type { BatchWriter } from "../wire/record_batch/writer.ts";

/**
 * Batches of one partition under way at most: of so many a broker remembers the sequence numbers, to tell what it has already. As
 * many requests may be under way to a broker, as in Kafka's own producer.
 */
export const MOST_IN_FLIGHT = 5;

/** Records that are sent together, and again together. */
export interface Batch {
  readonly queue: PartitionQueue;
  /** What holds its records; `undefined` once they are compressed, and so held by {@linkcode Batch.encoded}. */
  writer: BatchWriter | undefined;
  readonly count: number;
  /** Bytes before compression. */
  readonly size: number;
  /** Bytes of memory that it takes: of its writer's buffer, or of what it was compressed to. */
  held: number;
  /** When its first record was appended, in ms of `performance.now()`. */
  readonly createdAt: number;
  /** Its first record's sequence number; −1 until it is sent for the first time, and again when the producer gets a new id. */
  sequence: number;
  /** The encoded batch, once it is to be sent. */
  encoded: Uint8Array | undefined;
  /** Whether what is encoded has other sequence numbers, or another producer id, than it is to have. */
  stale: boolean;
  /** How often it was refused since its transaction could not be verified. */
  refusals: number;
  /** Whether it was sent and it is not known whether the broker has it. */
  uncertain: boolean;
}

/** Sequence numbers that were given to a batch which then was given up: the broker will take none after them. */
export interface Gap {
  /** The first one that is missing. */
  sequence: number;
  /** Whether the broker may have the batch all the same. */
  uncertain: boolean;
  /** Why it was given up. */
  readonly error: unknown;
}

/** The open batch of a partition, the sealed ones in their order, and those under way. */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  open: BatchWriter | undefined = undefined;
  /** When the open batch was begun, in ms of `performance.now()`. */
  openedAt = 0;
  /** Whether the open batch is to be sealed as soon as nothing is sealed or under way. */
  overdue = false;
  /** Bytes of the last batch that was sealed. */
  lastSize = 0;
  /** Those that have been sent before come first. */
  readonly sealed: Batch[] = [];
  /** In the order in which they were sent. */
  readonly inFlight: Batch[] = [];
  /** Under whose id its batches have their sequence numbers. */
  producer: ProducerIdentity | undefined = undefined;
  /** The sequence number of the next batch that is sent for the first time. */
  nextSequence = 0;
  /**
   * The broker that acknowledged the last batch, while nothing has failed since. Only this one is known to have the state by which
   * it refuses a batch that comes before its predecessor: without any it takes whatever comes first.
   */
  confirmedBy: number | undefined = undefined;
  /** What was given up while later batches were under way. */
  gap: Gap | undefined = undefined;
  /** Whether the broker has forgotten what it knew of the sequence numbers. */
  forgotten = false;
  /** Not sent before, in ms of `performance.now()`. */
  retryAt = 0;
  /** Why the last attempt failed, while none has succeeded since. */
  failing: string | undefined = undefined;
  /** How often in a row the metadata did not know the partition. */
  unknown = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Whether nothing is sealed or under way, so that what is open may be sealed. */
  get idle(): boolean {
    return this.sealed.length === 0 && this.inFlight.length === 0;
  }

  /** Closes the open batch, which there must be. */
  seal(): Batch {
    const writer = this.open!;
    this.open = undefined;
    this.overdue = false;
    this.lastSize = writer.sizeInBytes;
    const batch = newBatch(this, writer, this.openedAt);
    this.sealed.push(batch);
    return batch;
  }

  /** Whether the next sealed batch may be sent to this broker now, as to the partition's order. */
  maySend(leader: number): boolean {
    const { length } = this.inFlight;
    return length === 0 || (length < MOST_IN_FLIGHT && this.confirmedBy === leader);
  }

  /** Moves the next sealed batch to those under way, and gives it its sequence numbers. */
  take(): Batch {
    const batch = this.sealed.shift()!;
    if (batch.sequence < 0) {
      batch.sequence = this.nextSequence;
      this.nextSequence = after(batch);
    }
    this.inFlight.push(batch);
    return batch;
  }

  /** Notes that a batch is not under way any more. */
  landed(batch: Batch): void {
    this.inFlight.splice(this.inFlight.indexOf(batch), 1);
  }

  /** Puts back a batch that was under way, before all that come after it. */
  putBack(batch: Batch): void {
    const { sealed } = this;
    let at = 0;
    while (at < sealed.length && sealed[at]!.sequence >= 0 && precedes(sealed[at]!, batch)) at++;
    sealed.splice(at, 0, batch);
  }

  /** Whether a batch, which is not under way, comes before all that are not acknowledged: nothing that is missing explains its failure. */
  isFirst(batch: Batch): boolean {
    return this.gap === undefined && !this.inFlight.some((other) => precedes(other, batch)) &&
      !this.sealed.some((other) => other.sequence >= 0 && precedes(other, batch));
  }

  /** Notes that a batch was given up that had sequence numbers. */
  lose(batch: Batch, error: unknown): void {
    if (batch.sequence < 0) return;
    const { gap } = this;
    if (gap === undefined) this.gap = { sequence: batch.sequence, uncertain: batch.uncertain, error };
    else {
      gap.uncertain ||= batch.uncertain;
      if (distance(batch.sequence, gap.sequence) < 0) gap.sequence = batch.sequence;
    }
  }

  /** Whether nothing is under way, and nothing sealed comes before the gap, if there is one. */
  get mendable(): boolean {
    const { gap } = this;
    return this.inFlight.length === 0 &&
      (gap === undefined ||
        !this.sealed.some(({ sequence }) => sequence >= 0 && distance(sequence, gap.sequence) < 0));
  }

  /** Gives batches that were sent before, and all to come, sequence numbers from this one on. Nothing may be under way. */
  renumber(from: number): void {
    this.nextSequence = from;
    for (const batch of this.sealed) {
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

/** The sequence number behind a batch. They wrap round to 0 after 2^31 − 1. */
function after(batch: Batch): number {
  return (batch.sequence + batch.count) & 0x7fff_ffff;
}

function precedes(one: Batch, other: Batch): boolean {
  return distance(one.sequence, other.sequence) < 0;
}

/** How far one sequence number is behind another, round the wrap. */
function distance(one: number, other: number): number {
  return (one - other) << 1 >> 1;
}
