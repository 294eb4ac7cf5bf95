/**
 * HOT PATH. One partition of the in-memory log: an append-only array of records, kept as chunks of bytes and
 * columns, so that a record costs its bytes and 48 more and no object. What a chunk holds is never written
 * again, so that the sets read from it are views, not copies.
 *
 * @module
 */
import type { BytesRange } from "../port/bytes_range.ts";
import { MemoryChunk } from "./chunk.ts";
import { PartitionTransactions } from "./partition_transactions.ts";
import { type RecordHeaders, RecordSet } from "../port/record_set.ts";

/** A compacted partition is not compacted again before this many bytes were added. */
const COMPACT_MIN_BYTES = 1_048_576;

/** What a partition keeps. Limits left out are none. */
export interface PartitionPolicy {
  /** Keep only the last record of each key (`cleanup.policy` holds `compact`). */
  readonly compact: boolean;
  /** Bytes (keys, values, headers) kept at least; older chunks beyond them go. */
  readonly retentionBytes?: number;
  /** Records kept at least; older chunks beyond them go. */
  readonly retentionRecords?: number;
  /** Chunks whose records are all older than this go, in ms. */
  readonly retentionMs?: number;
}

/** One partition of the in-memory log. */
export class MemoryPartition {
  readonly topic: string;
  readonly partition: number;
  /** Called, and then forgotten, at the next append. */
  readonly waiting: Set<() => void> = new Set();
  readonly #policy: PartitionPolicy;
  readonly #now: () => number;
  #chunks: MemoryChunk[] = [];
  #start = 0;
  #end = 0;
  #bytes = 0;
  #records = 0;
  /** Bytes at which the next compaction is due. */
  #compactAt = COMPACT_MIN_BYTES;
  /** Tombstones before this offset have been through a compaction; the next one drops them. */
  #tombstonesSeen = 0;
  readonly #transactions = new PartitionTransactions();

  constructor(topic: string, partition: number, policy: PartitionPolicy, now: () => number) {
    this.topic = topic;
    this.partition = partition;
    this.#policy = policy;
    this.#now = now;
  }

  /** The first offset that can be read. */
  get start(): number {
    return this.#start;
  }

  /** The offset that the next record will get. */
  get end(): number {
    return this.#end;
  }

  /** The last stable offset: nothing before it belongs to an open transaction. */
  get stable(): number {
    return this.#transactions.firstOpen ?? this.#end;
  }

  /** The end of what may be read: with `committed` nothing of open transactions, nor after them. */
  readableEnd(committed: boolean): number {
    return committed ? this.stable : this.#end;
  }

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the partition takes no record without a key, as a compacted one. */
  get needsKeys(): boolean {
    return this.#policy.compact;
  }

  /**
   * Appends a copy of one record and returns how many bytes it takes.
   * @param transaction Whose open transaction it belongs to.
   */
  append(
    timestamp: number,
    key: BytesRange | null,
    value: BytesRange | null,
    headers?: RecordHeaders,
    transaction?: unknown,
  ): number {
    if (transaction !== undefined) this.#transactions.append(transaction, this.#end);
    const encodedHeaders = headers === undefined || headers.length === 0 ? null : encodeHeaders(headers);
    const size = (key === null ? 0 : key.to - key.from) + (value === null ? 0 : value.to - value.from) +
      (encodedHeaders === null ? 0 : encodedHeaders.length);
    let chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined || !chunk.fits(size)) {
      this.#retain();
      chunk = new MemoryChunk(this.#end);
      this.#chunks.push(chunk);
    }
    chunk.append(
      this.#end,
      timestamp,
      key,
      value,
      encodedHeaders,
      size,
    );
    this.#end++;
    this.#bytes += size;
    this.#records++;
    if (this.waiting.size > 0) this.#wake();
    return size;
  }

