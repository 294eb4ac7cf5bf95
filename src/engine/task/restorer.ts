/**
 * Brings the stores of new tasks up to date from their changelogs, while other tasks go on.
 *
 * @module
 */
import type { Fetcher } from "../../kafka/port/fetcher.ts";
import type { Log } from "../../kafka/port/log.ts";
import { partitionKey, type TopicPartition } from "../../kafka/port/topics.ts";
import type { ManagedStore } from "../state/managed_store.ts";
import type { EngineLogger } from "../record/handlers.ts";
import type { EngineStats } from "../record/stats.ts";
import type { Task } from "./task.ts";

/** One changelog partition that is being read. */
interface Restore {
  readonly partition: TopicPartition;
  readonly task: Task;
  readonly store: ManagedStore;
  readonly end: number;
  position: number;
}

/** What a restore tells its instance. */
export interface RestoreEvents {
  /** Called when the stores have grown. */
  readonly afterPoll?: () => void;
  /** Called when a changelog is not there, or not as it was: it may have been deleted. */
  readonly onMissing?: () => void;
}

/** How often progress is logged, in ms. */
const PROGRESS_MS = 1000;
/** How long a poll waits; also how soon a dropped restore is noticed. */
const POLL_MS = 100;

/** Reads the changelogs of all tasks that are being restored, with one fetcher. */
export class Restorer {
  readonly #log: Log;
  readonly #stats: EngineStats;
  readonly #logger: EngineLogger;
  readonly #now: () => number;
  readonly #restores = new Map<string, Restore>();
  readonly #waiting = new Map<Task, () => void>();
  /** Partitions whose records the log has deleted meanwhile, up to where reading goes on. */
  readonly #skipped: { readonly partition: TopicPartition; readonly resumedAt: number }[] = [];
  #fetcher: Fetcher | undefined;
  #running: Promise<void> | undefined;
  readonly #events: RestoreEvents;

  constructor(
    log: Log,
    stats: EngineStats,
    logger: EngineLogger,
    now: () => number,
    events: RestoreEvents = {},
  ) {
    this.#events = events;
    this.#log = log;
    this.#stats = stats;
    this.#logger = logger;
    this.#now = now;
  }

  /**
   * Restores the stores of a task, a standby's from the offsets up to which it is current (by topic).
   * Resolves when they are up to date, or when the task was {@linkcode drop}ped.
   * @throws When a changelog can't be read, or is another program's.
   */
  async restore(task: Task, restoredTo?: ReadonlyMap<string, number>): Promise<void> {
    const partitions = task.changelogs.map(({ topic }) => ({ topic, partition: task.partition }));
    if (partitions.length === 0) return;
    const [earliest, ends] = await Promise.all([
      this.#log.offsets(partitions, "earliest"),
      this.#log.offsets(partitions, "latest"),
    ]);
    // It may have gone elsewhere meanwhile.
    if (task.closed) return;
    const starts = earliest.map((start, i) => {
      const { topic } = partitions[i]!;
      const from = restoredTo?.get(topic) ?? 0;
      if (from <= ends[i]! || task.file === undefined) return Math.max(start, from);
      this.#logger.warn(
        `restoring all of ${topic}-${task.partition} into ${task.file.path}: the changelog ends at offset ${
          ends[i]
        }, ` +
          `before ${from}, up to which the file has it; it was deleted and made again?`,
      );
      task.file.forget(topic);
      return start;
    });
    const pending: Restore[] = [];
    for (const [i, { store }] of task.changelogs.entries()) {
      if (starts[i]! >= ends[i]!) continue;
      pending.push({ partition: partitions[i]!, task, store, end: ends[i]!, position: starts[i]! });
      this.#stats.restoreRemaining += ends[i]! - starts[i]!;
    }
    if (pending.length === 0) return;
    const done = new Promise<void>((resolve) => this.#waiting.set(task, resolve));
    this.#fetcher ??= this.#log.fetcher({
      outOfRange: "earliest",
      onOutOfRange: (partition, wanted, resumedAt) => {
        this.#skipped.push({ partition, resumedAt });
        if (resumedAt < wanted) this.#events.onMissing?.();
      },
      onMissing: () => this.#events.onMissing?.(),
    });
    for (const restore of pending) {
      const { topic, partition } = restore.partition;
      this.#restores.set(partitionKey(topic, partition), restore);
      this.#fetcher.assign(restore.partition, restore.position);
    }
    this.#running ??= this.#run(this.#fetcher);
    await Promise.race([done, this.#running]);
    this.#waiting.delete(task);
  }

  /** Stops restoring a task that goes elsewhere. */
  drop(task: Task): void {
    for (const restore of [...this.#restores.values()]) if (restore.task === task) this.#finish(restore);
  }

  /** Stops; tasks that are being restored are left as they are. */
  async close(): Promise<void> {
    for (const restore of [...this.#restores.values()]) this.#finish(restore);
    this.#fetcher?.wakeup();
    await this.#running;
  }

  async #run(fetcher: Fetcher): Promise<void> {
    const begun = this.#now();
    let counted = begun;
    let said = begun;
    let restored = 0;
    try {
      while (this.#restores.size > 0) {
        for (const set of await fetcher.poll(POLL_MS)) {
          const restore = this.#restores.get(partitionKey(set.topic, set.partition));
          if (restore === undefined) continue;
          restore.store.restore(set);
          restored += set.count;
          this.#stats.restored += set.count;
          this.#advance(restore, set.nextOffset);
        }
        for (const { partition, resumedAt } of this.#skipped.splice(0)) this.#skip(partition, resumedAt);
        this.#events.afterPoll?.();
        this.#stats.restoringMs += this.#now() - counted;
        counted = this.#now();
        if (this.#now() - said >= PROGRESS_MS) {
          said = this.#now();
          this.#logger.info(
            `restoring: ${restored} records read, ${this.#stats.restoreRemaining} to go in ` +
              `${this.#restores.size} changelog partitions`,
          );
        }
      }
      this.#logger.info(`restored ${restored} records in ${((this.#now() - begun) / 1000).toFixed(1)} s`);
    } finally {
      this.#running = undefined;
      this.#fetcher = undefined;
      await fetcher.close();
    }
  }

  /**
   * Nothing may come any more that would say so: the log deletes what is old from a window's changelog, up to
   * its end.
   */
  #skip({ topic, partition }: TopicPartition, resumedAt: number): void {
    const restore = this.#restores.get(partitionKey(topic, partition));
    if (restore !== undefined && resumedAt > restore.position) this.#advance(restore, resumedAt);
  }

  #advance(restore: Restore, position: number): void {
    this.#stats.restoreRemaining -= Math.min(position, restore.end) - Math.min(restore.position, restore.end);
    restore.position = position;
    restore.task.restored(restore.partition.topic, position);
    if (position >= restore.end) this.#finish(restore);
  }

  #finish(restore: Restore): void {
    const { topic, partition } = restore.partition;
    this.#restores.delete(partitionKey(topic, partition));
    this.#fetcher?.unassign(restore.partition);
    this.#stats.restoreRemaining -= Math.max(0, restore.end - restore.position);
    for (const other of this.#restores.values()) if (other.task === restore.task) return;
    this.#waiting.get(restore.task)?.();
  }
}
