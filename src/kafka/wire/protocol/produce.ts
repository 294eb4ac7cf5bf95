/**
 * Produce, version 7. Layout: ProduceRequest.json and ProduceResponse.json of Apache Kafka.
 *
 * @module
 */
import { ByteReader, ByteWriter } from "./bytes.ts";

/** Produce's api key. */
export const PRODUCE_KEY = 0;
/** The version that is spoken here. */
export const PRODUCE_VERSION = 7;

/** The record batch for one partition. */
export interface PartitionBatch {
  readonly topic: string;
  readonly partition: number;
  readonly batch: Uint8Array;
}

/** What became of one partition's batch. */
export interface ProducedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly baseOffset: number;
}

/** A broker's answer. */
export interface ProduceAnswer {
  readonly partitions: readonly ProducedPartition[];
  /** For how long to hold back the next request, in ms. */
  readonly throttleMs: number;
}

/** At least as many bytes as {@linkcode encodeProduce} takes for the batches, and for what comes before. */
export function produceBytes(batches: readonly PartitionBatch[], transactionalId: string | null): number {
  // At most 3 bytes of UTF-8 a character.
  let size = 16 + 3 * (transactionalId?.length ?? 0);
  for (const { topic, batch } of batches) size += batch.length + 3 * topic.length + 14;
  return size;
}

/** Encodes a request that wants all in-sync replicas to have the records. */
export function encodeProduce(
  batches: readonly PartitionBatch[],
  timeoutMs: number,
  transactionalId: string | null = null,
  out: ByteWriter = new ByteWriter(produceBytes(batches, transactionalId)),
): Uint8Array {
  out.string(transactionalId);
  out.int16(-1); // acks: all
  out.int32(timeoutMs);
  const byTopic = Object.entries(Object.groupBy(batches, ({ topic }) => topic));
  out.int32(byTopic.length);
  for (const [topic, list] of byTopic) {
    out.string(topic);
    out.int32(list!.length);
    for (const { partition, batch } of list!) {
      out.int32(partition);
      out.bytes(batch);
    }
  }
  return out.done();
}

/** Decodes an answer. */
export function decodeProduce(bytes: Uint8Array): ProduceAnswer {
  const input = new ByteReader(bytes);
  const partitions = input.array(() => {
    const topic = input.string();
    return input.array((): ProducedPartition => {
      const partition = input.int32();
      const errorCode = input.int16();
      const baseOffset = input.int64();
      input.int64(); // log append time
      input.int64(); // log start offset
      return { topic, partition, errorCode, baseOffset };
    });
  }).flat();
  return { partitions, throttleMs: input.int32() };
}
