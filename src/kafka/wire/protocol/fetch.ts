/**
 * Fetch, version 11. Layout: FetchRequest.json and FetchResponse.json of Apache Kafka.
 *
 * @module
 */
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from "../../port/topics.ts";
import { ByteReader, ByteWriter } from "./bytes.ts";
import { DamagedAnswer } from "./damaged_answer.ts";

/** Fetch's api key. */
export const FETCH_KEY = 1;
/** The version that is spoken here. */
export const FETCH_VERSION = 11;

/** What to fetch. */
export interface FetchRequest {
  readonly maxWaitMs: number;
  readonly maxBytes: number;
  readonly partitionBytes: number;
  readonly readCommitted: boolean;
  /** The session's id; 0 for none, or for a new one. */
  readonly sessionId: number;
  /** The session's epoch; −1 for no session, 0 for a new one. */
  readonly sessionEpoch: number;
  /** The partitions to read; in a session only those that have changed. */
  readonly partitions: readonly TopicPartitionOffset[];
  /** What the session is to leave out from now on. */
  readonly forgotten: readonly TopicPartition[];
}

/** What was fetched of one partition. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly startOffset: number;
  /** Transactions that were aborted, to be left out with `read_committed`. */
  readonly aborted: readonly { readonly producerId: number; readonly firstOffset: number }[];
  /** Record batches; a view of the answer. */
  readonly records: Uint8Array;
}

/** The answer to a fetch. */
export interface FetchResponse {
  readonly throttleMs: number;
  readonly errorCode: number;
  /** The session's id; 0 without one. */
  readonly sessionId: number;
  /** What was fetched; in a session only of partitions with something new. */
  readonly partitions: readonly FetchedPartition[];
}

/** Encodes a request. Partitions of one topic in a row share its name. */
export function encodeFetch(request: FetchRequest): Uint8Array {
  const out = new ByteWriter(64 + request.partitions.length * 64);
  out.int32(-1); // replica id: a client
  out.int32(request.maxWaitMs);
  out.int32(1); // min bytes
  out.int32(request.maxBytes);
  out.int8(request.readCommitted ? 1 : 0);
  out.int32(request.sessionId);
  out.int32(request.sessionEpoch);
  const runs = runsOf(request.partitions);
  out.int32(runs.length);
  for (const run of runs) {
    out.string(run[0]!.topic);
    out.int32(run.length);
    for (const { partition, offset } of run) {
      out.int32(partition);
      out.int32(-1); // leader epoch: not checked
      out.int64(offset);
      out.int64(-1); // log start offset: a follower's
      out.int32(request.partitionBytes);
    }
  }
  const forgotten = runsOf(request.forgotten);
  out.int32(forgotten.length);
  for (const run of forgotten) {
    out.string(run[0]!.topic);
    out.int32(run.length);
    for (const { partition } of run) out.int32(partition);
  }
  out.string(""); // rack
  return out.done();
}

/** Neighbours of one topic. */
function runsOf<P extends TopicPartition>(partitions: readonly P[]): P[][] {
  const runs: P[][] = [];
  for (const partition of partitions) {
    const last = runs.at(-1);
    if (last !== undefined && last[0]!.topic === partition.topic) last.push(partition);
    else runs.push([partition]);
  }
  return runs;
}

/**
 * Decodes an answer to a request for these partitions; the records stay as they are.
 *
 * @throws {DamagedAnswer} When it is no such answer: it can't be decoded, or tells of partitions that were
 * not asked for, twice of one, or outside a session not of all.
 */
export function checkedFetch(
  bytes: Uint8Array,
  asked: ReadonlyMap<string, unknown>,
  inSession: boolean,
): FetchResponse {
  let answer: FetchResponse;
  try {
    answer = decodeFetch(bytes);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new DamagedAnswer(`an answer of ${bytes.length} bytes that is none to a fetch`, { cause: error });
  }
  const told = new Set<string>();
  for (const { topic, partition } of answer.partitions) {
    const key = partitionKey(topic, partition);
    if (!asked.has(key)) throw new DamagedAnswer(`an answer about ${key}, which was not asked for`);
    if (told.has(key)) throw new DamagedAnswer(`an answer that tells twice of ${key}`);
    told.add(key);
  }
  if (!inSession && answer.errorCode === 0 && told.size < asked.size) {
    throw new DamagedAnswer(`an answer about ${told.size} of ${asked.size} partitions`);
  }
  return answer;
}

/**
 * Decodes an answer; the records stay as they are.
 * @throws {RangeError} When the bytes end early, or there are more.
 */
export function decodeFetch(bytes: Uint8Array): FetchResponse {
  const input = new ByteReader(bytes);
  const throttleMs = input.int32();
  const errorCode = input.int16();
  const sessionId = input.int32();
  const partitions = input.array(() => {
    const topic = input.string();
    return input.array((): FetchedPartition => {
      const partition = input.int32();
      const errorCode = input.int16();
      const highWatermark = input.int64();
      const lastStableOffset = input.int64();
      const startOffset = input.int64();
      const aborted = input.array(() => ({ producerId: input.int64(), firstOffset: input.int64() }));
      input.int32(); // preferred read replica
      const records = input.bytes();
      return { topic, partition, errorCode, highWatermark, lastStableOffset, startOffset, aborted, records };
    });
  }).flat();
  if (input.left !== 0) {
    throw new RangeError(
      `Cannot read Kafka data: received ${bytes.length} bytes, ${input.left} more than a fetch's`,
    );
  }
  return { throttleMs, errorCode, sessionId, partitions };
}
