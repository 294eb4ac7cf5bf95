/**
 * The records of a batch that the log refused: one by one to ask about them, or as two smaller batches.
 *
 * @module
 */
import { type Batch, newBatch, type PartitionQueue, sequenceAfter } from "./partition_queue.ts";
import { whole } from "../port/bytes_range.ts";
import type { RecordHeaders, RecordSet } from "../port/record_set.ts";
import { readRecordSet } from "../wire/record_batch/reader.ts";
import { BatchWriter } from "../wire/record_batch/writer.ts";

/** A record by itself, as it is read from a batch or written into one. */
interface Single {
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
}

/** The first record of a batch that was encoded, which is the only one of a batch that can't be cut. */
export function firstRecord(batch: Batch): Single {
  return single(recordsOf(batch), 0);
}

/** A batch of one record for a queue. */
export function batchOf(queue: PartitionQueue, record: Single, createdAt: number): Batch {
  const writer = new BatchWriter();
  append(writer, record);
  return newBatch(queue, writer, createdAt);
}

/**
 * Two batches with the records of one that was encoded, for the same queue. They have its sequence numbers,
 * so that those of later batches stay what they are.
 */
export function halves(batch: Batch): Batch[] {
  const set = recordsOf(batch);
  const half = Math.ceil(set.count / 2);
  return [part(batch, set, 0, half), part(batch, set, half, set.count)];
}

function part(batch: Batch, set: RecordSet, from: number, to: number): Batch {
  const writer = new BatchWriter();
  for (let i = from; i < to; i++) append(writer, single(set, i));
  const part = newBatch(batch.queue, writer, batch.createdAt);
  part.sequence = sequenceAfter(batch.sequence, from);
  part.uncertain = batch.uncertain;
  return part;
}

function recordsOf({ queue, encoded, count }: Batch): RecordSet {
  return readRecordSet({
    topic: queue.topic,
    partition: queue.partition,
    fetchOffset: 0,
    bytes: encoded!,
    from: 0,
    to: encoded!.length,
    endOffset: count,
    startOffset: 0,
  });
}

function single(set: RecordSet, i: number): Single {
  return { timestamp: set.timestamps[i]!, key: set.key(i), value: set.value(i), headers: set.headers(i) };
}

function append(writer: BatchWriter, { timestamp, key, value, headers }: Single): void {
  writer.append(timestamp, whole(key), whole(value), headers);
}
