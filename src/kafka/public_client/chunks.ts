/**
 * What waits to be sent to one partition, as kafkajs takes it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { IHeaders, Message } from "kafkajs";
import type { RecordHeaders } from "../port/record_set.ts";

/** What a record takes besides its key and value, in bytes: about what record format v2 adds. */
const RECORD_OVERHEAD = 12;

/** A record to send. */
export interface Outgoing extends Message {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly partition: number;
  readonly timestamp: string;
  /** As they were given: kafkajs's form of them loses their order. */
  readonly given: RecordHeaders;
  readonly size: number;
}

/** Records that are sent together, and again together: the broker knows a repetition by that. */
export interface Chunk {
  readonly queue: Queue;
  readonly messages: readonly Outgoing[];
  readonly size: number;
  /** When its first record was appended, in ms of `performance.now()`. */
  readonly createdAt: number;
}

/** The open chunk of a partition, and the sealed ones in their order. One of them is under way at most, which keeps the order. */
export class Queue {
  readonly topic: string;
  readonly partition: number;
  open: Outgoing[] = [];
  openBytes = 0;
  /** When the open chunk was begun, in ms of `performance.now()`. */
  openedAt = 0;
  readonly sealed: Chunk[] = [];
  sending = false;

  constructor(topic: string, partition: number) {
    this.topic = topic;
    this.partition = partition;
  }

  /** Closes the open chunk, if there is one. */
  seal(): Chunk | undefined {
    if (this.open.length === 0) return undefined;
    const chunk: Chunk = {
      queue: this,
      messages: this.open,
      size: this.openBytes,
      createdAt: this.openedAt,
    };
    this.open = [];
    this.openBytes = 0;
    this.sealed.push(chunk);
    return chunk;
  }
}

/** Copies a record. */
export function outgoing(
  partition: number,
  timestamp: number,
  key: Uint8Array | null,
  value: Uint8Array | null,
  headers: RecordHeaders | undefined,
): Outgoing {
  let size = RECORD_OVERHEAD + (key?.length ?? 0) + (value?.length ?? 0);
  for (const header of headers ?? []) size += header.key.length + (header.value?.length ?? 0) + 2;
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    partition,
    timestamp: String(timestamp),
    given: headers ?? [],
    size,
    ...(headers === undefined || headers.length === 0 ? {} : { headers: kafkajsHeaders(headers) }),
  };
}

/** Two chunks of half the records each. */
export function halvesOf({ queue, messages, createdAt }: Chunk): Chunk[] {
  const half = Math.ceil(messages.length / 2);
  return [messages.slice(0, half), messages.slice(half)].map((messages) => ({
    queue,
    messages,
    size: messages.reduce((sum, { size }) => sum + size, 0),
    createdAt,
  }));
}

/** kafkajs can't write a header without a value: it becomes an empty one. */
function kafkajsHeaders(headers: RecordHeaders): IHeaders {
  const object: Record<string, Buffer[]> = {};
  for (const { key, value } of headers) (object[key] ??= []).push(Buffer.from(value ?? []));
  return object;
}
