/**
 * A task: one subtopology on one partition of its source topics, with its own processors and stores.
 *
 * @module
 */
import { SchemaNotLoaded } from "../../serde/serde.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../kafka/port/topics.ts";
import { ProcessingError } from "../errors.ts";
import { blamed } from "../record/blame.ts";
import type { StateFile } from "../state/bytes/state_file.ts";
import { type BoundSubtopology, type BoundTopology, taskInputs } from "../topology/bound_topology.ts";
import { isOnDisk, makeStore } from "../state/make_store.ts";
import type { ManagedStore } from "../state/managed_store.ts";
import type { CacheBudget } from "../state/typed/cached_key_value_store.ts";
import { callTimeoutMs } from "./call_timeout.ts";
import { CommitPositions } from "./commit_positions.ts";
import { Failures } from "./failures.ts";
import { type Handlers, text } from "../record/handlers.ts";
import { type LinkedProcessors, linkProcessors } from "./link_processors.ts";
import { PartitionGroup } from "./partition_group.ts";
import type { PunctuationType } from "../record/punctuators.ts";
import { RecordQueue } from "./record_queue.ts";
import { RestoreNotes } from "./restore_notes.ts";
import type { StateDirectory } from "./state_directory.ts";
import { keyText } from "../record/key_text.ts";
import type { OutputBounds } from "./output_bounds.ts";
import type { EngineStats } from "../record/stats.ts";
import { TaskContext } from "./task_context.ts";
import type { TaskProgress } from "./task_progress.ts";

/** After how many records at most the clock is looked at. */
const LOOK_EACH = 16;

/** What a task needs from its application. */
export interface TaskEnvironment {
  readonly stats: EngineStats;
  readonly now: () => number;
  readonly handlers: Handlers;
  /** What the caches of aggregates may hold; left out, there are none. */
  readonly cache?: CacheBudget | undefined;
  /** Where stores on disk are; left out, all are in memory. */
  readonly directory?: StateDirectory | undefined;
  /** What may wait for the log; left out, anything. */
  readonly outputBounds?: OutputBounds | undefined;
  /** Told when a promise is settled that the task waits for; left out, whoever owns it looks by itself. */
  readonly wake?: (() => void) | undefined;
}

/** The id of a task, as Kafka Streams writes it: subtopology and partition. */
export function taskId(subtopology: number, partition: number): string {
  return `${subtopology}_${partition}`;
}

/** What a task's id says. */
export function partsOfTaskId(id: string): { readonly subtopology: number; readonly partition: number } {
  const [subtopology, partition] = id.split("_").map(Number) as [number, number];
  return { subtopology, partition };
}

/**
 * A subtopology at work on one partition: takes records in the order of time, and knows what of them is to be
 * committed.
 */
export class Task {
  readonly id: string;
  readonly partition: number;
  readonly subtopology: BoundSubtopology;
  /** The input partitions. */
  readonly inputs: readonly TopicPartition[];
  /** The task's stores, by name. */
  readonly stores: ReadonlyMap<string, ManagedStore>;
  /** Stores with their changelogs, to restore. */
  readonly changelogs: readonly { readonly topic: string; readonly store: ManagedStore }[];
  readonly context: TaskContext;
  /** Where its stores on disk are; `undefined` without any. */
  readonly file: StateFile | undefined;
  /** Whether all that it ever wrote is committed, and noted in its file: set when it leaves. */
  settled = false;
  /** Whether {@linkcode close} was called. */
  closed = false;
  /** Whether a commit waits for the end of the record that has paused: no other is begun before. */
  commitWanted = false;
  /** How often it has paused amid a record. */
  pauses = 0;
  /** Whether it stopped, at last, since the producer holds as much as it may. */
  heldBack = false;
  /** Whether it has handed on what promises gave, at last. */
  tookResults = false;
  readonly #bound: BoundTopology;
  readonly #environment: TaskEnvironment;
  readonly #processors: LinkedProcessors;
  readonly #restore: RestoreNotes;
  readonly #callTimeoutMs: number;
  /** The inputs, and what of them is committed: none until the task takes records. */
  #group = new PartitionGroup([]);
  #positions: CommitPositions;
  /** A schema that a store's value needs, when it is not known yet. */
  #blockedBy: SchemaNotLoaded | undefined;

