import type { Log } from "../../../kafka/port/log.ts";
import { partitionKey, type TopicPartitionOffset } from "../../../kafka/port/topics.ts";
import { DEFAULT_REPARTITION_PURGE_INTERVAL_MS } from "../../task/config.ts";
import { type EngineLogger, text } from "../../record/handlers.ts";
import type { Task } from "../../task/task.ts";

/**
 * Deletes from repartition topics, now and again, what is committed: nobody but this application reads them,
 * and their retention is without limit so that nothing goes unprocessed. What could not be deleted is tried
 * again the next time.
 */
export class RepartitionPurge {
  readonly #log: Log;
  readonly #intervalMs: number;
  readonly #logger: EngineLogger;
  readonly #now: () => number;
  #last: number;
  #underWay = false;
  #closed = false;
  /** Up to where records are still to be deleted, as the log did not take the last request. */
  #left: readonly TopicPartitionOffset[] = [];
  /** What was warned of last: what stays is not told every time. */
  #told = "";

  constructor(
    log: Log,
    intervalMs: number | undefined,
    logger: EngineLogger,
    now: () => number,
  ) {
    this.#log = log;
    this.#intervalMs = intervalMs ?? DEFAULT_REPARTITION_PURGE_INTERVAL_MS;
    this.#logger = logger;
    this.#now = now;
    this.#last = now();
  }

  /** Begins to purge what the tasks have committed, when it is time. Returns at once and never throws. */
  due(tasks: Iterable<Task>): void {
    const now = this.#now();
    if (this.#underWay || this.#closed || now - this.#last < this.#intervalMs) return;
    this.#last = now;
    const offsets = new Map(this.#left.map((p) => [partitionKey(p.topic, p.partition), p]));
    for (const task of tasks) {
      for (const p of task.takePurgeable()) offsets.set(partitionKey(p.topic, p.partition), p);
    }
    if (offsets.size > 0) void this.#purge([...offsets.values()]);
  }

  /** Ends it: what is under way is left to the log. */
  close(): void {
    this.#closed = true;
  }

  async #purge(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    this.#underWay = true;
    try {
      await this.#log.deleteRecords(offsets);
      this.#left = [];
      this.#told = "";
    } catch (error) {
      this.#left = offsets;
      const why = text(error);
      if (why !== this.#told && !this.#closed) {
        this.#logger.warn(`Cannot purge repartition topics: ${why}; trying again`);
      }
      this.#told = why;
    } finally {
      this.#underWay = false;
    }
  }
}
