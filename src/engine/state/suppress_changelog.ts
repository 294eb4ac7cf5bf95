/**
 * The format of a suppression's changelog, Kafka Streams' version 3: the context of the record (time, offset,
 * topic, partition, headers), the value before the key was held back, the one before its last change, the new
 * one, and the time that orders the buffer. Numbers are big-endian; a length of −1 is null, and −2 in the
 * second value says that it equals the first.
 *
 * @module
 */
import type { RecordHeader, RecordHeaders } from "../../kafka/port/record_set.ts";
import { getInt32, getTime, putInt32, putTime, TIME_BYTES } from "../windows/time_bytes.ts";

/** A change as it is held back. */
export interface BufferedChange {
  /** What orders the buffer, in ms since the epoch. */
  time: number;
  /** The record's timestamp, in ms since the epoch. */
  timestamp: number;
  offset: number;
  topic: string;
  partition: number;
  headers: RecordHeaders;
  /** The value before the key was held back. */
  prior: Uint8Array | null;
  /** The value before the last change. */
  old: Uint8Array | null;
  value: Uint8Array | null;
}

/** The header that says which version a changelog record has. */
export const VERSION_HEADERS: RecordHeaders = [{ key: "v", value: Uint8Array.of(3) }];

const NULL = -1;
const SAME_AS_PRIOR = -2;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Whether a changelog record is of the version that {@linkcode decodeChange} reads. */
export function isCurrentFormat(headers: RecordHeaders): boolean {
  const version = headers.findLast(({ key }) => key === "v")?.value;
  return version?.length === 1 && version[0] === 3;
}

/** The bytes of a changelog record's value. */
export function encodeChange(change: BufferedChange): Uint8Array {
  const topic = encoder.encode(change.topic);
  const headers = change.headers.map(({ key, value }) => ({ key: encoder.encode(key), value }));
  let size = 2 * TIME_BYTES + 4 + topic.length + 4 + 4;
  for (const { key, value } of headers) size += 8 + key.length + (value?.length ?? 0);
  const sameOld = change.old !== null && change.old === change.prior;
  size += 12 + (change.prior?.length ?? 0) + (sameOld ? 0 : change.old?.length ?? 0) +
    (change.value?.length ?? 0);
  const bytes = new Uint8Array(size + TIME_BYTES);
  let at = putTime(bytes, 0, change.timestamp);
  at = putTime(bytes, at, change.offset);
  at = putSized(bytes, at, topic);
  at = putInt32(bytes, at, change.partition);
  at = putInt32(bytes, at, headers.length);
  for (const { key, value } of headers) at = putSized(bytes, putSized(bytes, at, key), value);
  at = putSized(bytes, at, change.prior);
  at = sameOld ? putInt32(bytes, at, SAME_AS_PRIOR) : putSized(bytes, at, change.old);
  at = putSized(bytes, at, change.value);
  putTime(bytes, at, change.time);
  return bytes;
}

/**
 * Reads what {@linkcode encodeChange} wrote; keeps no reference to `bytes`. `undefined` when they end before
 * the change does.
 */
export function decodeChange(bytes: Uint8Array): BufferedChange | undefined {
  const reader = new Reader(bytes);
  const timestamp = reader.time();
  const offset = reader.time();
  const topic = reader.text();
  const partition = reader.int();
  const headers: RecordHeader[] = [];
  for (let count = reader.int(); count > 0 && reader.isWhole; count--) {
    headers.push({ key: reader.text(), value: reader.sized() });
  }
  const prior = reader.sized();
  const oldLength = reader.int();
  const old = oldLength === SAME_AS_PRIOR ? prior : reader.sized(oldLength);
  const value = reader.sized();
  const time = reader.time();
  return reader.isWhole
    ? { timestamp, offset, topic, partition, headers, prior, old, value, time }
    : undefined;
}

/** Reads parts one after the other, never past the end whatever lengths they claim. */
class Reader {
  /** Whether all that was read was there. */
  isWhole = true;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  int(): number {
    const at = this.#take(4);
    return at < 0 ? 0 : getInt32(this.#bytes, at);
  }

  time(): number {
    const at = this.#take(TIME_BYTES);
    return at < 0 ? 0 : getTime(this.#bytes, at);
  }

  sized(length = this.int()): Uint8Array | null {
    const at = length < 0 ? -1 : this.#take(length);
    return at < 0 ? null : this.#bytes.slice(at, at + length);
  }

  text(): string {
    return decoder.decode(this.sized() ?? new Uint8Array(0));
  }

  /** Where a part of this length begins; −1 when that many bytes are not left. */
  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) this.isWhole = false;
    if (!this.isWhole) return -1;
    this.#at = at + length;
    return at;
  }
}

function putSized(bytes: Uint8Array, at: number, part: Uint8Array | null): number {
  if (part === null) return putInt32(bytes, at, NULL);
  bytes.set(part, at + 4);
  return putInt32(bytes, at, part.length) + part.length;
}
