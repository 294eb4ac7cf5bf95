import { gzipSync } from "node:zlib";
import type { BytesRange } from "../../port/bytes_range.ts";
import type { RecordHeaders } from "../../port/record_set.ts";
import { crc32c } from "./crc32c.ts";
import {
  ATTRIBUTES,
  BASE_OFFSET,
  BASE_SEQUENCE,
  BASE_TIMESTAMP,
  CRC,
  LAST_OFFSET_DELTA,
  LEADER_EPOCH,
  LENGTH,
  LENGTH_END,
  MAGIC,
  MAX_TIMESTAMP,
  PRODUCER_EPOCH,
  PRODUCER_ID,
  RECORD_COUNT,
  RECORDS,
  TRANSACTIONAL,
  writeInt16,
  writeInt32,
  writeInt64,
} from "./format.ts";
import { CopySource } from "./copy.ts";
import { sizeOfVarint, sizeOfVarlong, writeVarint, writeVarlong } from "./varint.ts";

/** What the header of a batch says about its producer. */
export interface BatchOptions {
  /**
   * The producer's id, from InitProducerId: a safe integer. Default −1: neither idempotent nor transactional.
   */
  readonly producerId?: number;
  /** The producer's epoch, from InitProducerId. Default −1. */
  readonly producerEpoch?: number;
  /** The sequence number of the first record. Default −1. */
  readonly baseSequence?: number;
  /** Whether the batch is part of a transaction. Default false. */
  readonly transactional?: boolean;
  /** How the records are compressed. Default `none`. */
  readonly compression?: "none" | "gzip";
}

/** Beyond these the difference of two timestamps would not be exact; it is the year 73,000. */
const LATEST_TIMESTAMP = 2 ** 51;

/**
 * HOT PATH. Builds one partition's record batch (format v2) in a buffer that grows and is used again.
 *
 * @example
 * ```ts
 * import { BatchWriter } from "./writer.ts";
 * import { whole } from "../../port/bytes_range.ts";
 *
 * const value = new TextEncoder().encode("c3004f2a00d9a5");
 * const writer = new BatchWriter();
 * writer.append(Date.now(), null, whole(value));
 * const batch = writer.finish(); // for a produce request
 * console.log(batch.length === writer.sizeInBytes, writer.count); // true 1
 * writer.reset();
 * ```
 */
export class BatchWriter {
  #bytes: Uint8Array;
  #view: DataView;
  readonly #keys: CopySource = new CopySource();
  readonly #values: CopySource = new CopySource();
  #end = RECORDS;
  #count = 0;
  #baseTimestamp = 0;
  #maxTimestamp = 0;

  /** @param size Bytes to begin with. */
  constructor(size = 16_384) {
    this.#bytes = new Uint8Array(Math.max(size, RECORDS));
    this.#view = new DataView(this.#bytes.buffer);
  }

  /** How many records were appended since the last reset. */
  get count(): number {
    return this.#count;
  }

  /** The size of the batch as it is now, header included, before compression. */
  get sizeInBytes(): number {
    return this.#end;
  }

