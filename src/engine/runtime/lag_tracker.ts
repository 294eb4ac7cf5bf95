/**
 * How far behind the tasks are.
 *
 * @module
 */
import {
  type Fetcher,
  type Log,
  type PartitionBounds,
  partitionKey,
  type TopicPartition,
} from "../../kafka/log.ts";
import type { Task } from "./task.ts";

/** Where an instance stands in one partition. Offsets are those of the next record. */
export interface PartitionPosition extends TopicPartition {
  /** The next record to process. */
  readonly position: number;
  /** The first record that the log still holds. */
  readonly startOffset: number;
  /** The offset that the next record appended will get. */
  readonly endOffset: number;
  /** The timestamp of the next record to process, in ms since the epoch; `undefined` when caught up or not fetched yet. */
  readonly nextTimestamp: number | undefined;
}

/** How often the ends are asked for, in ms. */
const REFRESH_MS = 1000;

/** Keeps the starts and ends of the owned partitions current: asks for those of which no fetch has told lately. */
export class LagTracker {
  readonly #log: Log;
  readonly #fetcher: Fetcher;
  readonly #tasks: () => readonly Task[];
  readonly #onError: (error: unknown) => void;
  /** By partition, as of the last refresh. */
  #known = new Map<string, PartitionBounds>();
  readonly #timer: ReturnType<typeof setInterval>;
  #refreshing = false;

  /** @param tasks Gives the tasks that this instance has now, running and restoring ones. */
  constructor(log: Log, fetcher: Fetcher, tasks: () => readonly Task[], onError: (error: unknown) => void) {
    this.#log = log;
    this.#fetcher = fetcher;
    this.#tasks = tasks;
    this.#onError = onError;
    this.#timer = setInterval(() => void this.#refresh(), REFRESH_MS);
  }

  /** The positions in all input partitions. */
  positions(): PartitionPosition[] {
    return this.#tasks().flatMap((task) => task.queues).map((queue) => {
      const { topic, partition, position, ready, refusal, headTimestamp } = queue;
      const key = partitionKey(topic, partition);
      const bounds = this.#fetcher.bounds(queue) ?? this.#known.get(key);
      const end = Math.max(
        bounds?.endOffset ?? 0,
        this.#fetcher.endOffset(queue) ?? 0,
        position,
      );
      return {
        topic,
        partition,
        position,
        startOffset: bounds?.startOffset ?? 0,
        endOffset: end,
        nextTimestamp: ready && refusal === undefined ? headTimestamp : undefined,
      };
    });
  }

  close(): void {
    clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    const owned = this.#tasks().flatMap((task) => task.inputs);
    if (this.#refreshing || owned.length === 0) return;
    this.#refreshing = true;
    try {
      const known = new Map<string, PartitionBounds>();
      const asked: TopicPartition[] = [];
      for (const partition of owned) {
        const bounds = this.#fetcher.bounds(partition);
        if (bounds === undefined) asked.push(partition);
        else known.set(partitionKey(partition.topic, partition.partition), bounds);
      }
      if (asked.length > 0) {
        const [starts, ends] = await Promise.all([
          this.#log.offsets(asked, "earliest"),
          this.#log.offsets(asked, "latest"),
        ]);
        for (const [i, { topic, partition }] of asked.entries()) {
          known.set(partitionKey(topic, partition), { startOffset: starts[i]!, endOffset: ends[i]! });
        }
      }
      this.#known = known;
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#refreshing = false;
    }
  }
}
