/**
 * Cutting a batch in two.
 *
 * @module
 */
import { type Batch, newBatch } from "./partition_queue.ts";
import { readRecordSet } from "../wire/record_batch/reader.ts";
import { BatchWriter } from "../wire/record_batch/writer.ts";

/** Two batches with the records of one that was encoded, for the same queue, and with its sequence numbers. */
export function halves(batch: Batch): Batch[] {
  const { queue } = batch;
  const encoded = batch.encoded!;
  const set = readRecordSet({
    topic: queue.topic,
    partition: queue.partition,
    fetchOffset: 0,
    bytes: encoded,
    from: 0,
    to: encoded.length,
    endOffset: batch.count,
    startOffset: 0,
  });
  const half = Math.ceil(set.count / 2);
  const parts: Batch[] = [];
  for (const [from, to] of [[0, half], [half, set.count]] as const) {
    const writer = new BatchWriter();
    for (let i = from; i < to; i++) {
      const [key, value] = [set.key(i), set.value(i)];
      writer.append(
        set.timestamps[i]!,
        key,
        0,
        key?.length ?? 0,
        value,
        0,
        value?.length ?? 0,
        set.headers(i),
      );
    }
    const part = newBatch(queue, writer, batch.createdAt);
    part.sequence = (batch.sequence + from) & 0x7fff_ffff;
    part.uncertain = batch.uncertain;
    parts.push(part);
  }
  return parts;
}
