/**
 * The tasks of an instance: those that process, those that are being restored, and the input that they hold.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Fetcher } from "../../kafka/port/fetcher.ts";
import type { Log } from "../../kafka/port/log.ts";
import { partitionKey, type TopicPartition } from "../../kafka/port/topics.ts";
import type { RecordSet } from "../../kafka/port/record_set.ts";
import type { CacheBudget } from "../state/typed/cached_key_value_store.ts";
import { type BoundTopology, taskInputs } from "../topology/bound_topology.ts";
import type { Committer } from "../task/committer.ts";
import type { StreamsConfig } from "../task/config.ts";
import { type EngineLogger, type Handlers, text } from "../record/handlers.ts";
import type { RecordQueue } from "../task/record_queue.ts";
import type { Restorer } from "../task/restorer.ts";
import type { SourceTopics } from "./topics/source_topics.ts";
import type { Standbys } from "../task/standbys.ts";
import type { StateDirectory } from "../task/state_directory.ts";
import type { OutputBounds } from "../task/output_bounds.ts";
import type { EngineStats } from "../record/stats.ts";
import { partsOfTaskId, Task } from "../task/task.ts";

/** Records that a task processes before the next one's turn. */
const RECORDS_A_TURN = 512;
/** How long the tasks process before the loop looks at the log again, in ms. */
const SLICE_MS = 8;
/** Sets held a partition before its fetching is paused: one in work, one to go on with. */
const SETS_HELD = 2;
/** After how many pauses of a task amid records a warning tells of them. */
const PAUSES_TOLD = 20;
/** How often at most a warning tells of pauses, in ms. */
const PAUSES_TOLD_MS = 60_000;
/** How long to wait before a schema that could not be fetched is asked for again, in ms. */
const SCHEMA_RETRY_MS = 1000;

/** What the tasks work with. */
export interface TaskManagerParts {
  readonly bound: BoundTopology;
  readonly topics: SourceTopics;
  readonly log: Log;
  readonly config: StreamsConfig;
  readonly handlers: Handlers;
  readonly fetcher: Fetcher;
  readonly restorer: Restorer;
  readonly standbys: Standbys;
  readonly committer: Committer;
  readonly stats: EngineStats;
  readonly logger: EngineLogger;
  readonly now: () => number;
  /** What the caches of aggregates may hold; `undefined` when there are none. */
  readonly cache: CacheBudget | undefined;
  /** Where stores on disk are; `undefined` when all are in memory. */
  readonly directory: () => StateDirectory | undefined;
  /** What may wait for the log. */
  readonly outputBounds: OutputBounds;
  /** Told when the application can't go on. */
  readonly failed: (error: unknown) => void;
}

/** Keeps the tasks that are assigned, from their restore to their end. */
export class TaskManager {
  readonly #parts: TaskManagerParts;
  readonly #running = new Map<string, Task>();
  readonly #restoring = new Map<string, Task>();
  readonly #queues = new Map<string, RecordQueue>();
  readonly #paused = new Set<RecordQueue>();
  /** Tasks that wait for a writer's schema. */
  readonly #loading = new Set<Task>();
  #closed = false;
  #toldAt = -Infinity;
  /** What all tasks had processed or dropped at the end of the last slice. */
  #processed = 0;

  constructor(parts: TaskManagerParts) {
    this.#parts = parts;
  }

