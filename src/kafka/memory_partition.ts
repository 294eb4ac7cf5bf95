/**
 * HOT PATH. One partition of the in-memory log: an append-only array of records, kept as chunks of bytes and columns, so
 * that a record costs its bytes and 48 more and no object. What a chunk holds is never written again, so that the sets
 * read from it are views, not copies.
 *
 * @module
 */
import { type RecordHeaders, RecordSet } from "./record_set.ts";

/** A chunk is closed when it holds this many bytes … */
const CHUNK_BYTES = 262_144;
/** … or this many records. */
const CHUNK_RECORDS = 4_096;
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
  #chunks: Chunk[] = [];
  #start = 0;
  #end = 0;
  #bytes = 0;
  #records = 0;
  /** Bytes at which the next compaction is due. */
  #compactAt = COMPACT_MIN_BYTES;
  /** Tombstones before this offset have been through a compaction; the next one drops them. */
  #tombstonesSeen = 0;

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

  /** Bytes held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether the partition takes no record without a key, as a compacted one. */
  get needsKeys(): boolean {
    return this.#policy.compact;
  }

  /** Appends a copy of one record and returns how many bytes it takes. */
  append(
    timestamp: number,
    key: Uint8Array | null,
    keyFrom: number,
    keyTo: number,
    value: Uint8Array | null,
    valueFrom: number,
    valueTo: number,
    headers?: RecordHeaders,
  ): number {
    const encodedHeaders = headers === undefined || headers.length === 0 ? null : encodeHeaders(headers);
    const size = (key === null ? 0 : keyTo - keyFrom) + (value === null ? 0 : valueTo - valueFrom) +
      (encodedHeaders === null ? 0 : encodedHeaders.length);
    let chunk = this.#chunks[this.#chunks.length - 1];
    if (chunk === undefined || !chunk.fits(size)) {
      this.#retain();
      chunk = new Chunk(this.#end);
      this.#chunks.push(chunk);
    }
    chunk.append(
      this.#end,
      timestamp,
      key,
      keyFrom,
      keyTo,
      value,
      valueFrom,
      valueTo,
      encodedHeaders,
      size,
    );
    this.#end++;
    this.#bytes += size;
    this.#records++;
    if (this.waiting.size > 0) this.#wake();
    return size;
  }

  /** The records from `offset` on that one chunk holds, at most `maxBytes` but at least one; `undefined` at the end. */
  read(offset: number, maxBytes: number): RecordSet | undefined {
    if (offset >= this.#end) return undefined;
    for (let c = this.#chunkOf(offset); c < this.#chunks.length; c++) {
      const chunk = this.#chunks[c]!;
      const from = chunk.indexOf(offset);
      if (from === chunk.count) continue;
      const to = chunk.upTo(from, maxBytes);
      const next = this.#chunks[c + 1]?.base ?? this.#end;
      return this.#set(chunk, from, to, to === chunk.count ? next : chunk.offsets[to]!);
    }
    return this.#set(EMPTY, 0, 0, this.#end);
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
      this.#start = first?.base ?? this.#end;
    }
    if (compact && this.#bytes >= this.#compactAt) this.#compact();
  }

  /** Keeps the last record of each key; a tombstone stays for one compaction more, so that readers under way see it. */
  #compact(): void {
    const last = new Map<string, number>();
    for (const chunk of this.#chunks) {
      for (let i = 0; i < chunk.count; i++) last.set(chunk.keyText(i), chunk.offsets[i]!);
    }
    const kept: Chunk[] = [];
    let bytes = 0;
    let records = 0;
    for (const chunk of this.#chunks) {
      for (let i = 0; i < chunk.count; i++) {
        const offset = chunk.offsets[i]!;
        if (last.get(chunk.keyText(i)) !== offset) continue;
        if (chunk.valueStart[i]! < 0 && offset < this.#tombstonesSeen) continue;
        let into = kept[kept.length - 1];
        if (into === undefined || !into.fits(chunk.sizeOf(i))) kept.push(into = new Chunk(offset));
        into.copy(chunk, i);
        bytes += chunk.sizeOf(i);
        records++;
      }
    }
    this.#chunks = kept;
    this.#bytes = bytes;
    this.#records = records;
    this.#tombstonesSeen = this.#end;
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

  #set(chunk: Chunk, from: number, to: number, nextOffset: number): RecordSet {
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
      endOffset: this.#end,
      startOffset: this.#start,
    });
  }

  #wake(): void {
    const waiting = [...this.waiting];
    this.waiting.clear();
    for (const wake of waiting) wake();
  }
}

