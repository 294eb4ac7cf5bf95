import { partitionKey, type TopicPartition } from "../port/topics.ts";

/** What a fetcher of any log knows of a partition that it is told to read. */
export interface Assigned extends TopicPartition {
  readonly key: string;
  /** The offset to read next. */
  offset: number;
  paused: boolean;
  /** The end of what may be read, as last heard; `undefined` before. */
  endOffset: number | undefined;
}

/**
 * The partitions that a fetcher is told to read, in the order in which they are to be served. Each assignment
 * of a partition is an object of its own, so that an answer to an earlier one is told from one to the last.
 */
export class AssignedPartitions<S extends Assigned> {
  readonly #make: (assigned: Assigned, known: S | undefined) => S;
  readonly #states = new Map<string, S>();

  /**
   * @param make Adds what else this fetcher knows of a partition; `known` is its assignment so far, where
   * there is one.
   */
  constructor(make: (assigned: Assigned, known: S | undefined) => S) {
    this.#make = make;
  }

  /** Adds a partition, or moves it; it is served last. Whether it is paused stays as it was. */
  assign({ topic, partition }: TopicPartition, offset: number): void {
    const key = partitionKey(topic, partition);
    const known = this.#states.get(key);
    this.#states.delete(key);
    const paused = known?.paused ?? false;
    const endOffset = known?.endOffset;
    this.#states.set(key, this.#make({ topic, partition, key, offset, paused, endOffset }, known));
  }

  unassign({ topic, partition }: TopicPartition): void {
    this.#states.delete(partitionKey(topic, partition));
  }

  pause(partition: TopicPartition): void {
    const state = this.get(partition);
    if (state !== undefined) state.paused = true;
  }

  /** Ends a pause; what was paused, `undefined` when nothing was. */
  resume(partition: TopicPartition): S | undefined {
    const state = this.get(partition);
    if (state === undefined || !state.paused) return undefined;
    state.paused = false;
    return state;
  }

  get({ topic, partition }: TopicPartition): S | undefined {
    return this.#states.get(partitionKey(topic, partition));
  }

  /** Whether this assignment still holds: the partition was not moved or given up meanwhile. */
  holds(state: S): boolean {
    return this.#states.get(state.key) === state;
  }

  /**
   * Has a partition served last from now on, so that none starves when the bytes of a fetch or a poll don't
   * reach for all.
   */
  serveLast(state: S): void {
    this.#states.delete(state.key);
    this.#states.set(state.key, state);
  }

  clear(): void {
    this.#states.clear();
  }

  /** The partitions, in the order in which they are to be served. */
  [Symbol.iterator](): Iterator<S> {
    return this.#states.values();
  }
}
