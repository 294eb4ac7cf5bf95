/**
 * The in-memory log's fetcher.
 *
 * @module
 */
import { type Assigned, AssignedPartitions } from "../common/assigned_partitions.ts";
import { type FetchSettings, fetchSettings } from "../common/fetch_settings.ts";
import { Polling } from "../common/polling.ts";
import type { MemoryPartition } from "./partition.ts";
import type { Fetcher, FetcherOptions, PartitionBounds } from "../port/fetcher.ts";
import type { RecordSet } from "../port/record_set.ts";
import type { TopicPartition } from "../port/topics.ts";

/** Reads partitions of the in-memory log. */
export class MemoryFetcher implements Fetcher {
  readonly #topics: ReadonlyMap<string, readonly MemoryPartition[]>;
  readonly #options: FetcherOptions;
  readonly #settings: FetchSettings;
  readonly #assigned = new AssignedPartitions<Assigned>((assigned) => assigned);
  readonly #polling = new Polling();

  constructor(topics: ReadonlyMap<string, readonly MemoryPartition[]>, options: FetcherOptions = {}) {
    this.#topics = topics;
    this.#options = options;
    this.#settings = fetchSettings(options);
  }

  assign(partition: TopicPartition, offset: number): void {
    this.#assigned.assign(partition, offset);
    this.#polling.wake();
  }

  unassign(partition: TopicPartition): void {
    this.#assigned.unassign(partition);
  }

  pause(partition: TopicPartition): void {
    this.#assigned.pause(partition);
  }

  resume(partition: TopicPartition): void {
    if (this.#assigned.resume(partition) !== undefined) this.#polling.wake();
  }

  poll(timeoutMs: number): Promise<RecordSet[]> {
    return this.#polling.poll(timeoutMs, () => this.#read(), (wake) => this.#listen(wake));
  }

  wakeup(): void {
    this.#polling.wakeup();
  }

  endOffset(partition: TopicPartition): number | undefined {
    return this.#assigned.get(partition)?.endOffset;
  }

  bounds(partition: TopicPartition): PartitionBounds | undefined {
    const source = this.#source(partition);
    if (source === undefined) return undefined;
    return { startOffset: source.start, endOffset: source.readableEnd(this.#settings.readCommitted) };
  }

  close(): Promise<void> {
    this.#assigned.clear();
    this.#polling.close();
    return Promise.resolve();
  }

  #source({ topic, partition }: TopicPartition): MemoryPartition | undefined {
    return this.#topics.get(topic)?.[partition];
  }

  #read(): RecordSet[] {
    const sets: RecordSet[] = [];
    const { partitionBytes, readCommitted, maxBytes } = this.#settings;
    let left = maxBytes;
    this.#checkRanges();
    for (const state of [...this.#assigned]) {
      if (state.paused) continue;
      const source = this.#source(state);
      if (source === undefined) {
        this.#options.onMissing?.({ topic: state.topic, partition: state.partition });
        continue;
      }
      const moved = this.#noteEnd(state, source);
      const set = left > 0 ? source.read(state.offset, partitionBytes, readCommitted) : undefined;
      if (set === undefined) {
        if (moved) this.#options.onEndMoved?.();
        continue;
      }
      state.offset = set.nextOffset;
      left -= set.count === 0 ? 0 : (set.valueEnd[set.count - 1]! - Math.max(0, set.keyStart[0]!));
      sets.push(set);
      this.#assigned.serveLast(state);
    }
    return sets;
  }

  /** Notes the end of what may be read. Returns whether it has moved. */
  #noteEnd(state: Assigned, source: MemoryPartition): boolean {
    const endOffset = source.readableEnd(this.#settings.readCommitted);
    const moved = state.endOffset !== endOffset;
    state.endOffset = endOffset;
    return moved;
  }

  /** Before any set is read: it would be lost when the next partition's range makes the poll fail. */
  #checkRanges(): void {
    for (const state of this.#assigned) {
      const source = state.paused ? undefined : this.#source(state);
      if (source === undefined) continue;
      if (state.offset < source.start || state.offset > source.end) this.#moveIntoRange(state, source);
    }
  }

  #moveIntoRange(state: Assigned, source: MemoryPartition): void {
    const policy = this.#options.outOfRange ?? "earliest";
    const { topic, partition, offset: wanted } = state;
    if (policy === "fail") {
      throw new Error(
        `Cannot read ${source.topic}-${source.partition}: received offset ${wanted}, ` +
          `but the log holds ${source.start} to ${source.end} (OFFSET_OUT_OF_RANGE)`,
      );
    }
    state.offset = policy === "earliest" ? source.start : source.end;
    this.#options.onOutOfRange?.({ topic, partition }, wanted, state.offset);
  }

  /**
   * Has `wake` called when a record is appended to an assigned partition, until the function that it returns
   * is called.
   */
  #listen(wake: () => void): () => void {
    const sources: MemoryPartition[] = [];
    for (const state of this.#assigned) {
      const source = state.paused ? undefined : this.#source(state);
      if (source === undefined) continue;
      source.waiting.add(wake);
      sources.push(source);
    }
    return () => {
      for (const source of sources) source.waiting.delete(wake);
    };
  }
}
