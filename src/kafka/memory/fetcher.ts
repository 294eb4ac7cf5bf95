/**
 * The in-memory log's fetcher.
 *
 * @module
 */
import type { Fetcher, FetcherOptions, PartitionBounds } from "../port/fetcher.ts";
import { partitionKey, type TopicPartition } from "../port/topics.ts";
import type { MemoryPartition } from "./partition.ts";
import type { RecordSet } from "../port/record_set.ts";

interface Assigned {
  readonly partition: TopicPartition;
  position: number;
  paused: boolean;
  endOffset: number | undefined;
}

/** Reads partitions of the in-memory log. */
export class MemoryFetcher implements Fetcher {
  readonly #topics: ReadonlyMap<string, readonly MemoryPartition[]>;
  readonly #options: FetcherOptions;
  readonly #assigned = new Map<string, Assigned>();
  #wakeups = 0;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(topics: ReadonlyMap<string, readonly MemoryPartition[]>, options: FetcherOptions = {}) {
    this.#topics = topics;
    this.#options = options;
  }

  assign(partition: TopicPartition, offset: number): void {
    const key = partitionKey(partition.topic, partition.partition);
    const known = this.#assigned.get(key);
    // To the end of the map: what was read last comes last when a poll's bytes are used up.
    this.#assigned.delete(key);
    this.#assigned.set(key, {
      partition: { topic: partition.topic, partition: partition.partition },
      position: offset,
      paused: known?.paused ?? false,
      endOffset: known?.endOffset,
    });
    this.#wake?.();
  }

  unassign(partition: TopicPartition): void {
    this.#assigned.delete(partitionKey(partition.topic, partition.partition));
  }

  pause(partition: TopicPartition): void {
    const state = this.#assigned.get(partitionKey(partition.topic, partition.partition));
    if (state !== undefined) state.paused = true;
  }

  resume(partition: TopicPartition): void {
    const state = this.#assigned.get(partitionKey(partition.topic, partition.partition));
    if (state === undefined || !state.paused) return;
    state.paused = false;
    this.#wake?.();
  }

  async poll(timeoutMs: number): Promise<RecordSet[]> {
    if (this.#wake !== undefined) {
      throw new Error("Cannot poll: received a second poll while the first one waits; await it first");
    }
    const until = performance.now() + timeoutMs;
    while (true) {
      const sets = this.#read();
      const left = until - performance.now();
      if (sets.length > 0 || this.#wakeups > 0 || this.#closed || left <= 0) {
        this.#wakeups = 0;
        return sets;
      }
      await this.#wait(left);
    }
  }

  wakeup(): void {
    this.#wakeups = 1;
    this.#wake?.();
  }

  endOffset(partition: TopicPartition): number | undefined {
    return this.#assigned.get(partitionKey(partition.topic, partition.partition))?.endOffset;
  }

  bounds({ topic, partition }: TopicPartition): PartitionBounds | undefined {
    const source = this.#topics.get(topic)?.[partition];
    return source === undefined ? undefined : { startOffset: source.start, endOffset: source.end };
  }

  close(): Promise<void> {
    this.#closed = true;
    this.#assigned.clear();
    this.#wake?.();
    return Promise.resolve();
  }

  #read(): RecordSet[] {
    const sets: RecordSet[] = [];
    const partitionBytes = this.#options.partitionBytes ?? 147_456;
    const committed = this.#options.isolation !== "read_uncommitted";
    let left = this.#options.maxBytes ?? 4_194_304;
    this.#checkRanges();
    for (const [key, state] of [...this.#assigned]) {
      if (state.paused) continue;
      const source = this.#topics.get(state.partition.topic)?.[state.partition.partition];
      if (source === undefined) {
        this.#options.onMissing?.(state.partition);
        continue;
      }
      const endOffset = committed ? source.stable : source.end;
      const moved = state.endOffset !== endOffset;
      state.endOffset = endOffset;
      const set = left > 0 ? source.read(state.position, partitionBytes, committed) : undefined;
      if (set === undefined) {
        if (moved) this.#options.onEndMoved?.();
        continue;
      }
      state.position = set.nextOffset;
      left -= set.count === 0 ? 0 : (set.valueEnd[set.count - 1]! - Math.max(0, set.keyStart[0]!));
      sets.push(set);
      // Served last next time, so that no partition starves when the bytes don't reach for all.
      this.#assigned.delete(key);
      this.#assigned.set(key, state);
    }
    return sets;
  }

  /** Before any set is read: it would be lost when the next partition's range makes the poll fail. */
  #checkRanges(): void {
    for (const state of this.#assigned.values()) {
      const source = state.paused
        ? undefined
        : this.#topics.get(state.partition.topic)?.[state.partition.partition];
      if (source === undefined) continue;
      if (state.position < source.start || state.position > source.end) this.#moveIntoRange(state, source);
    }
  }

  #moveIntoRange(state: Assigned, source: MemoryPartition): void {
    const policy = this.#options.outOfRange ?? "earliest";
    const wanted = state.position;
    if (policy === "fail") {
      throw new Error(
        `Cannot read ${source.topic}-${source.partition}: received offset ${wanted}, ` +
          `but the log holds ${source.start} to ${source.end} (OFFSET_OUT_OF_RANGE)`,
      );
    }
    state.position = policy === "earliest" ? source.start : source.end;
    this.#options.onOutOfRange?.(state.partition, wanted, state.position);
  }

  /** Until a record is appended to an assigned partition, something is assigned, a wakeup, or the time is up. */
  async #wait(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, ms);
    const sources: MemoryPartition[] = [];
    for (const { partition, paused } of this.#assigned.values()) {
      const source = paused ? undefined : this.#topics.get(partition.topic)?.[partition.partition];
      if (source === undefined) continue;
      source.waiting.add(resolve);
      sources.push(source);
    }
    await promise;
    clearTimeout(timer);
    for (const source of sources) source.waiting.delete(resolve);
    this.#wake = undefined;
  }
}
