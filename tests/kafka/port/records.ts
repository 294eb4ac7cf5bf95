/** Writes and reads records in tests, with texts for keys and values. */
import type { Log } from "../../../src/kafka/port/log.ts";
import type { Producer } from "../../../src/kafka/port/producer.ts";
import type { RecordHeaders, RecordSet } from "../../../src/kafka/port/record_set.ts";
import { whole } from "../../../src/kafka/port/bytes_range.ts";

/** A record to write. What is left out: partition 0, timestamp 0, no key, no value, no headers. */
export interface TestRecord {
  readonly partition?: number;
  readonly timestamp?: number;
  readonly key?: string | Uint8Array | null;
  readonly value?: string | Uint8Array | null;
  readonly headers?: RecordHeaders;
}

/** A record as it was read. */
export interface ReadRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: RecordHeaders;
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

export function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : new TextDecoder().decode(bytes);
}

/** Appends records without waiting for them. */
export function appendRecords(producer: Producer, topic: string, records: readonly TestRecord[]): void {
  for (const { partition = 0, timestamp = 0, key = null, value = null, headers } of records) {
    const k = typeof key === "string" ? bytes(key) : key;
    const v = typeof value === "string" ? bytes(value) : value;
    producer.append(topic, partition, timestamp, whole(k), whole(v), headers);
  }
}

/** Writes records and waits until they are acknowledged. */
export async function writeRecords(log: Log, topic: string, records: readonly TestRecord[]): Promise<void> {
  const producer = log.producer();
  appendRecords(producer, topic, records);
  await producer.close();
}

/** The records of fetched sets, in their order. */
export function recordsOf(sets: readonly RecordSet[]): ReadRecord[] {
  return sets.flatMap((set) =>
    Array.from({ length: set.count }, (_, i) => ({
      partition: set.partition,
      offset: set.offsets[i]!,
      timestamp: set.timestamps[i]!,
      key: text(set.key(i)),
      value: text(set.value(i)),
      headers: set.headers(i),
    }))
  );
}

/** All records of a topic that are in it now, partition by partition. */
export async function readRecords(log: Log, topic: string): Promise<ReadRecord[]> {
  const partitions = (await log.describeTopics([topic])).get(topic)?.partitions ?? 0;
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const [starts, ends] = await Promise.all([log.offsets(all, "earliest"), log.offsets(all, "latest")]);
  const fetcher = log.fetcher();
  const read: ReadRecord[][] = all.map(() => []);
  let open = 0;
  for (const [i, partition] of all.entries()) {
    if (starts[i]! >= ends[i]!) continue;
    open++;
    fetcher.assign(partition, starts[i]!);
  }
  const until = performance.now() + 20_000;
  while (open > 0) {
    if (performance.now() > until) {
      throw new Error(`${topic} has partitions that were not read to their end in 20 s`);
    }
    for (const set of await fetcher.poll(1_000)) {
      read[set.partition]!.push(...recordsOf([set]));
      if (set.nextOffset >= ends[set.partition]!) {
        fetcher.unassign(set);
        open--;
      }
    }
  }
  await fetcher.close();
  return read.flat();
}