  constructor(
    bound: BoundTopology,
    subtopology: BoundSubtopology,
    partition: number,
    environment: TaskEnvironment,
  ) {
    this.id = taskId(subtopology.id, partition);
    this.partition = partition;
    this.subtopology = subtopology;
    this.#bound = bound;
    this.#environment = environment;
    this.inputs = taskInputs(subtopology, partition);
    this.context = new TaskContext(
      this.id,
      partition,
      environment.stats,
      environment.now,
    );
    if (environment.outputBounds !== undefined) this.context.outputBounds = environment.outputBounds;
    if (environment.wake !== undefined) this.context.calls.wake = environment.wake;
    this.context.failures = new Failures(this.context, environment.handlers, () => {
      this.context.encoded.forgetValue();
      for (const store of this.stores.values()) store.forget?.();
    });
    this.file = subtopology.stores.some((name) => isOnDisk(bound.stores.get(name)!))
      ? environment.directory?.file(this.id)
      : undefined;
    const stores = new Map<string, ManagedStore>();
    const changelogs: { topic: string; store: ManagedStore }[] = [];
    for (const name of subtopology.stores) {
      const bind = bound.stores.get(name)!;
      const store = makeStore(bind, this.context, this.file, environment.cache);
      stores.set(name, store);
      if (bind.changelog !== undefined) changelogs.push({ topic: bind.changelog, store });
    }
    this.stores = stores;
    this.changelogs = changelogs;
    this.#callTimeoutMs = callTimeoutMs(bound, subtopology.nodes);
    this.#restore = new RestoreNotes(this.file, environment.now);
    this.#positions = new CommitPositions([], bound.repartitionTopics);
    const guarded = environment.handlers.onProcessingError !== undefined;
    this.#processors = linkProcessors(bound, subtopology, { context: this.context, stores, guarded });
  }

  /** One an input, in their order; none until the task takes records. */
  get queues(): readonly RecordQueue[] {
    return this.#group.queues;
  }

  /** Whether its stores are being restored: until then no record is processed. */
  get restoring(): boolean {
    return this.#restore.restoring;
  }

  /** Begins to take records: the offset of the first one by topic. */
  start(positions: ReadonlyMap<string, number>): void {
    const { stats } = this.#environment;
    const queues = this.inputs.map(({ topic, partition }) =>
      new RecordQueue(topic, partition, positions.get(topic)!, {
        ...this.#bound.sources.get(topic)!,
        ...this.#processors.sources.get(topic)!,
        stats,
      })
    );
    this.#group = new PartitionGroup(queues);
    this.#positions = new CommitPositions(queues, this.#bound.repartitionTopics);
    this.context.calls.start(queues);
  }

