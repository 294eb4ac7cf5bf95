/** What the tests of the record batch share. */
import { NO_HEADERS, type RecordHeaders, type RecordSet } from "../../../../src/kafka/port/record_set.ts";
import { type FetchedPartition, readRecordSet } from "../../../../src/kafka/wire/record_batch/reader.ts";
import type { BatchWriter } from "../../../../src/kafka/wire/record_batch/writer.ts";
import { whole } from "../../../../src/kafka/port/bytes_range.ts";

/** A record as plain values. */
export interface PlainRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: RecordHeaders;
}

/** Reads a partition's bytes, from offset 0 on unless told otherwise. */
export function read(bytes: Uint8Array, options: Partial<FetchedPartition> = {}): RecordSet {
  const at = { topic: "T", partition: 3, fetchOffset: 0, endOffset: 1000, startOffset: 0 };
  return readRecordSet({ ...at, bytes, from: 0, to: bytes.length, ...options });
}

/** All records of a set, copied. */
export function recordsOf(set: RecordSet): PlainRecord[] {
  return Array.from({ length: set.count }, (_, i) => ({
    offset: set.offsets[i]!,
    timestamp: set.timestamps[i]!,
    key: set.key(i)?.slice() ?? null,
    value: set.value(i)?.slice() ?? null,
    headers: set.headers(i),
  }));
}

/** Appends records to a writer. */
export function appendAll(writer: BatchWriter, records: readonly PlainRecord[]): void {
  for (const { timestamp, key, value, headers } of records) {
    writer.append(timestamp, whole(key), whole(value), headers);
  }
}

/** One buffer with all the bytes. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A random number generator with a seed (mulberry32), from 0 to 1. */
export function seeded(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b_79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Runs a property with a new seed, which the error names when it fails. */
export async function withSeed(body: (random: () => number) => void | Promise<void>): Promise<void> {
  const seed = Number(Deno.env.get("KOS_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  try {
    await body(seeded(seed));
  } catch (error) {
    throw new Error(`it fails with KOS_SEED=${seed}`, { cause: error });
  }
}

/** Random records with offsets from 0 on: empty, null and large keys and values, few headers, times that go back. */
export function randomRecords(random: () => number, count: number): PlainRecord[] {
  const whole = (below: number): number => Math.floor(random() * below);
  const bytes = (): Uint8Array | null => {
    const kind = random();
    if (kind < 0.1) return null;
    const size = kind < 0.2 ? 0 : kind < 0.8 ? whole(60) : kind < 0.97 ? whole(400) : whole(20_000);
    return Uint8Array.from({ length: size }, () => whole(random() < 0.5 ? 4 : 256));
  };
  const header = () => ({ key: ["", "a", "ключ", "x".repeat(whole(300))][whole(4)]!, value: bytes() });
  const times = [1_700_000_000_000, 0, -1, 2 ** 51];
  return Array.from({ length: count }, (_, offset) => ({
    offset,
    timestamp: random() < 0.05 ? times[whole(4)]! : 1_700_000_000_000 + whole(100_000) - 50_000,
    key: bytes(),
    value: bytes(),
    headers: random() < 0.1 ? Array.from({ length: 1 + whole(3) }, header) : NO_HEADERS,
  }));
}
