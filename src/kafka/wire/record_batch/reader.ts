/**
 * Reads the record batches (format v2) that a fetch gave for one partition.
 *
 * @module
 */
import { RecordSet } from "../../port/record_set.ts";
import { type FetchedPartition, isUnreadable, plain, readBatches, type Segment } from "./batches.ts";
import { CorruptRecordError } from "./errors.ts";
import { SMALLEST_RECORD } from "./format.ts";
import { readVarint, readVarlong, varintEnd } from "./varint.ts";

export type { AbortedTransaction } from "./aborted.ts";
export { type FetchedPartition, isUnreadable, type UnreadableBatch } from "./batches.ts";

/**
 * Reads all whole batches; a truncated one at the end is left for the next fetch. Control batches and those
 * of aborted transactions give no records, but move {@linkcode RecordSet.nextOffset} on. The checksum of each
 * batch is verified.
 *
 * The set points into the fetched bytes without a copy. When a batch is compressed it is decompressed; when
 * that gives more than one buffer, they are copied into one, so that a fetch is always one set.
 *
 * @example
 * ```ts
 * import { readRecordSet } from "./reader.ts";
 * import { BatchWriter } from "./writer.ts";
 * import { whole } from "../../port/bytes_range.ts";
 *
 * const value = new TextEncoder().encode("c3004f2a00d9a5");
 * const writer = new BatchWriter();
 * writer.append(Date.now(), null, whole(value));
 * const bytes = writer.finish();
 * const fetched = { topic: "SESSIONS", partition: 0, fetchOffset: 0, bytes, from: 0, to: bytes.length };
 * const set = readRecordSet({ ...fetched, startOffset: 0, endOffset: 1 });
 * console.log(set.count, set.nextOffset, new TextDecoder().decode(set.value(0)!)); // 1 1 c3004f2a00d9a5
 * ```
 *
 * @throws {CorruptRecordError} When the bytes are no valid batch; see also
 * {@linkcode FetchedPartition.onUnreadable}.
 * @throws {UnsupportedBatchError} For batches in formats 0 and 1, unknown compressions, and those that
 * decompress to too much.
 */
export function readRecordSet(fetched: FetchedPartition): RecordSet {
  const segments: Segment[] = [];
  let nextOffset = readBatches(fetched, segments);
  const bytes = unite(segments, fetched.bytes);
  let capacity = 0;
  for (const segment of segments) capacity += segment.count;
  const arrays = new Arrays(capacity);
  let count = 0;
  for (let i = 0, at = 0; i < segments.length; i++) {
    const segment = segments[i]!;
    // In one buffer already, or one after the other in the buffer that was made of them.
    const from = segment.bytes === bytes ? segment.from : at;
    const to = from + segment.to - segment.from;
    at += segment.to - segment.from;
    try {
      count = readRecords(segment, bytes, from, to, fetched.fetchOffset, arrays, count);
    } catch (error) {
      const { onUnreadable, fetchOffset } = fetched;
      if (!isUnreadable(error) || onUnreadable === undefined || segment.baseOffset <= fetchOffset) {
        throw error;
      }
      onUnreadable(error);
      nextOffset = segment.baseOffset;
      break;
    }
  }
  const { topic, partition, endOffset, startOffset } = fetched;
  return new RecordSet({ topic, partition, count, bytes, ...arrays, nextOffset, endOffset, startOffset });
}

/** The parallel arrays of a set, in one allocation. */
class Arrays {
  readonly offsets: Float64Array;
  readonly timestamps: Float64Array;
  readonly keyStart: Int32Array;
  readonly keyEnd: Int32Array;
  readonly valueStart: Int32Array;
  readonly valueEnd: Int32Array;
  readonly headersStart: Int32Array;

  constructor(capacity: number) {
    const buffer = new ArrayBuffer(capacity * 36);
    this.offsets = new Float64Array(buffer, 0, capacity);
    this.timestamps = new Float64Array(buffer, capacity * 8, capacity);
    this.keyStart = new Int32Array(buffer, capacity * 16, capacity);
    this.keyEnd = new Int32Array(buffer, capacity * 20, capacity);
    this.valueStart = new Int32Array(buffer, capacity * 24, capacity);
    this.valueEnd = new Int32Array(buffer, capacity * 28, capacity);
    this.headersStart = new Int32Array(buffer, capacity * 32, capacity);
  }
}

/** One buffer with all segments: the one that they share, else a copy of them one after the other. */
function unite(segments: readonly Segment[], fetchedBytes: Uint8Array): Uint8Array {
  if (segments.length === 0) return plain(fetchedBytes);
  const first = segments[0]!.bytes;
  let size = 0;
  let shared = true;
  for (const segment of segments) {
    size += segment.to - segment.from;
    if (segment.bytes !== first) shared = false;
  }
  if (shared) return first;
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const segment of segments) {
    bytes.set(segment.bytes.subarray(segment.from, segment.to), at);
    at += segment.to - segment.from;
  }
  return bytes;
}