  /**
   * HOT PATH. Processes up to `limit` records in the order of their timestamps, as long as no queue is empty
   * that may have more, and the producer does not hold more than it may: it may stop amid a record, and go on
   * with it in the next call. After `until` it ends soon, with one record at least.
   *
   * @param until By `performance.now`. It is looked at after 1, 2, 4 and 8 records and then each 16: often
   * enough where a step takes long, and for nothing where it does not.
   * @returns How many were processed to their ends.
   * @throws {ProcessingError} When a processor threw: with the record's place and the cause.
   */
  process(limit: number, until: number = Infinity): number {
    const { context } = this;
    const group = this.#group;
    this.heldBack = false;
    this.tookResults = context.calls.any && this.takeResults();
    if (this.#blockedBy !== undefined) return 0;
    let processed = 0;
    while (processed < limit) {
      if (context.full) {
        this.heldBack = true;
        break;
      }
      if ((this.commitWanted || context.calls.full) && group.paused === undefined) break;
      const next = group.next();
      if (next === undefined) break;
      try {
        if (this.#step(next)) processed++;
      } catch (error) {
        this.#counted(processed);
        this.#failed(error, next);
        return processed;
      }
      if (this.#blockedBy !== undefined) break;
      const looks = processed % LOOK_EACH === 0 || (processed & (processed - 1)) === 0;
      if (looks && performance.now() >= until) break;
    }
    return this.#counted(processed);
  }

  /**
   * Processes the next record of one queue, whatever the others have; for the test driver, which decides the
   * order itself.
   * @throws {ProcessingError} When a processor threw: with the record's place and the cause.
   */
  processFrom(queue: RecordQueue): void {
    try {
      do this.#step(queue); while (this.paused && this.#blockedBy === undefined);
      this.#counted(1);
    } catch (error) {
      this.#counted(0);
      this.#failed(error, queue);
    }
  }

  /**
   * Hands on what the promises of asynchronous steps have given, in the order of their records. Amid a record
   * that has paused nothing is.
   *
   * @param all Whether also while the producer holds more than it may.
   * @returns Whether there was anything.
   * @throws {ProcessingError} When a promise was rejected, or a step after it threw.
   */
  takeResults(all = false): boolean {
    if (this.paused || this.#blockedBy !== undefined) return false;
    const { context } = this;
    const before = context.calls.taken;
    try {
      while ((all || !context.full) && context.calls.takeNext());
    } catch (error) {
      const { topic, offset } = context.origin;
      const record = `the record at offset ${offset} of ${topic}-${this.partition}`;
      this.#stopBy(error, `process what was awaited for ${record}`);
    } finally {
      context.enter(undefined, 0);
    }
    return context.calls.taken > before;
  }

  /** Whether it waits for promises: records of it have been taken and not come out. */
  get calling(): boolean {
    return this.context.calls.any;
  }

  /** Whether it begins nothing, as a commit waits for the promises that it waits for itself. */
  get resting(): boolean {
    return this.commitWanted && this.calling;
  }

  /**
   * Hands on all that is there to be: before the last commit of a task, which takes no more records. What
   * fails stays under way, and is not committed: whoever has the task next comes to it.
   *
   * @returns Whether there are promises that can be waited for.
   */
  drain(): boolean {
    if (!this.context.calls.used || this.closed || this.paused) return false;
    try {
      do if (this.#holdsBack) this.#flush(); while (this.takeResults(true));
    } catch (error) {
      if (!(error instanceof ProcessingError)) throw error;
      return false;
    }
    return this.calling && this.#blockedBy === undefined;
  }

  /** The record that is half processed, for a message. */
  get place(): string {
    const { topic, partition, headSet, headIndex } = this.#group.paused!;
    const key = keyText(headSet.key(headIndex));
    return `offset ${
      headSet.offsets[headIndex]
    } of ${topic}-${partition} in task ${this.id}, whose key is ${key}`;
  }

  /**
   * Whether the head of a queue is half processed: nothing of the task may be committed then, and nothing
   * else be called.
   */
  get paused(): boolean {
    return this.#group.paused !== undefined;
  }

  /**
   * HOT PATH. Begins with the head of a queue, or goes on with it where it has paused. Returns whether it was
   * processed to its end.
   */
  #step(queue: RecordQueue): boolean {
    return this.#group.paused === undefined ? this.#processHead(queue) : this.#resume(queue);
  }

  #processHead(queue: RecordQueue): boolean {
    const { context } = this;
    context.enter(queue.headSet, queue.headIndex);
    if (queue.refusal !== undefined) {
      context.failures.undecodable(queue);
      queue.advance();
      return true;
    }
    if (queue.headTimestamp > context.streamTime) context.streamTime = queue.headTimestamp;
    queue.source.process(queue.headKey, queue.headValue, queue.headTimestamp, null);
    if (context.pauses.any) {
      this.#group.paused = queue;
      this.pauses++;
      return false;
    }
    this.#finishHead(queue);
    return true;
  }

  #resume(queue: RecordQueue): boolean {
    const { context } = this;
    context.enter(queue.headSet, queue.headIndex);
    context.pauses.resume();
    if (context.pauses.any) {
      this.pauses++;
      return false;
    }
    this.#group.paused = undefined;
    this.#finishHead(queue);
    return true;
  }

  #finishHead(queue: RecordQueue): void {
    const { context } = this;
    queue.advance();
    if (context.streamTime >= context.punctuators.nextStreamTime) {
      this.#punctuate("stream-time", context.streamTime);
    }
  }

  /** A record could not be processed. */
  #failed(error: unknown, queue: RecordQueue): void {
    // It begins anew; one that had paused goes on where it was.
    if (!this.paused) this.context.pauses.clear();
    const { topic, partition, position } = queue;
    this.#stopBy(error, `process the record at offset ${position} of ${topic}-${partition}`);
  }

