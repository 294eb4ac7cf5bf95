/**
 * What waits to be sent to one partition.
 *
 * @module
 */
import type { BatchWriter } from "./record_batch/writer.ts";

/** Records that are sent together, and again together. */
export interface Batch {
  readonly queue: PartitionQueue;
  readonly writer: BatchWriter;
  readonly count: number;
  /** Bytes before compression. */
  readonly size: number;
  /** When its first record was appended, in ms of `performance.now()`. */
  readonly createdAt: number;
  /** Its first record's sequence number; −1 until it is sent for the first time, and again when the producer gets a new id. */
  sequence: number;
  /** The encoded batch, once it is to be sent. */
  encoded: Uint8Array | undefined;
  /** How often it was refused since its transaction could not be verified. */
  refusals: number;
  /** Whether it was sent and it is not known whether the broker has it. */
  uncertain: boolean;
}

/** The open batch of a partition, and the sealed ones in their order. One of them is under way at most, which keeps the order. */
export class PartitionQueue {
  readonly topic: string;
  readonly partition: number;
  open: BatchWriter | undefined = undefined;
  /** When the open batch was begun, in ms of `performance.now()`. */
  openedAt = 0;
  readonly sealed: Batch[] = [];
  /** The sequence number of the next batch that is sent for the first time. */
  nextSequence = 0;
  inFlight = false;
  /** Not sent before, in ms of `performance.now()`. */
  retryAt = 0;
  /** How often in a row the metadata did not know the partition. */
  unknown = 0;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Closes the open batch, which there must be. */
  seal(): Batch {
    const writer = this.open!;
    this.open = undefined;
    const batch = newBatch(this, writer, this.openedAt);
    this.sealed.push(batch);
    return batch;
  }
}

/** A batch of what a writer holds. */
export function newBatch(queue: PartitionQueue, writer: BatchWriter, createdAt: number): Batch {
  return {
    queue,
    writer,
    count: writer.count,
    size: writer.sizeInBytes,
    createdAt,
    sequence: -1,
    encoded: undefined,
    refusals: 0,
    uncertain: false,
  };
}