/** Records one after another, in bytes and columns that grow until the chunk is full. */
class Chunk {
  /** The offset of the first record, or at least one that no earlier chunk has. */
  readonly base: number;
  count = 0;
  used = 0;
  maxTimestamp = -Infinity;
  bytes: Uint8Array = new Uint8Array(2_048);
  offsets: Float64Array = new Float64Array(32);
  timestamps: Float64Array = new Float64Array(32);
  /** Where each record's bytes begin. */
  starts: Int32Array = new Int32Array(32);
  keyStart: Int32Array = new Int32Array(32);
  keyEnd: Int32Array = new Int32Array(32);
  valueStart: Int32Array = new Int32Array(32);
  valueEnd: Int32Array = new Int32Array(32);
  headersStart: Int32Array = new Int32Array(32);

  constructor(base: number) {
    this.base = base;
  }

  fits(size: number): boolean {
    return this.count === 0 || (this.count < CHUNK_RECORDS && this.used + size <= CHUNK_BYTES);
  }

  append(
    offset: number,
    timestamp: number,
    key: Uint8Array | null,
    keyFrom: number,
    keyTo: number,
    value: Uint8Array | null,
    valueFrom: number,
    valueTo: number,
    headers: Uint8Array | null,
    size: number,
  ): void {
    const i = this.count;
    if (i === this.offsets.length) this.#growColumns();
    if (this.used + size > this.bytes.length) this.#growBytes(this.used + size);
    let at = this.used;
    this.starts[i] = at;
    this.offsets[i] = offset;
    this.timestamps[i] = timestamp;
    if (timestamp > this.maxTimestamp) this.maxTimestamp = timestamp;
    this.keyStart[i] = key === null ? -1 : at;
    if (key !== null) at = copyBytes(key, keyFrom, keyTo, this.bytes, at);
    this.keyEnd[i] = at;
    this.valueStart[i] = value === null ? -1 : at;
    if (value !== null) at = copyBytes(value, valueFrom, valueTo, this.bytes, at);
    this.valueEnd[i] = at;
    this.headersStart[i] = headers === null ? -1 : at;
    if (headers !== null) at = copyBytes(headers, 0, headers.length, this.bytes, at);
    this.used = at;
    this.count = i + 1;
  }

  /** Appends record `i` of another chunk. */
  copy(from: Chunk, i: number): void {
    const at = this.used - from.starts[i]!;
    const start = from.starts[i]!;
    const size = from.sizeOf(i);
    // The bytes go over as they are; only where they begin changes.
    this.append(
      from.offsets[i]!,
      from.timestamps[i]!,
      from.bytes,
      start,
      start + size,
      null,
      0,
      0,
      null,
      size,
    );
    const to = this.count - 1;
    this.keyStart[to] = from.keyStart[i]! < 0 ? -1 : from.keyStart[i]! + at;
    this.keyEnd[to] = from.keyEnd[i]! + at;
    this.valueStart[to] = from.valueStart[i]! < 0 ? -1 : from.valueStart[i]! + at;
    this.valueEnd[to] = from.valueEnd[i]! + at;
    this.headersStart[to] = from.headersStart[i]! < 0 ? -1 : from.headersStart[i]! + at;
  }

  /** The index of the first record at `offset` or after it; `count` when there is none. */
  indexOf(offset: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.offsets[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The index after the last record that keeps the range from `from` on within `maxBytes`; at least `from + 1`. */
  upTo(from: number, maxBytes: number): number {
    const limit = this.starts[from]! + maxBytes;
    if (this.used <= limit) return this.count;
    let to = from + 1;
    while (to < this.count && (to + 1 < this.count ? this.starts[to + 1]! : this.used) <= limit) to++;
    return to;
  }

  sizeOf(i: number): number {
    return (i + 1 < this.count ? this.starts[i + 1]! : this.used) - this.starts[i]!;
  }

  /** The key as a string with one character a byte: a map's key for compaction. */
  keyText(i: number): string {
    return latin1.decode(this.bytes.subarray(this.keyStart[i]!, this.keyEnd[i]!));
  }

  #growColumns(): void {
    this.offsets = grown(this.offsets, new Float64Array(this.count * 2));
    this.timestamps = grown(this.timestamps, new Float64Array(this.count * 2));
    this.starts = grown(this.starts, new Int32Array(this.count * 2));
    this.keyStart = grown(this.keyStart, new Int32Array(this.count * 2));
    this.keyEnd = grown(this.keyEnd, new Int32Array(this.count * 2));
    this.valueStart = grown(this.valueStart, new Int32Array(this.count * 2));
    this.valueEnd = grown(this.valueEnd, new Int32Array(this.count * 2));
    this.headersStart = grown(this.headersStart, new Int32Array(this.count * 2));
  }

  #growBytes(needed: number): void {
    this.bytes = grown(this.bytes, new Uint8Array(Math.max(needed, this.bytes.length * 2)));
  }
}

function grown<T extends Uint8Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Short ranges are cheaper by hand than by a view and `set`. */
function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): number {
  if (end - start > 48) {
    to.set(from.subarray(start, end), at);
    return at + end - start;
  }
  for (let i = start; i < end; i++) to[at++] = from[i]!;
  return at;
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
const latin1 = new TextDecoder("latin1");
const EMPTY = new Chunk(0);
