/**
 * How far behind the tasks are.
 *
 * @module
 */
import type { Fetcher, PartitionBounds } from "../../../kafka/port/fetcher.ts";
import type { Log } from "../../../kafka/port/log.ts";
import { partitionKey, type TopicPartition } from "../../../kafka/port/topics.ts";
import type { RecordQueue } from "../../task/record_queue.ts";

/**
 * Where an instance stands in one partition. Offsets are those of the next record; `undefined` is what was
 * never known since it owns it.
 */
export interface PartitionPosition extends TopicPartition {
  /** The next record to process. */
  readonly position: number | undefined;
  /** The first record that the log still holds. */
  readonly startOffset: number | undefined;
  /**
   * The end of what can be read: records of open transactions, and what is behind them, are not there yet.
   * When the log can't be asked, the last one known.
   */
  readonly endOffset: number | undefined;
  /** How old the newest word of the log about this partition is, in ms; `Infinity` before the first. */
  readonly ageMs: number;
  /**
   * The timestamp of the next record to process, in ms since the epoch; `undefined` when caught up or not
   * fetched yet.
   */
  readonly nextTimestamp: number | undefined;
  /** Whether the state of its task is being restored, before any of its records is processed. */
  readonly restoring: boolean;
}

/** What the log has told of a partition, and when. */
interface Known {
  readonly bounds: PartitionBounds;
  /** When it was told, by the tracker's clock. */
  readonly at: number;
}

/** How often the ends are asked for, in ms. */
const REFRESH_MS = 1000;

/** What a tracker needs of a task. */
export interface TrackedTask {
  readonly inputs: readonly TopicPartition[];
  readonly restoring: boolean;
  /** The queues of the task's inputs, in their order; none until the committed offsets are read. */
  readonly queues: readonly Pick<RecordQueue, "position" | "ready" | "refusal" | "headTimestamp">[];
}

/** Settings of a {@linkcode LagTracker}. */
export interface LagTrackerParts {
  readonly log: Pick<Log, "offsets">;
  readonly fetcher: Pick<Fetcher, "bounds" | "endOffset">;
  /** Gives the tasks that this instance has now, running and restoring ones. */
  readonly tasks: () => readonly TrackedTask[];
  /** Told when the log could not be asked. */
  readonly onError: (error: unknown) => void;
  /** A clock that never goes back, in ms. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * Keeps the starts and ends of the owned partitions current: asks for those of which no fetch has told
 * lately. What the log can't be asked for stays as it was last told, with its age: an end that is not known
 * is never taken for the position.
 */
export class LagTracker {
  readonly #parts: LagTrackerParts;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();
  readonly #timer: ReturnType<typeof setInterval>;
  #refreshing = false;

  constructor(parts: LagTrackerParts) {
    this.#parts = parts;
    this.#now = parts.now ?? (() => performance.now());
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
  }

  /** The positions in all input partitions. */
  positions(): PartitionPosition[] {
    const { fetcher, tasks } = this.#parts;
    return tasks().flatMap(({ inputs, queues, restoring }) =>
      inputs.map((input, i) => {
        const known = this.#lastWord(input);
        // Without queues its committed offsets are not read yet.
        const queue = queues[i];
        return {
          topic: input.topic,
          partition: input.partition,
          position: queue?.position,
          startOffset: known?.bounds.startOffset,
          endOffset: known &&
            Math.max(known.bounds.endOffset, fetcher.endOffset(input) ?? 0, queue?.position ?? 0),
          ageMs: known === undefined ? Infinity : Math.max(0, this.#now() - known.at),
          nextTimestamp: queue?.ready && queue.refusal === undefined ? queue.headTimestamp : undefined,
          restoring,
        };
      })
    );
  }

  /**
   * Up to where a partition can be read, as far as is known: records of open transactions are not there yet.
   */
  readableEnd(partition: TopicPartition): number | undefined {
    return this.#parts.fetcher.endOffset(partition) ?? this.#lastWord(partition)?.bounds.endOffset;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Asks for what no fetch has told lately; at once when it is being asked for already. */
  async refresh(): Promise<void> {
    const { log, tasks, onError } = this.#parts;
    const owned = tasks().flatMap(({ inputs }) => inputs);
    this.#forgetOthers(owned);
    const asked = owned.filter((partition) => this.#fetched(partition) === undefined);
    if (this.#refreshing || asked.length === 0) return;
    this.#refreshing = true;
    // Before they are asked for, as an answer may take its time.
    const at = this.#now();
    try {
      const [starts, ends] = await Promise.all([
        log.offsets(asked, "earliest"),
        log.offsets(asked, "stable"),
      ]);
      for (const [i, { topic, partition }] of asked.entries()) {
        const bounds = { startOffset: starts[i]!, endOffset: ends[i]! };
        this.#known.set(partitionKey(topic, partition), { bounds, at });
      }
    } catch (error) {
      onError(error);
    } finally {
      this.#refreshing = false;
    }
  }

  /** What a fetch has told within about a second; it is kept for when none does. */
  #fetched(partition: TopicPartition): Known | undefined {
    const bounds = this.#parts.fetcher.bounds(partition);
    if (bounds === undefined) return undefined;
    const known = { bounds, at: this.#now() };
    this.#known.set(partitionKey(partition.topic, partition.partition), known);
    return known;
  }

  #lastWord(partition: TopicPartition): Known | undefined {
    return this.#fetched(partition) ?? this.#known.get(partitionKey(partition.topic, partition.partition));
  }

  #forgetOthers(owned: readonly TopicPartition[]): void {
    const keys = new Set(owned.map(({ topic, partition }) => partitionKey(topic, partition)));
    for (const key of this.#known.keys()) if (!keys.has(key)) this.#known.delete(key);
  }
}