  /** The tasks that process records. */
  get running(): Task[] {
    return [...this.#running.values()];
  }

  /** All tasks that this instance is to process. */
  get all(): Task[] {
    return [...this.#running.values(), ...this.#restoring.values()];
  }

  /** The ids of the tasks that are being restored. */
  get restoring(): string[] {
    return [...this.#restoring.keys()].sort();
  }

  /**
   * Makes a task for each of these that is not here yet, and begins to restore it. Those whose topics have
   * gone wait.
   *
   * @param ids Of tasks all of whose inputs are assigned.
   * @returns The new ones' ids.
   */
  assign(ids: readonly string[]): string[] {
    const { committer, standbys, topics } = this.#parts;
    const added: string[] = [];
    for (const id of ids) {
      const part = topics.subtopologies[partsOfTaskId(id).subtopology];
      if (part === undefined || !topics.isThere(part)) continue;
      if (this.#running.has(id) || this.#restoring.has(id)) continue;
      const standby = standbys.take(id);
      const task = standby?.task ?? this.make(id);
      task.context.producer = committer.producer(id);
      this.#restoring.set(id, task);
      this.#count();
      added.push(id);
      // Of one that has gone elsewhere meanwhile nobody needs to know.
      this.#begin(task, standby?.positions).catch((error) => task.closed || this.#parts.failed(error));
    }
    return added;
  }

  /** The tasks here that were made for other inputs than they have now: a topic has got more partitions. */
  outgrown(): Task[] {
    const { topics } = this.#parts;
    return this.all.filter(({ subtopology, partition, inputs }) =>
      taskInputs(topics.subtopologies[subtopology.id]!, partition).length !== inputs.length
    );
  }

  /** Whether there is such a task. */
  knows(id: string): boolean {
    const { subtopology, partition } = partsOfTaskId(id);
    const { topics } = this.#parts;
    return partition >= 0 && partition < (topics.subtopologies[subtopology]?.tasks ?? 0);
  }

  /** A task that is not assigned yet. */
  make(id: string): Task {
    const { bound, topics, handlers, stats, now, directory, cache, outputBounds, fetcher } = this.#parts;
    const { subtopology, partition } = partsOfTaskId(id);
    return new Task(bound, topics.subtopologies[subtopology]!, partition, {
      stats,
      now,
      handlers,
      directory: directory(),
      cache,
      outputBounds,
      wake: () => fetcher.wakeup(),
    });
  }

  /**
   * Takes tasks out of work. Returns those that ran: what they have processed can still be committed; then
   * close them.
   */
  drop(partitions: readonly TopicPartition[]): Task[] {
    const { restorer, committer, fetcher } = this.#parts;
    const gone = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
    const has = ({ inputs }: Task): boolean =>
      inputs.some(({ topic, partition }) => gone.has(partitionKey(topic, partition)));
    for (const task of [...this.#restoring.values()].filter(has)) {
      this.#restoring.delete(task.id);
      restorer.drop(task);
      committer.drop(task).catch((error) => this.#parts.failed(error));
      task.close();
    }
    const tasks = this.running.filter(has);
    for (const task of tasks) {
      this.#running.delete(task.id);
      for (const queue of task.queues) {
        this.#queues.delete(partitionKey(queue.topic, queue.partition));
        this.#paused.delete(queue);
        fetcher.unassign(queue);
      }
    }
    this.#count();
    return tasks;
  }

  #count(): void {
    const { stats } = this.#parts;
    stats.tasks = this.#running.size;
    stats.restoringTasks = this.#restoring.size;
  }

  /** Ends the restoring of tasks: the application closes. */
  close(): void {
    this.#closed = true;
  }

  /** Closes the tasks, at the very end. */
  closeTasks(): void {
    this.#closed = true;
    for (const task of this.all) task.close();
  }

  /** Hands out what was fetched. */
  push(sets: readonly RecordSet[]): void {
    for (const set of sets) this.#queues.get(partitionKey(set.topic, set.partition))?.push(set);
    this.#holdBack();
  }

  /**
   * Lets each task process for a while, in turn. Returns whether any did.
   *
   * @param limit How many records they take at most, all together.
   */
  process(limit: number = Infinity): boolean {
    const { committer, now, stats } = this.#parts;
    const until = performance.now() + SLICE_MS;
    let left = limit;
    let any = false;
    let heldBack = false;
    let last: Task | undefined;
    for (let again = true; again && performance.now() < until;) {
      again = false;
      for (const task of this.#running.values()) {
        if (this.#loading.has(task) || !committer.mayProcess(task)) continue;
        const processed = task.process(Math.min(left, RECORDS_A_TURN), until);
        left -= processed;
        if (processed > 0) any = again = true;
        // It goes on as soon as the producer is ready.
        if (task.heldBack || task.paused || task.tookResults) any = true;
        heldBack ||= task.heldBack;
        if (task.pauses >= PAUSES_TOLD) this.#tellOfPauses(task);
        if (task.punctuate(now())) any = true;
        const { blockedBy } = task;
        if (blockedBy !== undefined) this.#loadSchema(task, blockedBy.load);
        if (left <= 0 || performance.now() >= until) {
          // The others go on in the next slice, which comes at once.
          any = true;
          last = task;
          break;
        }
      }
    }
    if (heldBack || last !== undefined) this.#rotate(last);
    // Records are dropped for their time already when they are fetched: that is to be committed too.
    if (stats.processed !== this.#processed) any = true;
    this.#processed = stats.processed;
    return any;
  }

  /**
   * Another task begins the next slice: the first one could fill the producer or take the time each time, and
   * leave little to the others.
   */
  #rotate(last: Task | undefined): void {
    for (const [id, task] of [...this.#running]) {
      this.#running.delete(id);
      this.#running.set(id, task);
      if (last === undefined || task === last) return;
    }
  }

  /** A record that gives very much is no failure, but a reason to think of its key. */
  #tellOfPauses(task: Task): void {
    if (!task.paused || performance.now() - this.#toldAt < PAUSES_TOLD_MS) return;
    this.#toldAt = performance.now();
    this.#parts.logger.warn(
      `Task ${task.id} has paused ${task.pauses} times amid records, as what they give waits for the log: ` +
        `now at ${task.place}. Records of one key within a join's window join with all of the other side: ` +
        "give them finer keys, or a shorter window",
    );
    task.pauses = 0;
  }

  /**
   * In how many ms a task has to be called by the machine's time at the earliest, 1 at least; `Infinity` when
   * none has to.
   */
  untilPunctuation(now: number): number {
    let at = Infinity;
    for (const task of this.#running.values()) {
      if (this.#loading.has(task) || task.resting || !this.#parts.committer.mayProcess(task)) continue;
      at = Math.min(at, task.context.punctuators.nextWallClockTime);
    }
    return Math.max(1, at - now);
  }

  /** Whether a task that is being restored is still to be. */
  #wants(task: Task): boolean {
    return this.#restoring.get(task.id) === task && !this.#closed;
  }

  /** Restores a task, then lets it run from the committed offsets on. */
  async #begin(task: Task, restoredTo: ReadonlyMap<string, number> | undefined): Promise<void> {
    const { log, config, restorer, committer, fetcher } = this.#parts;
    await committer.prepare(task);
    const [committed, resets] = await Promise.all([
      log.committed(config.applicationId, task.inputs),
      log.offsets(task.inputs, config.autoOffsetReset ?? "earliest"),
    ]);
    task.start(new Map(task.inputs.map(({ topic }, i) => [topic, committed[i] ?? resets[i]!])));
    // What an instance before this one has committed, and did not come to purge.
    task.committed(task.inputs.flatMap((input, i) => {
      const offset = committed[i];
      return offset === undefined ? [] : [{ ...input, offset }];
    }));
    if (this.#wants(task)) await restorer.restore(task, restoredTo ?? task.file?.positions);
    if (this.#wants(task)) await committer.start(task);
    // It may have gone to another instance, or the application closed, meanwhile.
    if (!this.#wants(task)) return;
    task.restoredAll();
    this.#restoring.delete(task.id);
    this.#running.set(task.id, task);
    this.#count();
    for (const queue of task.queues) {
      this.#queues.set(partitionKey(queue.topic, queue.partition), queue);
      fetcher.assign(queue, queue.position);
    }
    // It may have to be called sooner than the loop has planned to look.
    fetcher.wakeup();
  }

  /** Fetches a schema that a task waits for; the other tasks go on meanwhile. */
  #loadSchema(task: Task, load: () => Promise<void>): void {
    if (this.#loading.has(task)) return;
    this.#loading.add(task);
    const unblock = (): void => {
      this.#loading.delete(task);
      task.unblock();
      this.#parts.fetcher.wakeup();
    };
    load().then(unblock, async (error) => {
      this.#parts.logger.warn(`Cannot load a schema for task ${task.id}: ${text(error)}; trying again`);
      await delay(SCHEMA_RETRY_MS);
      unblock();
    }).catch((error) => this.#parts.failed(error));
  }

  /**
   * Pauses the partitions that have enough buffered and resumes those that have not, so that memory stays
   * bounded at any lag.
   */
  #holdBack(): void {
    const { fetcher } = this.#parts;
    for (const queue of this.#queues.values()) {
      queue.endOffset = fetcher.endOffset(queue);
      if (queue.sets >= SETS_HELD) {
        if (!this.#paused.has(queue)) {
          this.#paused.add(queue);
          fetcher.pause(queue);
        }
      } else if (this.#paused.delete(queue)) fetcher.resume(queue);
    }
  }
}