  /** Ends a transaction's part in this partition. As in Kafka, the marker that says so has an offset. */
  endTransaction(transaction: unknown, commit: boolean): void {
    if (!this.#transactions.end(transaction, commit)) return;
    this.#end++;
    if (this.waiting.size > 0) this.#wake();
  }

  /**
   * The records from `offset` on that one chunk holds, at most `maxBytes` but at least one; `undefined` at
   * the end. With `committed` none of open transactions or after them, nor of aborted ones.
   */
  read(offset: number, maxBytes: number, committed: boolean): RecordSet | undefined {
    const end = this.readableEnd(committed);
    if (offset >= end) return undefined;
    let limit = end;
    if (committed) {
      offset = this.#transactions.afterAborted(offset);
      if (offset >= end) return this.#set(EMPTY, 0, 0, end, end);
      limit = Math.min(end, this.#transactions.nextAborted(offset));
    }
    for (let c = this.#chunkOf(offset); c < this.#chunks.length; c++) {
      const chunk = this.#chunks[c]!;
      const from = chunk.indexOf(offset);
      if (from === chunk.count) continue;
      if (chunk.offsets[from]! >= limit) break;
      const last = limit === this.#end ? chunk.count : chunk.indexOf(limit);
      const to = Math.min(last, chunk.upTo(from, maxBytes));
      const next = to < chunk.count ? chunk.offsets[to]! : this.#chunks[c + 1]?.base ?? this.#end;
      return this.#set(chunk, from, to, Math.min(next, limit), end);
    }
    return this.#set(EMPTY, 0, 0, limit, end);
  }

  /**
   * Drops the records before an offset, which is at most the {@linkcode end}. Whole chunks are freed, what is
   * left of one can't be read.
   */
  deleteBefore(offset: number): void {
    if (offset <= this.#start) return;
    let first = this.#chunks[0];
    while (first !== undefined && first.count > 0 && first.offsets[first.count - 1]! < offset) {
      this.#bytes -= first.used;
      this.#records -= first.count;
      this.#chunks.shift();
      first = this.#chunks[0];
    }
    this.#start = offset;
    this.#transactions.forgetBefore(offset);
  }

  /** Drops what the policy does not keep. Whole chunks go, so that a little more than the limit stays. */
  #retain(): void {
    const { retentionBytes, retentionRecords, retentionMs, compact } = this.#policy;
    const oldest = retentionMs === undefined ? -Infinity : this.#now() - retentionMs;
    let dropped = 0;
    let first = this.#chunks[0];
    while (
      first !== undefined &&
      ((retentionBytes !== undefined && this.#bytes - first.used >= retentionBytes) ||
        (retentionRecords !== undefined && this.#records - first.count >= retentionRecords) ||
        first.maxTimestamp < oldest)
    ) {
      this.#bytes -= first.used;
      this.#records -= first.count;
      first = this.#chunks[++dropped];
    }
    if (dropped > 0) {
      this.#chunks.splice(0, dropped);
      this.#start = Math.max(this.#start, first?.base ?? this.#end);
      this.#transactions.forgetBefore(this.#start);
    }
    if (compact && this.#bytes >= this.#compactAt) this.#compact();
  }

  /**
   * Keeps the last record of each key; drops those of aborted transactions, and leaves alone those that may
   * yet be. A tombstone stays for one compaction more, so that readers under way see it.
   */
  #compact(): void {
    const last = new Map<string, number>();
    const stable = this.stable;
    for (const chunk of this.#chunks) {
      for (let i = 0; i < chunk.count; i++) {
        const offset = chunk.offsets[i]!;
        if (offset >= stable) break;
        if (this.#transactions.afterAborted(offset) === offset) last.set(chunk.keyText(i), offset);
      }
    }
    const kept: MemoryChunk[] = [];
    let bytes = 0;
    let records = 0;
    for (const chunk of this.#chunks) {
      for (let i = 0; i < chunk.count; i++) {
        const offset = chunk.offsets[i]!;
        if (offset < stable) {
          if (last.get(chunk.keyText(i)) !== offset) continue;
          if (chunk.valueStart[i]! < 0 && offset < this.#tombstonesSeen) continue;
        }
        let into = kept[kept.length - 1];
        if (into === undefined || !into.fits(chunk.sizeOf(i))) kept.push(into = new MemoryChunk(offset));
        into.copy(chunk, i);
        bytes += chunk.sizeOf(i);
        records++;
      }
    }
    this.#chunks = kept;
    this.#bytes = bytes;
    this.#records = records;
    this.#tombstonesSeen = stable;
    this.#compactAt = Math.max(COMPACT_MIN_BYTES, bytes * 2);
  }

  #chunkOf(offset: number): number {
    let low = 0;
    let high = this.#chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#chunks[middle]!.base <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #set(chunk: MemoryChunk, from: number, to: number, nextOffset: number, endOffset: number): RecordSet {
    return new RecordSet({
      topic: this.topic,
      partition: this.partition,
      count: to - from,
      bytes: chunk.bytes,
      offsets: chunk.offsets.subarray(from, to),
      timestamps: chunk.timestamps.subarray(from, to),
      keyStart: chunk.keyStart.subarray(from, to),
      keyEnd: chunk.keyEnd.subarray(from, to),
      valueStart: chunk.valueStart.subarray(from, to),
      valueEnd: chunk.valueEnd.subarray(from, to),
      headersStart: chunk.headersStart.subarray(from, to),
      nextOffset,
      endOffset,
      startOffset: this.#start,
    });
  }

  #wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** Headers as record format v2 writes them, which is what a {@linkcode RecordSet} reads. */
function encodeHeaders(headers: RecordHeaders): Uint8Array {
  const out: number[] = [];
  const varint = (value: number): void => {
    let zigzag = ((value << 1) ^ (value >> 31)) >>> 0;
    while (zigzag > 0x7f) {
      out.push((zigzag & 0x7f) | 0x80);
      zigzag >>>= 7;
    }
    out.push(zigzag);
  };
  varint(headers.length);
  for (const { key, value } of headers) {
    const name = utf8.encode(key);
    varint(name.length);
    for (const byte of name) out.push(byte);
    varint(value === null ? -1 : value.length);
    if (value !== null) { for (const byte of value) out.push(byte); }
  }
  return Uint8Array.from(out);
}

const utf8 = new TextEncoder();
const EMPTY = new MemoryChunk(0);
