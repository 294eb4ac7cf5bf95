/**
 * Records as kafkajs decodes them, made into {@linkcode RecordSet}s.
 *
 * @module
 */
import { encodeHeaders } from "../wire/record_batch/writer.ts";
import { type RecordHeader, RecordSet } from "../port/record_set.ts";
import { changed } from "./client.ts";

/** A record in kafkajs's answer to a fetch. */
export interface FetchedRecord {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers?: Readonly<Record<string, HeaderValue | HeaderValue[]>>;
  readonly isControlRecord?: boolean;
  readonly batchContext?: {
    readonly producerId: string;
    readonly inTransaction: boolean;
    readonly firstOffset: string;
    readonly lastOffsetDelta: number;
  };
}
type HeaderValue = Uint8Array | string | null | undefined;

/** One partition in kafkajs's answer to a fetch. */
export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly lastStableOffset?: string;
  readonly lastStartOffset?: string;
  readonly abortedTransactions?:
    | readonly { readonly producerId: string; readonly firstOffset: string }[]
    | null;
  readonly messages: readonly FetchedRecord[];
}

/** Where and how a partition was fetched. */
export interface FetchedFrom {
  readonly topic: string;
  readonly offset: number;
  readonly readCommitted: boolean;
}

/** The end of what may be read, as the answer tells. */
export function endOf(fetched: FetchedPartition, readCommitted: boolean): number {
  const stable = Number(fetched.lastStableOffset ?? -1);
  return readCommitted && stable >= 0 ? stable : Number(fetched.highWatermark);
}

/** The records from the fetched offset on that are to be seen; `undefined` when the answer holds nothing at all. */
export function recordSet(fetched: FetchedPartition, from: FetchedFrom): RecordSet | undefined {
  const { messages } = fetched;
  if (messages.length === 0) return undefined;
  const records = visible(fetched, from);
  let size = 1; // the header count of records without any
  const headers = records.map((record) => {
    const list = headerList(record);
    size += (record.key?.length ?? 0) + (record.value?.length ?? 0);
    if (list.length === 0) return undefined;
    const encoded = encodeHeaders(list);
    size += encoded.length;
    return encoded;
  });
  const count = records.length;
  const bytes = new Uint8Array(size);
  const fields = {
    offsets: new Float64Array(count),
    timestamps: new Float64Array(count),
    keyStart: new Int32Array(count),
    keyEnd: new Int32Array(count),
    valueStart: new Int32Array(count),
    valueEnd: new Int32Array(count),
    headersStart: new Int32Array(count),
  };
  let at = 1;
  const put = (part: Uint8Array | null, starts: Int32Array, ends: Int32Array, i: number) => {
    starts[i] = part === null ? -1 : at;
    if (part !== null) bytes.set(part, at);
    ends[i] = at += part?.length ?? 0;
  };
  for (const [i, record] of records.entries()) {
    fields.offsets[i] = Number(record.offset);
    fields.timestamps[i] = Number(record.timestamp);
    put(record.key, fields.keyStart, fields.keyEnd, i);
    put(record.value, fields.valueStart, fields.valueEnd, i);
    const encoded = headers[i];
    if (encoded === undefined) continue; // the count at 0 is theirs
    fields.headersStart[i] = at;
    bytes.set(encoded, at);
    at += encoded.length;
  }
  return new RecordSet({
    topic: from.topic,
    partition: fetched.partition,
    count,
    bytes,
    ...fields,
    nextOffset: nextOffset(messages, from.offset),
    endOffset: endOf(fetched, from.readCommitted),
    startOffset: Math.max(0, Number(fetched.lastStartOffset ?? 0)),
  });
}

/** Past the last record, and past what log compaction has left of its batch; always further than what was asked for. */
function nextOffset(messages: readonly FetchedRecord[], wanted: number): number {
  const last = messages.at(-1)!;
  const batch = last.batchContext;
  const batchEnd = batch === undefined ? 0 : Number(batch.firstOffset) + batch.lastOffsetDelta;
  const end = Math.max(Number(last.offset), Number.isFinite(batchEnd) ? batchEnd : 0);
  // A batch whose last records were compacted away answers to their offsets too.
  return Math.max(end, wanted) + 1;
}

/** Without control records, what is before the fetched offset, and the records of aborted transactions. */
function visible(fetched: FetchedPartition, { offset, readCommitted }: FetchedFrom): FetchedRecord[] {
  const aborted = readCommitted ? [...fetched.abortedTransactions ?? []] : [];
  aborted.sort((a, b) => Number(a.firstOffset) - Number(b.firstOffset));
  const aborting = new Set<string>();
  let next = 0;
  return fetched.messages.filter((record) => {
    const at = Number(record.offset);
    for (; next < aborted.length && Number(aborted[next]!.firstOffset) <= at; next++) {
      aborting.add(aborted[next]!.producerId);
    }
    const batch = record.batchContext;
    if (aborted.length > 0 && batch === undefined) {
      throw changed("does not tell which transaction a record is of");
    }
    if (record.isControlRecord) {
      // A marker's key is its version and its type, of which 0 is an abort.
      if (record.key?.[2] === 0 && record.key[3] === 0 && batch !== undefined) {
        aborting.delete(batch.producerId);
      }
      return false;
    }
    return at >= offset && !(batch?.inTransaction === true && aborting.has(batch.producerId));
  });
}

/** kafkajs has headers as an object: those of one name are in their order, of different names maybe not. */
function headerList({ headers }: FetchedRecord): RecordHeader[] {
  const list: RecordHeader[] = [];
  for (const [key, values] of Object.entries(headers ?? {})) {
    for (const value of Array.isArray(values) ? values : [values]) {
      list.push({ key, value: typeof value === "string" ? encoder.encode(value) : value ?? null });
    }
  }
  return list;
}

const encoder = new TextEncoder();
