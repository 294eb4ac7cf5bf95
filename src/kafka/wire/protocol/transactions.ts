/**
 * InitProducerId and TxnOffsetCommit, version 3 each: the first in which a producer says which epoch it
 * believes to have (KIP-360), and which generation of the group the offsets are from (KIP-447); kafkajs knows
 * neither. Brokers have them since 2.5. Layouts: InitProducerIdRequest.json, TxnOffsetCommitRequest.json and
 * their responses of Apache Kafka.
 *
 * @module
 */
import type { GroupOffsets } from "../../port/producer.ts";
import type { TopicPartition } from "../../port/topics.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { checkIdentity, checkPartitions } from "./damaged_answer.ts";

/** InitProducerId's api key. */
export const INIT_PRODUCER_ID_KEY = 22;
/** TxnOffsetCommit's api key. */
export const TXN_OFFSET_COMMIT_KEY = 28;
/** The version of both that is spoken here. Both are flexible. */
export const TRANSACTIONS_VERSION = 3;

/** Who writes: what the broker knows a producer by. */
export interface ProducerIdentity {
  readonly id: number;
  /** Counts the producers with the same transactional id; an older one's requests are refused. */
  readonly epoch: number;
}

/** What a new producer says: it takes over from whoever has the transactional id. */
export const NO_IDENTITY: ProducerIdentity = { id: -1, epoch: -1 };

/**
 * Encodes a request for an identity. With a `current` one, that it is still valid is checked, and its epoch
 * raised.
 */
export function encodeInitProducerId(
  transactionalId: string,
  transactionTimeoutMs: number,
  current: ProducerIdentity,
): Uint8Array {
  const out = new ByteWriter(128);
  out.compactString(transactionalId);
  out.int32(transactionTimeoutMs);
  out.int64(current.id);
  out.int16(current.epoch);
  out.noTags();
  return out.done();
}

/**
 * Decodes an answer, with its flexible header's tags in front.
 * @throws {RangeError} When it can't be decoded.
 * @throws {DamagedAnswer} When it has neither an error nor an identity: without one nothing would be part
 * of a transaction.
 */
export function decodeInitProducerId(
  bytes: Uint8Array,
): ProducerIdentity & { readonly errorCode: number; readonly throttleMs: number } {
  const input = new ByteReader(bytes);
  input.skipTags();
  const throttleMs = input.int32();
  const errorCode = input.int16();
  const id = input.int64();
  const epoch = input.int16();
  if (errorCode === 0) checkIdentity(id, epoch);
  return { throttleMs, errorCode, id, epoch };
}

/** Encodes a request that makes offsets part of a transaction. */
export function encodeTxnOffsetCommit(
  transactionalId: string,
  producer: ProducerIdentity,
  { groupId, memberId, generation, offsets }: GroupOffsets,
): Uint8Array {
  const out = new ByteWriter(192 + offsets.length * 24);
  out.compactString(transactionalId);
  out.compactString(groupId);
  out.int64(producer.id);
  out.int16(producer.epoch);
  out.int32(generation);
  out.compactString(memberId);
  out.compactString(null); // group instance id: the member id says enough
  const byTopic = Object.entries(Object.groupBy(offsets, ({ topic }) => topic));
  out.compactArray(byTopic, ([topic, list]) => {
    out.compactString(topic);
    out.compactArray(list!, ({ partition, offset }) => {
      out.int32(partition);
      out.int64(offset);
      out.int32(-1); // leader epoch: not known
      out.compactString(""); // metadata
      out.noTags();
    });
    out.noTags();
  });
  out.noTags();
  return out.done();
}

/** What became of one partition's offset. */
export interface CommittedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
}

/**
 * Decodes an answer, with its flexible header's tags in front, to a request for these partitions.
 * @throws {RangeError} When it can't be decoded.
 * @throws {DamagedAnswer} When it tells of others: what is left out would pass for committed.
 */
export function decodeTxnOffsetCommit(
  bytes: Uint8Array,
  asked: readonly TopicPartition[],
): { readonly throttleMs: number; readonly partitions: readonly CommittedPartition[] } {
  const input = new ByteReader(bytes);
  input.skipTags();
  const throttleMs = input.int32();
  const partitions = input.compactArray(() => {
    const topic = input.compactString();
    const list = input.compactArray((): CommittedPartition => {
      const partition = input.int32();
      const errorCode = input.int16();
      input.skipTags();
      return { topic, partition, errorCode };
    });
    input.skipTags();
    return list;
  }).flat();
  checkPartitions(asked, partitions);
  return { throttleMs, partitions };
}
