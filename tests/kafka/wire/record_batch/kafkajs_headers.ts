/**
 * Headers as kafkajs has them: an object by key, with an array where a key comes more than once. Their order across keys is lost, and
 * a value that is null can be read but not written.
 */
import { Buffer } from "node:buffer";
import type { RecordHeaders } from "../../../../src/kafka/port/record_set.ts";
import type { PlainRecord } from "./record_batch_support.ts";

/** As kafkajs takes and gives them. */
export type KafkajsHeaders = Record<string, Buffer | (Buffer | null)[] | null>;
/** The same to be compared. */
export type PlainHeaders = Record<string, (number[] | null)[]>;

/** For kafkajs. */
export function groupHeaders(headers: RecordHeaders): KafkajsHeaders {
  const grouped: KafkajsHeaders = {};
  for (const { key, value } of headers) {
    const next = value && Buffer.from(value);
    const before = grouped[key];
    grouped[key] = before === undefined ? next : [...(Array.isArray(before) ? before : [before]), next];
  }
  return grouped;
}

/** As plain numbers. */
export function plainHeaders(headers: Readonly<Record<string, unknown>> | undefined): PlainHeaders {
  const bytes = (value: unknown): number[] | null => value === null ? null : [...value as Uint8Array];
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(bytes) : [bytes(value)],
    ]),
  );
}

/** The records with headers that kafkajs can write, in the order in which it writes them. */
export function withoutNullHeaders(records: readonly PlainRecord[]): PlainRecord[] {
  return records.map((record) => {
    const present = record.headers.map(({ key, value }) => ({ key, value: value ?? new Uint8Array(0) }));
    const keys = [...new Set(present.map(({ key }) => key))];
    return { ...record, headers: keys.flatMap((key) => present.filter((header) => header.key === key)) };
  });
}