/**
 * HOT PATH. Reads a segment's records, which are in `[from, to)` of `bytes`, into the arrays from index
 * `into` on.
 * @returns The index after the last.
 */
function readRecords(
  segment: Segment,
  bytes: Uint8Array,
  from: number,
  to: number,
  fetchOffset: number,
  arrays: Arrays,
  into: number,
): number {
  const { count, baseOffset, lastOffsetDelta, baseTimestamp, logAppendTime } = segment;
  const { offsets, timestamps, keyStart, keyEnd, valueStart, valueEnd, headersStart } = arrays;
  let at = from;
  for (let i = 0; i < count; i++) {
    // Each varint: one byte in line, more by a call. Beyond the buffer a byte is undefined, which is not
    // below 0x80 either.
    let byte = bytes[at]!;
    let length: number;
    if (byte < 0x80) {
      length = (byte >>> 1) ^ -(byte & 1);
      at++;
    } else {
      length = readVarint(bytes, at, to);
      if (varintEnd < 0) throw malformed(segment, i, "length");
      at = varintEnd;
    }
    const end = at + length;
    if (length < SMALLEST_RECORD - 1 || end > to) throw malformed(segment, i, `length of ${length}`);
    at++; // attributes: none are defined

    byte = bytes[at]!;
    let timestampDelta: number;
    if (byte < 0x80) {
      timestampDelta = (byte >>> 1) ^ -(byte & 1);
      at++;
    } else {
      timestampDelta = readVarlong(bytes, at, end);
      if (varintEnd < 0) throw malformed(segment, i, "timestamp delta");
      at = varintEnd;
    }

    byte = bytes[at]!;
    let offsetDelta: number;
    if (byte < 0x80) {
      offsetDelta = (byte >>> 1) ^ -(byte & 1);
      at++;
    } else {
      offsetDelta = readVarint(bytes, at, end);
      if (varintEnd < 0) throw malformed(segment, i, "offset delta");
      at = varintEnd;
    }
    if (offsetDelta < 0 || offsetDelta > lastOffsetDelta) {
      throw malformed(segment, i, `offset delta of ${offsetDelta}`);
    }

    byte = bytes[at]!;
    let keyLength: number;
    if (byte < 0x80) {
      keyLength = (byte >>> 1) ^ -(byte & 1);
      at++;
    } else {
      keyLength = readVarint(bytes, at, end);
      if (varintEnd < 0) throw malformed(segment, i, "key length");
      at = varintEnd;
    }
    if (keyLength < -1 || keyLength > end - at) throw malformed(segment, i, `key length of ${keyLength}`);
    const keyFrom = keyLength < 0 ? -1 : at;
    if (keyLength > 0) at += keyLength;
    const keyTo = keyLength < 0 ? -1 : at;

    byte = bytes[at]!;
    let valueLength: number;
    if (byte < 0x80) {
      valueLength = (byte >>> 1) ^ -(byte & 1);
      at++;
    } else {
      valueLength = readVarint(bytes, at, end);
      if (varintEnd < 0) throw malformed(segment, i, "value length");
      at = varintEnd;
    }
    if (valueLength < -1 || valueLength > end - at) {
      throw malformed(segment, i, `value length of ${valueLength}`);
    }
    const valueFrom = valueLength < 0 ? -1 : at;
    if (valueLength > 0) at += valueLength;

    if (at + 1 !== end || bytes[at] !== 0) checkHeaders(segment, i, bytes, at, end);
    if (baseOffset + offsetDelta >= fetchOffset) {
      offsets[into] = baseOffset + offsetDelta;
      timestamps[into] = logAppendTime === undefined ? baseTimestamp + timestampDelta : logAppendTime;
      keyStart[into] = keyFrom;
      keyEnd[into] = keyTo;
      valueStart[into] = valueFrom;
      valueEnd[into] = valueLength < 0 ? -1 : at;
      headersStart[into] = at;
      into++;
    }
    at = end;
  }
  if (at !== to) {
    throw new CorruptRecordError(segment.at, `${to - at} bytes after the last of ${count} records`);
  }
  return into;
}

/** Verifies that headers fill `[from, end)`, so that parsing them later can't go astray. */
function checkHeaders(segment: Segment, record: number, bytes: Uint8Array, from: number, end: number): void {
  let at = from;
  const headers = readVarint(bytes, at, end);
  at = varintEnd;
  if (at < 0 || headers < 0) throw malformed(segment, record, "header count");
  for (let i = 0; i < headers; i++) {
    for (let part = 0; part < 2; part++) {
      const length = readVarint(bytes, at, end);
      if (varintEnd < 0 || length < -part || length > end - varintEnd) {
        throw malformed(segment, record, "header");
      }
      at = varintEnd + Math.max(length, 0); // a key has a length; a value may be null, -1
    }
  }
  if (at !== end) throw malformed(segment, record, `length, ${end - at} bytes more than its fields`);
}

function malformed(segment: Segment, record: number, what: string): CorruptRecordError {
  return new CorruptRecordError(segment.at, `a malformed ${what} in record ${record} of ${segment.count}`);
}