  /**
   * It can't go on after what was thrown: it waits when that asks for a schema, and ends by anything else.
   *
   * @param what What can't be done.
   * @param who What threw, where no step is known to have.
   */
  #stopBy(error: unknown, what: string, who: string = "a processor"): void {
    if (error instanceof ProcessingError) throw error;
    if (error instanceof SchemaNotLoaded) {
      this.#blockedBy = error;
      return;
    }
    throw new ProcessingError(
      `Cannot ${what} in task ${this.id}: ${blamed(error) ?? who} threw: ${text(error)}`,
      { cause: error },
    );
  }

  /**
   * Calls the punctuators that are due in the machine's time. Call it between slices.
   *
   * @param nowMs The time of the machine, in ms since the epoch.
   * @returns Whether any was called: what they wrote is to be committed though no record was processed.
   * @throws {ProcessingError} When a punctuator threw.
   */
  punctuate(nowMs: number): boolean {
    if (this.paused || this.resting || nowMs < this.context.punctuators.nextWallClockTime) return false;
    return this.#punctuate("wall-clock-time", nowMs);
  }

  /**
   * Lets the processors free what they hold and closes its file; the task is not used any more. Idempotent.
   */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      for (const processor of this.#processors.all) processor.close();
    } finally {
      for (const store of this.stores.values()) store.close?.();
      this.#restore.close(this.settled);
    }
  }

  /**
   * Says that a changelog is in its store up to an offset; so large restores need not begin anew when they
   * are cut short.
   */
  restored(topic: string, offset: number): void {
    this.#restore.restored(topic, offset);
  }

  /** Says that its stores are up to date: from now on it changes them. */
  restoredAll(): void {
    this.#restore.restoredAll();
  }

  /** Returns false when no punctuator was called, or one waits for a schema. */
  #punctuate(type: PunctuationType, timestampMs: number): boolean {
    const { context } = this;
    context.enter(undefined, 0);
    try {
      return context.punctuators.run(
        type,
        timestampMs,
        (error) => context.failures.processing(undefined, null, null, timestampMs, error),
      );
    } catch (error) {
      this.#stopBy(error, `punctuate at ${type} ${timestampMs}`, "a punctuator");
      return false;
    }
  }

  /** The writer's schema that this task needs to go on; `undefined` when it can. */
  get blockedBy(): SchemaNotLoaded | undefined {
    return this.#blockedBy ?? this.#group.blockedBy;
  }

  /** Goes on after the schema was asked for. */
  unblock(): void {
    this.#blockedBy = undefined;
    this.#group.unblock();
  }

  /**
   * The positions that have changed since the last {@linkcode committed}. Amid a record they are those before
   * it, and of records that wait for promises those before the oldest; none where stores hold something back,
   * which could only be flushed between records, and may be waited for itself then. What stores hold back
   * until a commit goes to their changelogs first.
   *
   * @param last Whether the task leaves. One with a file gives all its positions then: what it notes in the
   * file is right only when a commit has shown that the task is still this instance's.
   */
  uncommitted(last = false): TopicPartitionOffset[] {
    if (this.closed) return [];
    const holdsBack = this.#holdsBack;
    if (holdsBack && !this.paused) this.#flush();
    this.commitWanted = holdsBack && (this.paused || this.calling);
    if (this.commitWanted) return [];
    return this.#positions.uncommitted(last && this.file !== undefined, this.context.calls.floor());
  }

  get #holdsBack(): boolean {
    for (const { flush, holdsBack = true } of this.stores.values()) {
      if (flush !== undefined && holdsBack) return true;
    }
    return false;
  }

  /** What a cache sends on may change stores that were flushed before it. */
  #flush(): void {
    try {
      for (let again = true; again;) {
        again = false;
        for (const store of this.stores.values()) {
          if (store.flushesLast === true && this.calling) continue;
          if (store.flush?.() === true) again = true;
        }
      }
    } catch (error) {
      if (error instanceof ProcessingError) throw error;
      throw new ProcessingError(`Cannot flush the stores of task ${this.id}: ${text(error)}`, {
        cause: error,
      });
    }
  }

  /**
   * Where this task stands, for who watches its progress.
   *
   * @param endOf Up to where a partition can be read; `undefined` when that is not known.
   */
  progress(endOf: (partition: TopicPartition) => number | undefined): TaskProgress {
    const floor = this.context.calls.floor();
    return {
      id: this.id,
      restoring: this.#restore.restoring,
      inputs: this.queues.map((queue, i) => {
        const { topic, partition, position, committed } = queue;
        const processedTo = Math.min(queue.processedTo, floor?.[i] ?? Infinity);
        return { topic, partition, position, processedTo, committed, end: endOf(queue) };
      }),
      waitsFor: this.blockedBy?.message ?? this.context.calls.waitsFor,
      pauses: this.pauses + this.context.calls.taken,
      commitWaits: this.commitWanted,
      callTimeoutMs: this.#callTimeoutMs,
    };
  }

  /** Says that offsets of this task are committed. */
  committed(offsets: readonly TopicPartitionOffset[]): void {
    this.#positions.committed(offsets);
  }

  /**
   * Up to where its repartition topics' records are committed, of those that have moved since this was last
   * asked.
   */
  takePurgeable(): TopicPartitionOffset[] {
    return this.#positions.takePurgeable();
  }

  #counted(processed: number): number {
    this.#environment.stats.processed += processed;
    this.context.enter(undefined, 0);
    return processed;
  }
}
