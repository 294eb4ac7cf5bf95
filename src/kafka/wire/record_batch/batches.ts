/**
 * The batches (format v2) in what a fetch gave for one partition: walked, verified and decompressed.
 *
 * @module
 */
import { AbortedProducers, type AbortedTransaction } from "./aborted.ts";
import { COMPRESSIONS, decompress } from "./compression.ts";
import { crc32c } from "./crc32c.ts";
import { CorruptRecordError, type RecordPosition, UnsupportedBatchError } from "./errors.ts";
import {
  ATTRIBUTES,
  BASE_TIMESTAMP,
  COMPRESSION_MASK,
  CONTROL,
  CRC,
  LAST_OFFSET_DELTA,
  LENGTH,
  LENGTH_END,
  LOG_APPEND_TIME,
  MAGIC,
  MAX_TIMESTAMP,
  readInt32,
  readInt64,
  RECORD_COUNT,
  RECORDS,
  SMALLEST_RECORD,
} from "./format.ts";
import { InvalidCompression, TooLarge } from "./output.ts";

/** What a fetch gave for one partition. */
export interface FetchedPartition {
  readonly topic: string;
  readonly partition: number;
  /** The offset that was asked for: records below it, which a batch may begin with, are left out. */
  readonly fetchOffset: number;
  /**
   * The buffer that holds the batches in `[from, to)`; it must not be written to as long as the set is in
   * use.
   */
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  /** The end of what may be read ({@linkcode RecordSet.endOffset}). */
  readonly endOffset: number;
  /** The partition's first offset ({@linkcode RecordSet.startOffset}). */
  readonly startOffset: number;
  /** Leave these transactions' records out. Default: read all (read_uncommitted). */
  readonly abortedTransactions?: readonly AbortedTransaction[];
  /** How many bytes one batch may decompress to. Default 134,217,728. */
  readonly maxBatchBytes?: number;
  /**
   * Once so many bytes are decompressed, the batches that follow are left for the next fetch, so that a fetch
   * of small, highly compressed batches does not fill the memory. Default 67,108,864.
   */
  readonly maxDecompressedBytes?: number;
  /**
   * Told of a batch that is corrupt or not supported when others come before it: those are read, and the next
   * fetch begins with the one that is told of. Without it, and when it is the first one, it is thrown.
   */
  readonly onUnreadable?: (error: UnreadableBatch) => void;
}

/** Why a batch can't be read. */
export type UnreadableBatch = CorruptRecordError | UnsupportedBatchError;

/** Whether an error is one of a batch, not of this program. */
export function isUnreadable(error: unknown): error is UnreadableBatch {
  return error instanceof CorruptRecordError || error instanceof UnsupportedBatchError;
}

/** The records of one batch: where they are, and what they are relative to. */
export interface Segment {
  readonly at: RecordPosition;
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly baseOffset: number;
  readonly lastOffsetDelta: number;
  readonly baseTimestamp: number;
  /** The timestamp of all records; `undefined` when each has its own. */
  readonly logAppendTime: number | undefined;
}

/**
 * Walks the batches, verifies them and adds those with records to read to `segments`.
 * @returns The offset to read next.
 */
export function readBatches(fetched: FetchedPartition, segments: Segment[]): number {
  const walked = { nextOffset: fetched.fetchOffset };
  try {
    walkBatches(fetched, segments, walked);
  } catch (error) {
    const { onUnreadable } = fetched;
    if (!isUnreadable(error) || onUnreadable === undefined || walked.nextOffset === fetched.fetchOffset) {
      throw error;
    }
    onUnreadable(error);
  }
  return walked.nextOffset;
}

