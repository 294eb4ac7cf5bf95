/**
 * HOT PATH. The records of one partition as they were fetched: parallel arrays over one buffer, so that
 * reading a record allocates nothing.
 */
export class RecordSet {
  /** The topic that the records were read from. */
  readonly topic: string;
  /** The partition of the topic. */
  readonly partition: number;
  /** How many records there are; the arrays may be longer. */
  readonly count: number;
  /** What the ranges below point into. Not written to as long as the set is in use. */
  readonly bytes: Uint8Array;
  /** The offset of each record. */
  readonly offsets: Float64Array;
  /** The timestamp of each record, in ms since the epoch. */
  readonly timestamps: Float64Array;
  /** Where each key begins in {@linkcode bytes}; −1 when the record has none. */
  readonly keyStart: Int32Array;
  /** Where each key ends in {@linkcode bytes}, exclusive. */
  readonly keyEnd: Int32Array;
  /** Where each value begins in {@linkcode bytes}; −1 when the record has none (a tombstone). */
  readonly valueStart: Int32Array;
  /** Where each value ends in {@linkcode bytes}, exclusive. */
  readonly valueEnd: Int32Array;
  /**
   * Where record i's header count (a varint) begins, as record format v2 has it; read by {@linkcode headers}.
   */
  readonly headersStart: Int32Array;
  /**
   * The offset to read next after this set: past the last record, and past what is not a record (control
   * records, compacted ones).
   */
  readonly nextOffset: number;
  /**
   * The end of what may be read, as of this fetch: the high watermark, or the last stable offset with
   * read_committed.
   */
  readonly endOffset: number;
  /** The partition's first offset as of this fetch. */
  readonly startOffset: number;

  /** Takes the arrays as they are, without a copy. */
  constructor(fields: RecordSetFields) {
    this.topic = fields.topic;
    this.partition = fields.partition;
    this.count = fields.count;
    this.bytes = fields.bytes;
    this.offsets = fields.offsets;
    this.timestamps = fields.timestamps;
    this.keyStart = fields.keyStart;
    this.keyEnd = fields.keyEnd;
    this.valueStart = fields.valueStart;
    this.valueEnd = fields.valueEnd;
    this.headersStart = fields.headersStart;
    this.nextOffset = fields.nextOffset;
    this.endOffset = fields.endOffset;
    this.startOffset = fields.startOffset;
  }

  /** A copy-free view of record i's key; `null` when it has none. */
  key(i: number): Uint8Array | null {
    const start = this.keyStart[i]!;
    return start < 0 ? null : this.bytes.subarray(start, this.keyEnd[i]!);
  }

  /** A copy-free view of record i's value; `null` for a tombstone. */
  value(i: number): Uint8Array | null {
    const start = this.valueStart[i]!;
    return start < 0 ? null : this.bytes.subarray(start, this.valueEnd[i]!);
  }

  /** Record i's headers, parsed now; {@linkcode NO_HEADERS} (the same empty array) when it has none. */
  headers(i: number): RecordHeaders {
    return parseHeaders(this.bytes, this.headersStart[i]!);
  }
}

/** The fields of a {@linkcode RecordSet}. */
export type RecordSetFields = Omit<RecordSet, "key" | "value" | "headers">;

/** One header of a record. */
export interface RecordHeader {
  /** The header's name. */
  readonly key: string;
  /** The header's bytes; `null` for none. */
  readonly value: Uint8Array | null;
}

/** A record's headers in their order. */
export type RecordHeaders = readonly RecordHeader[];

/** The headers of a record that has none. */
export const NO_HEADERS: RecordHeaders = [];

/**
 * Parses headers as record format v2 writes them: a varint count, then for each a varint-prefixed key and
 * value (−1 = null).
 */
export function parseHeaders(bytes: Uint8Array, from: number): RecordHeaders {
  if (from < 0 || bytes[from] === 0) return NO_HEADERS;
  let at = from;
  const varint = (): number => {
    let result = 0;
    let shift = 0;
    let byte: number;
    do {
      byte = bytes[at++]!;
      result |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte & 0x80);
    return (result >>> 1) ^ -(result & 1);
  };
  const headers: RecordHeader[] = [];
  for (let left = varint(); left > 0; left--) {
    const keyLength = varint();
    const key = decoder.decode(bytes.subarray(at, at += keyLength));
    const valueLength = varint();
    headers.push({ key, value: valueLength < 0 ? null : bytes.slice(at, at += valueLength) });
  }
  return headers;
}

const decoder = new TextDecoder();
