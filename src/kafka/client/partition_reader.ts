/**
 * What an answer to a fetch has for one partition, taken up: records, where reading goes on, or why it can't
 * be read.
 *
 * @module
 */
import { LEADER_MOVED } from "./leader_moved.ts";
import type { Cluster } from "./cluster.ts";
import { errorOf } from "./kafkajs_internals.ts";
import type { LeaderSearch } from "./leader_search.ts";
import type { OutOfRange } from "./out_of_range.ts";
import { believed, MOST_TRIES, type ReadFailures } from "./read_failures.ts";
import type { ReadState } from "./read_state.ts";
import { isMissing, KafkaError } from "../port/errors.ts";
import type { FetcherOptions } from "../port/fetcher.ts";
import type { RecordSet } from "../port/record_set.ts";
import type { FetchedPartition } from "../wire/protocol/fetch.ts";
import { CorruptRecordError } from "../wire/record_batch/errors.ts";
import { isUnreadable, readRecordSet, type UnreadableBatch } from "../wire/record_batch/reader.ts";

/** Errors of a fetch after which the partition's leader has to be looked for again. */
const STALE_LEADER = new Set([
  ...LEADER_MOVED,
  "FENCED_LEADER_EPOCH",
  "UNKNOWN_LEADER_EPOCH",
  "OFFSET_NOT_AVAILABLE",
]);
/** What the parallel arrays of a record set take a record, in bytes. */
const ARRAYS_BYTES = 36;

/** What a {@linkcode PartitionReader} is made of. */
export interface PartitionReaderParts {
  readonly cluster: Cluster;
  readonly failures: ReadFailures;
  readonly leaders: LeaderSearch;
  readonly outOfRange: OutOfRange;
  readonly readCommitted: boolean;
  readonly options: Pick<FetcherOptions, "onEndMoved" | "onMissing">;
}

/**
 * Takes up what was fetched of a partition. A batch that can't be right never gets further: it is fetched
 * again, with what comes before it kept, and ends the reading only when it comes again and again.
 */
export class PartitionReader {
  readonly #parts: PartitionReaderParts;

  constructor(parts: PartitionReaderParts) {
    this.#parts = parts;
  }

  /**
   * Takes up what the broker `from` had for a partition, whose assignment still holds. Returns false when
   * that has to be fetched again on another connection.
   */
  async accept(state: ReadState, fetched: FetchedPartition, from: string): Promise<boolean> {
    const { name, message, retriable } = errorOf(fetched.errorCode);
    if (name === "NONE") return this.#read(state, fetched, from);
    if (name === "OFFSET_OUT_OF_RANGE") {
      await this.#parts.outOfRange.moveIntoRange(state, from);
      return true;
    }
    const text = `${message} (${name})`;
    const error = new KafkaError(
      name,
      `Cannot read ${state.key}: ${text}`,
      retriable || STALE_LEADER.has(name),
    );
    // One wrong byte can make any error of none.
    if (!error.retriable && this.#parts.failures.fetchAgain(state, text, from, true)) {
      this.#parts.cluster.settings.health?.failed(error);
      return false;
    }
    this.#refused(state, error);
    return true;
  }

  #refused(state: ReadState, error: KafkaError): void {
    const { cluster, failures, leaders, options } = this.#parts;
    const { topic, partition } = state;
    if (isMissing(error)) options.onMissing?.({ topic, partition });
    const stale = STALE_LEADER.has(error.code);
    failures.failed(state, error, stale);
    if (stale) leaders.begin("a failure");
    else if (error.retriable) failures.putOff(state, cluster.settings.retryBackoffMs);
  }

  /** Takes what was fetched up to the first batch that can't be read. Returns false when there is one. */
  #read(state: ReadState, fetched: FetchedPartition, from: string): boolean {
    const endOffset = this.#parts.readCommitted ? fetched.lastStableOffset : fetched.highWatermark;
    this.#noteBounds(state, fetched, endOffset);
    const { failures } = this.#parts;
    let unreadable: UnreadableBatch | undefined;
    let set: RecordSet | undefined;
    try {
      set = this.#decode(state, fetched, endOffset, (error) => unreadable = error);
    } catch (error) {
      if (!isUnreadable(error)) {
        failures.failed(state, error, false);
        return true;
      }
      unreadable = error;
    }
    if (set !== undefined && set.nextOffset !== state.offset) keep(state, set, fetched.records);
    if (unreadable === undefined) {
      believed(state);
      return true;
    }
    this.#parts.cluster.settings.health?.failed(unreadable);
    if (!failures.fetchAgain(state, unreadable.received, from)) state.error = damaged(unreadable, from);
    return false;
  }

  /** Notes what the log holds of the partition; tells when its end has moved and nothing to poll says so. */
  #noteBounds(
    state: ReadState,
    { startOffset, records }: FetchedPartition,
    endOffset: number,
  ): void {
    const moved = state.endOffset !== endOffset;
    state.bounds = { startOffset, endOffset };
    state.failingSince = undefined;
    state.endOffset = endOffset;
    if (moved && records.length === 0) this.#parts.options.onEndMoved?.();
  }

  #decode(
    state: ReadState,
    { topic, partition, records, startOffset, aborted }: FetchedPartition,
    endOffset: number,
    onUnreadable: (error: UnreadableBatch) => void,
  ): RecordSet | undefined {
    if (records.length === 0) return undefined;
    return readRecordSet({
      topic,
      partition,
      fetchOffset: state.offset,
      bytes: records,
      from: 0,
      to: records.length,
      endOffset,
      startOffset,
      abortedTransactions: this.#parts.readCommitted ? aborted : undefined,
      onUnreadable,
    });
  }
}

/** Keeps what was read until it is polled. */
function keep(state: ReadState, set: RecordSet, fetched: Uint8Array): void {
  state.offset = set.nextOffset;
  state.set = set;
  const own = set.bytes.buffer === fetched.buffer ? fetched.length : set.bytes.length;
  state.heldBytes = own + set.count * ARRAYS_BYTES;
  believed(state);
}

/** What to do about a batch that is the same however often it is fetched. */
function damaged(error: UnreadableBatch, from: string): Error {
  // The remedy of one that is not supported is its own.
  if (!(error instanceof CorruptRecordError)) return error;
  return new Error(
    `Cannot read ${error.topic}-${error.partition} at offset ${error.offset}: received ${error.received} ` +
      `from ${from} ${MOST_TRIES} times in a row, so the batch is damaged where it is stored; restore it ` +
      "from a replica (stop this leader, so that another one takes over), or set the group's offset past " +
      "the batch, whose records are lost then",
    { cause: error },
  );
}
