/**
 * OffsetFetch, version 7: the first that can wait for transactions that are about to commit offsets. Layout:
 * OffsetFetchRequest.json and OffsetFetchResponse.json of Apache Kafka.
 *
 * @module
 */
import type { TopicPartition } from "../../port/topics.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { checkOffset, checkPartitions } from "./damaged_answer.ts";

/** OffsetFetch's api key. */
export const OFFSET_FETCH_KEY = 9;
/** The version that is spoken here. It is flexible. */
export const OFFSET_FETCH_VERSION = 7;

/** What a group committed for one partition. */
export interface FetchedOffset {
  readonly topic: string;
  readonly partition: number;
  /** The committed offset; −1 for none. */
  readonly offset: number;
  readonly errorCode: number;
}

/** The answer. */
export interface FetchedOffsets {
  readonly errorCode: number;
  readonly offsets: readonly FetchedOffset[];
}

/**
 * Encodes a request for stable offsets: `UNSTABLE_OFFSET_COMMIT` is answered while a transaction that holds
 * one is open.
 */
export function encodeOffsetFetch(groupId: string, partitions: readonly TopicPartition[]): Uint8Array {
  const out = new ByteWriter(64 + partitions.length * 16);
  out.compactString(groupId);
  const byTopic = Object.entries(Object.groupBy(partitions, ({ topic }) => topic));
  out.compactArray(byTopic, ([topic, list]) => {
    out.compactString(topic);
    out.compactArray(list!, ({ partition }) => out.int32(partition));
    out.noTags();
  });
  out.int8(1); // require stable
  out.noTags();
  return out.done();
}

/**
 * Decodes an answer to a request for these partitions.
 * @throws {RangeError} When it can't be decoded.
 * @throws {DamagedAnswer} When it is no such answer: an offset that is left out would pass for none.
 */
export function checkedOffsetFetch(bytes: Uint8Array, asked: readonly TopicPartition[]): FetchedOffsets {
  const answer = decodeOffsetFetch(bytes);
  if (answer.errorCode !== 0) return answer;
  checkPartitions(asked, answer.offsets);
  for (const each of answer.offsets) checkOffset(each.offset, each);
  return answer;
}

/** Decodes an answer, with its flexible header's tags in front. */
export function decodeOffsetFetch(bytes: Uint8Array): FetchedOffsets {
  const input = new ByteReader(bytes);
  input.skipTags();
  input.int32(); // throttle time
  const offsets = input.compactArray(() => {
    const topic = input.compactString();
    const list = input.compactArray((): FetchedOffset => {
      const partition = input.int32();
      const offset = input.int64();
      input.int32(); // leader epoch
      input.compactString(); // metadata
      const errorCode = input.int16();
      input.skipTags();
      return { topic, partition, offset, errorCode };
    });
    input.skipTags();
    return list;
  }).flat();
  return { errorCode: input.int16(), offsets };
}
