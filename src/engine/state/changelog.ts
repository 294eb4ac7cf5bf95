/**
 * The formats of changelog records, which are Kafka Streams' own: a key-value store's record is its key and value with the
 * value's timestamp; a join window store's key is followed by the timestamp (8 bytes, big-endian) and a sequence number (4
 * bytes) that keeps several values of one key and time apart.
 *
 * @module
 */
import type { RecordHeaders } from "../../kafka/port/record_set.ts";
import type { TopicCount } from "../record/stats.ts";
import type { ProcessorContext } from "../record/processor_context.ts";
import type { KeyBytes } from "../record/key_bytes.ts";

/** Bytes that a window store's changelog key has behind the store's key. */
export const WINDOW_SUFFIX_BYTES = 12;

/** Writes the changes of one store, of one task, to its changelog partition. */
export class ChangelogWriter {
  readonly topic: string;
  readonly #context: ProcessorContext;
  readonly #written: TopicCount;
  #windowKey = new Uint8Array(256);
  #sequence = 0;

  constructor(topic: string, context: ProcessorContext) {
    this.topic = topic;
    this.#context = context;
    this.#written = context.stats.producedTo(topic);
  }

  /** Goes on counting after the sequence number of a restored windowed key, so that compaction never takes a new entry for it. */
  continueAfter(bytes: Uint8Array, keyTo: number): void {
    this.continueAfterSequence(windowSequence(bytes, keyTo));
  }

  /** As {@linkcode continueAfter}, for entries that are in a store on disk already. */
  continueAfterSequence(sequence: number): void {
    this.#sequence = Math.max(this.#sequence, sequence);
  }

  /** The sequence number that the next windowed entry will have. */
  get nextSequence(): number {
    return (this.#sequence + 1) & 0x7fffffff;
  }

  /** Writes a value, or with `null` a tombstone. */
  write(
    key: KeyBytes,
    value: Uint8Array | null,
    from: number,
    to: number,
    timestamp: number,
    headers?: RecordHeaders,
  ): void {
    const { producer, partition } = this.#context;
    if (this.#context.mayOverflow) this.#context.checkPending(this.topic);
    producer.append(this.topic, partition, timestamp, key.bytes, key.from, key.to, value, from, to, headers);
    this.#written.count++;
  }

  /** Writes an entry of a join window store. */
  writeWindowed(key: KeyBytes, value: Uint8Array, from: number, to: number, timestamp: number): void {
    const { producer, partition } = this.#context;
    if (this.#context.mayOverflow) this.#context.checkPending(this.topic);
    const length = key.to - key.from;
    if (length + WINDOW_SUFFIX_BYTES > this.#windowKey.length) {
      this.#windowKey = new Uint8Array(length * 2 + WINDOW_SUFFIX_BYTES);
    }
    const windowKey = this.#windowKey;
    for (let i = 0; i < length; i++) windowKey[i] = key.bytes[key.from + i]!;
    putInt32(windowKey, length, Math.floor(timestamp / 2 ** 32));
    putInt32(windowKey, length + 4, timestamp >>> 0);
    putInt32(windowKey, length + 8, this.#sequence = this.nextSequence);
    producer.append(
      this.topic,
      partition,
      timestamp,
      windowKey,
      0,
      length + WINDOW_SUFFIX_BYTES,
      value,
      from,
      to,
    );
    this.#written.count++;
  }
}

function putInt32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** Reads the timestamp of a join window store's changelog key, in ms since the epoch. */
export function windowTimestamp(bytes: Uint8Array, keyTo: number): number {
  const at = keyTo - WINDOW_SUFFIX_BYTES;
  return getInt32(bytes, at) * 2 ** 32 + (getInt32(bytes, at + 4) >>> 0);
}

/** Reads the sequence number of a join window store's changelog key. */
export function windowSequence(bytes: Uint8Array, keyTo: number): number {
  return getInt32(bytes, keyTo - 4);
}

function getInt32(bytes: Uint8Array, at: number): number {
  return bytes[at]! << 24 | bytes[at + 1]! << 16 | bytes[at + 2]! << 8 | bytes[at + 3]!;
}
