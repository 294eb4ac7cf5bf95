/**
 * The port of who reads the records of partitions.
 *
 * @module
 */
import type { RecordSet } from "./record_set.ts";
import type { TopicPartition } from "./topics.ts";

/** Settings of a {@linkcode Fetcher}. */
export interface FetcherOptions {
  /** How long the broker may hold a fetch open when there is nothing to read, in ms. Default 100. */
  readonly maxWaitMs?: number;
  /**
   * How long the broker may hold a fetch open when nothing has come for a while, in ms. What is assigned or
   * resumed meanwhile does not wait for it. Default 500, or `maxWaitMs` where that is longer.
   */
  readonly quietWaitMs?: number;
  /**
   * Bytes a partition a fetch. Default 147,456: a full batch of a {@linkcode Producer} fits, and what is
   * fetched is processed before the garbage collector takes it for long-lived. Of batches that are larger
   * than this a fetch brings one.
   */
  readonly partitionBytes?: number;
  /** Bytes a fetch. Default 4,194,304. */
  readonly maxBytes?: number;
  /**
   * What all brokers together may be asked for at a time where a round trip takes 12 ms or more:
   * {@linkcode FetcherOptions.partitionBytes} and `maxBytes` then grow with the round trip and with how fast
   * records are polled, so that an answer lasts until the next one is there. Default 16,777,216.
   */
  readonly longLinkBytes?: number;
  /**
   * Bytes that are fetched and not polled, beyond which a fetch brings no more than `partitionBytes` in all.
   * Default 33,554,432.
   */
  readonly bufferBytes?: number;
  /** Whether records of open and aborted transactions are left out. Default `read_committed`. */
  readonly isolation?: "read_committed" | "read_uncommitted";
  /**
   * What to do when an assigned offset is not in the log (any more): start over at an end, or fail
   * {@linkcode Fetcher.poll}. Default `earliest`.
   */
  readonly outOfRange?: "earliest" | "latest" | "fail";
  /** Told when an offset was out of range and where reading goes on. */
  readonly onOutOfRange?: (partition: TopicPartition, wanted: number, resumedAt: number) => void;
  /**
   * Told when the {@linkcode Fetcher.endOffset} of a partition has changed without records that the next poll
   * would return.
   */
  readonly onEndMoved?: () => void;
  /**
   * Told when an assigned partition can't be read since the log does not know it; again with each try. It
   * goes on trying.
   */
  readonly onMissing?: (partition: TopicPartition) => void;
  /** Topics that it will read: it gets ready for them at once, so that its first fetch need not wait. */
  readonly topics?: readonly string[];
}

/** What the log holds of a partition. */
export interface PartitionBounds {
  /** The offset of the first record. */
  readonly startOffset: number;
  /**
   * The end of what may be read: with `read_committed` the last stable offset, which stays where the first
   * open transaction begins; else the offset that the next record appended will get.
   */
  readonly endOffset: number;
}

/**
 * Reads partitions that it is told to read; knows nothing of groups. Fetches ahead: one fetch a broker is
 * under way while the last is processed.
 */
export interface Fetcher {
  /**
   * Adds a partition, or moves it: the next record is the one at `offset` or the first after it. What was
   * fetched for it before is dropped.
   */
  assign(partition: TopicPartition, offset: number): void;
  /** Stops reading a partition. After this call `poll` returns nothing of it. */
  unassign(partition: TopicPartition): void;
  /**
   * `poll` returns nothing more of this partition until {@linkcode resume}; at most one fetch's worth of it
   * is kept.
   */
  pause(partition: TopicPartition): void;
  /** Fetches a paused partition again, from where it stood. */
  resume(partition: TopicPartition): void;
  /**
   * The sets fetched since the last poll, at most one a partition; as soon as there is one, else after
   * `timeoutMs` or {@linkcode wakeup} with none. Sets may have no records but a `nextOffset`.
   * @throws When the broker refuses for good (not authorized, corrupt records, offset out of range with
   * `fail`), with what was read and why.
   */
  poll(timeoutMs: number): Promise<RecordSet[]>;
  /** Ends a waiting {@linkcode poll} now; or, when none waits, the next one returns at once. */
  wakeup(): void;
  /** The end of what may be read of a partition as of the last fetch answer; `undefined` before the first. */
  endOffset(partition: TopicPartition): number | undefined;
  /**
   * What the log holds of a partition, as of a second ago at most; `undefined` when it was not read since, as
   * a paused one.
   */
  bounds(partition: TopicPartition): PartitionBounds | undefined;
  /** Ends what is under way and frees the connections. */
  close(): Promise<void>;
}