/** @param walked How far it came, also when it throws. */
function walkBatches(
  fetched: FetchedPartition,
  segments: Segment[],
  walked: { nextOffset: number },
): void {
  const { topic, partition, fetchOffset, to } = fetched;
  const { maxBatchBytes = 134_217_728, maxDecompressedBytes = 67_108_864 } = fetched;
  const bytes = plain(fetched.bytes);
  const transactions = fetched.abortedTransactions
    ? new AbortedProducers(fetched.abortedTransactions)
    : undefined;
  let decompressed = 0;
  let lastOffset = -1;
  let at = fetched.from;
  while (to - at >= LENGTH_END) {
    const length = readInt32(bytes, at + LENGTH);
    const end = at + LENGTH_END + length;
    const where = { topic, partition, offset: readInt64(bytes, at) };
    if (to - at > MAGIC) checkFormat(bytes[at + MAGIC]!, where);
    if (length < RECORDS - LENGTH_END) {
      throw new CorruptRecordError(where, `a batch length of ${length}, shorter than its header`);
    }
    if (end > to) break; // truncated
    const computed = crc32c(bytes, at + ATTRIBUTES, end);
    const stored = readInt32(bytes, at + CRC) >>> 0;
    if (computed !== stored) {
      throw new CorruptRecordError(
        where,
        `checksum ${hex(stored)} over bytes with checksum ${hex(computed)}`,
      );
    }
    const attributes = (bytes[at + ATTRIBUTES]! << 8) | bytes[at + ATTRIBUTES + 1]!;
    const lastOffsetDelta = readInt32(bytes, at + LAST_OFFSET_DELTA);
    const count = readInt32(bytes, at + RECORD_COUNT);
    if (lastOffsetDelta < 0 || count < 0) {
      throw new CorruptRecordError(where, `${count} records with a last offset delta of ${lastOffsetDelta}`);
    }
    if (!Number.isSafeInteger(where.offset + lastOffsetDelta + 1)) {
      throw new CorruptRecordError({ ...where, offset: fetchOffset }, `a batch at offset ${where.offset}`);
    }
    if (where.offset <= lastOffset) {
      // No checksum covers a batch's offset: which of the two is wrong can't be told.
      segments.length = 0;
      walked.nextOffset = fetchOffset;
      throw new CorruptRecordError(where, `a batch that does not come after offset ${lastOffset}`);
    }
    lastOffset = where.offset + lastOffsetDelta;
    const afterBatch = lastOffset + 1;
    const skipped = transactions?.skips(bytes, at, end, attributes, afterBatch - 1, where) ?? false;
    if (!skipped && !(attributes & CONTROL) && afterBatch > fetchOffset && count > 0) {
      const compression = attributes & COMPRESSION_MASK;
      let records = { bytes, from: at + RECORDS, to: end };
      if (compression !== 0) {
        if (decompressed > 0 && decompressed >= maxDecompressedBytes) return;
        const plainBytes = decompressBatch(
          compression,
          bytes.subarray(at + RECORDS, end),
          maxBatchBytes,
          where,
        );
        decompressed += plainBytes.length;
        records = { bytes: plainBytes, from: 0, to: plainBytes.length };
      }
      // Before an array is made for so many.
      if (count * SMALLEST_RECORD > records.to - records.from) {
        throw new CorruptRecordError(where, `${count} records in ${records.to - records.from} bytes`);
      }
      segments.push({
        at: where,
        ...records,
        count,
        baseOffset: where.offset,
        lastOffsetDelta,
        baseTimestamp: readInt64(bytes, at + BASE_TIMESTAMP),
        logAppendTime: attributes & LOG_APPEND_TIME ? readInt64(bytes, at + MAX_TIMESTAMP) : undefined,
      });
    }
    walked.nextOffset = Math.max(walked.nextOffset, afterBatch);
    at = end;
  }
  if (to > fetched.from && walked.nextOffset === fetchOffset) {
    // Brokers send the batch of the offset whole, or nothing (since Fetch version 3): fetching again and
    // again would not get on.
    const received = at === fetched.from
      ? `${to - at} bytes without a whole batch`
      : "only batches that end before it";
    throw new CorruptRecordError({ topic, partition, offset: fetchOffset }, received);
  }
}

function checkFormat(magic: number, where: RecordPosition): void {
  if (magic === 2) return;
  if (magic > 2) throw new CorruptRecordError(where, `record format ${magic}, which does not exist`);
  throw new UnsupportedBatchError(
    where,
    `record format ${magic}`,
    "only format 2 is read, which Kafka writes since 0.11: upgrade the broker to 4.0 or newer, or copy the " +
      "topic",
  );
}

function decompressBatch(type: number, input: Uint8Array, limit: number, where: RecordPosition): Uint8Array {
  if (type >= COMPRESSIONS.length) {
    throw new UnsupportedBatchError(
      where,
      `compression type ${type}`,
      `known are ${COMPRESSIONS.join(", ")}`,
    );
  }
  try {
    return decompress(type, input, limit);
  } catch (error) {
    if (error instanceof InvalidCompression) {
      throw new CorruptRecordError(
        where,
        `a batch that is no valid ${COMPRESSIONS[type]}: ${error.message}`,
        { cause: error },
      );
    }
    if (!(error instanceof TooLarge)) throw error;
    throw new UnsupportedBatchError(
      where,
      `a ${COMPRESSIONS[type]} batch of ${error.message}`,
      "raise maxBatchBytes, or skip the batch",
    );
  }
}

/**
 * Bytes as a plain Uint8Array, without a copy: a Buffer has another hidden class, and reading from both kinds
 * would slow down all reading.
 */
export function plain(bytes: Uint8Array): Uint8Array {
  return bytes.constructor === Uint8Array
    ? bytes
    : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

function hex(checksum: number): string {
  return `0x${checksum.toString(16).padStart(8, "0")}`;
}
