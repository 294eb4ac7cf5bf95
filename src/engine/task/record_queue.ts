/**
 * HOT PATH. The fetched records of one input partition that are not processed yet, the first of them decoded.
 *
 * @module
 */
import { SchemaNotLoaded, type Serde } from "../../serde/serde.ts";
import type { TopicPartition } from "../../kafka/port/topics.ts";
import { RecordSet } from "../../kafka/port/record_set.ts";
import type { Processor } from "../processors/processor.ts";
import type { TimestampExtractor } from "../topology/nodes.ts";
import type { EngineStats } from "../record/stats.ts";

/** What a queue needs to know of its topic. */
export interface RecordQueueOptions {
  // deno-lint-ignore no-explicit-any -- queues of any types stand side by side
  readonly key: Serde<any>;
  // deno-lint-ignore no-explicit-any -- queues of any types stand side by side
  readonly value: Serde<any>;
  readonly timestampExtractor: TimestampExtractor | undefined;
  /** The node that the records go to. */
  readonly source: Processor;
  readonly stats: EngineStats;
}

/** What a queue holds before its first records come. */
const NO_RECORDS = new RecordSet({
  topic: "",
  partition: -1,
  count: 0,
  bytes: new Uint8Array(0),
  offsets: new Float64Array(0),
  timestamps: new Float64Array(0),
  keyStart: new Int32Array(0),
  keyEnd: new Int32Array(0),
  valueStart: new Int32Array(0),
  valueEnd: new Int32Array(0),
  headersStart: new Int32Array(0),
  nextOffset: 0,
  endOffset: 0,
  startOffset: 0,
});

/** A queue of records, in the order of their offsets. */
export class RecordQueue implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly source: Processor;
  /** The offset of the next record to process. */
  position: number;
  /** The offset up to which all is committed. */
  committed: number;
  /** Whether the head fields below hold a record, or {@linkcode refusal} tells of one. */
  ready = false;
  headKey: unknown = null;
  headValue: unknown = null;
  headTimestamp = 0;
  headSet: RecordSet = NO_RECORDS;
  headIndex = 0;
  /** The end of the partition as far as it is known; `undefined` before the first answer of the log. */
  endOffset: number | undefined;
  /** The writer's schema that the head's decoding waits for. */
  blockedBy: SchemaNotLoaded | undefined;
  /**
   * Why the head can't be decoded. The task asks what to do when it comes to it, before any other record: it
   * may have to write.
   */
  refusal: { readonly part: "key" | "value"; readonly error: unknown } | undefined;
  readonly #options: RecordQueueOptions;
  readonly #sets: RecordSet[] = [];
  /** The offset after the last record of the sets that are done with. */
  #doneTo: number;

  /** @param position The offset of the first record to process. */
  constructor(topic: string, partition: number, position: number, options: RecordQueueOptions) {
    this.topic = topic;
    this.partition = partition;
    this.position = this.committed = this.#doneTo = position;
    this.source = options.source;
    this.#options = options;
  }

  /** How many sets are held; each is one partition's part of a fetch. */
  get sets(): number {
    return this.#sets.length;
  }

  /**
   * The offset after the last record that was taken off. The position may be past it, where the log holds
   * what is no record (the marks of transactions): that alone is not committed.
   */
  get processedTo(): number {
    return this.headIndex > 0 ? this.headSet.offsets[this.headIndex - 1]! + 1 : this.#doneTo;
  }

  /**
   * Adds the buffers that its records are in, which may be shared with other queues; returns the bytes of its
   * own tables.
   */
  held(buffers: Set<ArrayBufferLike>): number {
    let bytes = 0;
    for (const set of this.#sets) {
      buffers.add(set.bytes.buffer);
      bytes += set.offsets.byteLength + set.timestamps.byteLength + 5 * set.keyStart.byteLength;
    }
    return bytes;
  }

  /**
   * Whether more is known to come while no record is ready: the other partitions of the task then wait, so
   * that all are taken in the order of time.
   */
  get mayHaveMore(): boolean {
    return this.blockedBy !== undefined || this.endOffset === undefined || this.position < this.endOffset;
  }

  /** Adds records that follow those added before. */
  push(set: RecordSet): void {
    this.#sets.push(set);
    this.endOffset = set.endOffset;
    if (this.#sets.length === 1) {
      this.headIndex = 0;
      this.#decodeHead();
    }
  }

  /** Takes the head off: it is processed. */
  advance(): void {
    this.refusal = undefined;
    this.position = this.headSet.offsets[this.headIndex]! + 1;
    this.headIndex++;
    this.#decodeHead();
  }

  /** Tries again to decode the head, after the schema that it waited for was loaded. */
  unblock(): void {
    this.blockedBy = undefined;
    this.#decodeHead();
  }

  /** Decodes the record at the head index, or the first one after it that has a time. */
  #decodeHead(): void {
    this.ready = false;
    const sets = this.#sets;
    const { key, value, stats } = this.#options;
    while (sets.length > 0) {
      const set = sets[0]!;
      this.headSet = set;
      for (; this.headIndex < set.count; this.headIndex++) {
        const i = this.headIndex;
        let part: "key" | "value" = "key";
        try {
          const keyStart = set.keyStart[i]!;
          this.headKey = keyStart < 0 ? null : key.decode(set.bytes, keyStart, set.keyEnd[i]!);
          part = "value";
          const valueStart = set.valueStart[i]!;
          this.headValue = valueStart < 0 ? null : value.decode(set.bytes, valueStart, set.valueEnd[i]!);
        } catch (error) {
          if (error instanceof SchemaNotLoaded) {
            this.blockedBy = error;
            return;
          }
          this.refusal = { part, error };
          this.headTimestamp = -Infinity;
          this.ready = true;
          return;
        }
        const { timestampExtractor } = this.#options;
        const timestamp = timestampExtractor === undefined
          ? set.timestamps[i]!
          : timestampExtractor(this.headKey, this.headValue, set.timestamps[i]!);
        if (timestamp >= 0) {
          this.headTimestamp = timestamp;
          this.ready = true;
          return;
        }
        stats.dropped.negative_timestamp++;
        stats.processed++;
        this.position = set.offsets[i]! + 1;
      }
      this.position = set.nextOffset;
      if (set.count > 0) this.#doneTo = set.offsets[set.count - 1]! + 1;
      sets.shift();
      this.headIndex = 0;
    }
  }
}
