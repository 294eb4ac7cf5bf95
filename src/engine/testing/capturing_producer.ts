import type { BytesRange } from "../../kafka/port/bytes_range.ts";
import type { Producer } from "../../kafka/port/producer.ts";
import { NO_HEADERS, type RecordHeaders } from "../../kafka/port/record_set.ts";

/** A record that was appended. */
export interface CapturedRecord {
  /** The topic that it was appended to. */
  readonly topic: string;
  /** How many were appended before it, to any topic. */
  readonly sequence: number;
  /** The partition that it was appended to. */
  readonly partition: number;
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  /** The encoded key; `null` for none. */
  readonly key: Uint8Array | null;
  /** The encoded value; `null` for none. */
  readonly value: Uint8Array | null;
  /** The headers, in their order. */
  readonly headers: RecordHeaders;
}

/** A producer that keeps what is appended, for tests to look at. */
export class CapturingProducer implements Producer {
  pendingBytes = 0;
  readonly counts = { appended: 0, acknowledged: 0, failed: 0 };
  readonly retries = { count: 0, last: undefined };
  readonly #records = new Map<string, CapturedRecord[]>();
  #new: CapturedRecord[] = [];

  append(
    topic: string,
    partition: number,
    timestamp: number,
    key: BytesRange | null,
    value: BytesRange | null,
    headers: RecordHeaders = NO_HEADERS,
  ): void {
    const record = {
      topic,
      sequence: this.counts.appended,
      partition,
      timestamp,
      key: key?.bytes.slice(key.from, key.to) ?? null,
      value: value?.bytes.slice(value.from, value.to) ?? null,
      headers,
    };
    const records = this.#records.get(topic);
    this.#new.push(record);
    if (records === undefined) this.#records.set(topic, [record]);
    else records.push(record);
    this.counts.appended++;
    this.counts.acknowledged++;
  }

  /**
   * What was appended to topics that a predicate names since the last call, in the order in which it was; it
   * can still be taken.
   */
  takeNew(wanted: (topic: string) => boolean): CapturedRecord[] {
    const records = this.#new.filter(({ topic }) => wanted(topic));
    this.#new = [];
    return records;
  }

  /** Takes what was appended to a topic since the last call. */
  take(topic: string): CapturedRecord[] {
    const records = this.#records.get(topic) ?? [];
    this.#records.delete(topic);
    return records;
  }

  /** Takes what was appended to these topics since they were taken last, in the order in which it was. */
  takeAll(topics: Iterable<string>): CapturedRecord[] {
    const records: CapturedRecord[] = [];
    for (const topic of topics) records.push(...this.take(topic));
    return records.sort((a, b) => a.sequence - b.sequence);
  }

  ready(): Promise<void> {
    return Promise.resolve();
  }

  begin(): Promise<void> {
    return Promise.resolve();
  }

  commit(): Promise<void> {
    return Promise.resolve();
  }

  abort(): Promise<void> {
    return Promise.resolve();
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