  /** The size of its buffer, in bytes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /**
   * Appends one record, copying its key and value.
   *
   * @param timestamp Whole milliseconds since the epoch; −1 for none.
   * @param key The bytes of the key, or `null` for none.
   * @param value The bytes of the value, or `null` for none.
   * @throws {RangeError} When the timestamp is no such number; nothing was appended then.
   */
  append(
    timestamp: number,
    key: BytesRange | null,
    value: BytesRange | null,
    headers?: RecordHeaders,
  ): void {
    if (!(timestamp >= -1 && timestamp <= LATEST_TIMESTAMP) || timestamp !== Math.floor(timestamp)) {
      throw new RangeError(
        `Cannot append a record: received timestamp ${timestamp}; allowed are whole milliseconds since ` +
          "1970, or -1 for none",
      );
    }
    const baseTimestamp = this.#count === 0 ? timestamp : this.#baseTimestamp;
    const timestampDelta = timestamp - baseTimestamp;
    const keyLength = key === null ? -1 : key.to - key.from;
    const valueLength = value === null ? -1 : value.to - value.from;
    const encodedHeaders = headers === undefined || headers.length === 0 ? undefined : encodeHeaders(headers);
    const length = 1 + sizeOfVarlong(timestampDelta) + sizeOfVarint(this.#count) +
      sizeOfVarint(keyLength) + (keyLength > 0 ? keyLength : 0) +
      sizeOfVarint(valueLength) + (valueLength > 0 ? valueLength : 0) +
      (encodedHeaders === undefined ? 1 : encodedHeaders.length);

    let at = this.#end;
    const needed = at + length + 5;
    if (needed > this.#bytes.length) this.#grow(needed);
    const bytes = this.#bytes;
    at = writeVarint(bytes, at, length);
    bytes[at++] = 0; // attributes: none are defined
    at = writeVarlong(bytes, at, timestampDelta);
    at = writeVarint(bytes, at, this.#count);
    at = writeVarint(bytes, at, keyLength);
    if (keyLength > 0) at = this.#keys.copy(key!.bytes, key!.from, key!.to, bytes, this.#view, at);
    at = writeVarint(bytes, at, valueLength);
    if (valueLength > 0) at = this.#values.copy(value!.bytes, value!.from, value!.to, bytes, this.#view, at);
    if (encodedHeaders === undefined) {
      bytes[at++] = 0;
    } else {
      bytes.set(encodedHeaders, at);
      at += encodedHeaders.length;
    }

    this.#end = at;
    this.#baseTimestamp = baseTimestamp;
    this.#maxTimestamp = this.#count === 0 || timestamp > this.#maxTimestamp ? timestamp : this.#maxTimestamp;
    this.#count++;
  }

  /**
   * Completes the header. Can be called again, such as for a retry with another producer epoch.
   *
   * @returns The batch: uncompressed, a view of the writer's buffer, valid until the next {@linkcode append}
   * or {@linkcode reset}.
   * @throws {RangeError} When nothing was appended, or the producer id is no safe integer.
   */
  finish(options: BatchOptions = {}): Uint8Array {
    const { producerId = -1, producerEpoch = -1, baseSequence = -1, transactional = false } = options;
    if (this.#count === 0) {
      throw new RangeError("Cannot finish a record batch: received no records; append one first");
    }
    if (!Number.isSafeInteger(producerId)) {
      throw new RangeError(
        `Cannot finish a record batch: received producer id ${producerId}; allowed is a safe integer`,
      );
    }
    const gzip = options.compression === "gzip";
    const batch = gzip ? this.#compressed() : this.#bytes.subarray(0, this.#end);
    writeInt64(batch, BASE_OFFSET, 0); // the broker sets it
    writeInt32(batch, LENGTH, batch.length - LENGTH_END);
    writeInt32(batch, LEADER_EPOCH, -1);
    batch[MAGIC] = 2;
    writeInt16(batch, ATTRIBUTES, (gzip ? 1 : 0) | (transactional ? TRANSACTIONAL : 0));
    writeInt32(batch, LAST_OFFSET_DELTA, this.#count - 1);
    writeInt64(batch, BASE_TIMESTAMP, this.#baseTimestamp);
    writeInt64(batch, MAX_TIMESTAMP, this.#maxTimestamp);
    writeInt32(batch, RECORD_COUNT, this.#count);
    stamp(batch, producerId, producerEpoch, baseSequence);
    return batch;
  }

  /** Begins a new batch in the same buffer. */
  reset(): void {
    this.#end = RECORDS;
    this.#count = 0;
    // A fetched buffer may be large.
    this.#keys.forget();
    this.#values.forget();
  }

  #compressed(): Uint8Array {
    const compressed = gzipSync(this.#bytes.subarray(RECORDS, this.#end));
    const batch = new Uint8Array(RECORDS + compressed.length);
    batch.set(compressed, RECORDS);
    return batch;
  }

  #grow(needed: number): void {
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, needed));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/**
 * Says in a finished batch, and in its checksum, that it is another producer's or has other sequence numbers.
 */
export function stamp(
  batch: Uint8Array,
  producerId: number,
  producerEpoch: number,
  baseSequence: number,
): void {
  writeInt64(batch, PRODUCER_ID, producerId);
  writeInt16(batch, PRODUCER_EPOCH, producerEpoch);
  writeInt32(batch, BASE_SEQUENCE, baseSequence);
  writeInt32(batch, CRC, crc32c(batch, ATTRIBUTES, batch.length));
}

/** Headers as record format v2 has them. Few records have any, so this may allocate. */
export function encodeHeaders(headers: RecordHeaders): Uint8Array {
  const parts = headers.map(({ key, value }) => ({ key: encoder.encode(key), value }));
  let size = 5;
  for (const { key, value } of parts) size += 10 + key.length + (value?.length ?? 0);
  const bytes = new Uint8Array(size);
  let at = writeVarint(bytes, 0, parts.length);
  for (const { key, value } of parts) {
    at = writeVarint(bytes, at, key.length);
    bytes.set(key, at);
    at += key.length;
    at = writeVarint(bytes, at, value === null ? -1 : value.length);
    if (value === null) continue;
    bytes.set(value, at);
    at += value.length;
  }
  return bytes.subarray(0, at);
}

const encoder = new TextEncoder();
