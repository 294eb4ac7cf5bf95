/**
 * HOT PATH. A stretch of a partition of the in-memory log.
 *
 * @module
 */
import { type BytesRange, ReusedRange } from "../port/bytes_range.ts";

/** A chunk is closed when it holds this many bytes. */
const CHUNK_BYTES = 262_144;
/** A chunk is closed when it holds this many records. */
const CHUNK_RECORDS = 4_096;
/** What is copied from one chunk to another. */
const copied = new ReusedRange();

/** Records one after another, in bytes and columns that grow until the chunk is full. */
export class MemoryChunk {
  /** The offset of the first record, or at least one that no earlier chunk has. */
  readonly base: number;
  count: number = 0;
  used: number = 0;
  maxTimestamp: number = -Infinity;
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
    key: BytesRange | null,
    value: BytesRange | null,
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
    if (key !== null) at = copyBytes(key.bytes, key.from, key.to, this.bytes, at);
    this.keyEnd[i] = at;
    this.valueStart[i] = value === null ? -1 : at;
    if (value !== null) at = copyBytes(value.bytes, value.from, value.to, this.bytes, at);
    this.valueEnd[i] = at;
    this.headersStart[i] = headers === null ? -1 : at;
    if (headers !== null) at = copyBytes(headers, 0, headers.length, this.bytes, at);
    this.used = at;
    this.count = i + 1;
  }

  /** Appends record `i` of another chunk. */
  copy(from: MemoryChunk, i: number): void {
    const at = this.used - from.starts[i]!;
    const start = from.starts[i]!;
    const size = from.sizeOf(i);
    // The bytes go over as they are; only where they begin changes.
    this.append(
      from.offsets[i]!,
      from.timestamps[i]!,
      copied.set(from.bytes, start, start + size),
      null,
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

  /**
   * The index after the last record that keeps the range from `from` on within `maxBytes`; at least
   * `from + 1`.
   */
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

const latin1 = new TextDecoder("latin1");
