/**
 * HOT PATH. A task: one subtopology on one partition of its source topics, with its own processors and stores.
 *
 * @module
 */
import { SchemaNotLoaded } from "../../serde/serde.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../kafka/port/topics.ts";
import { ProcessingError } from "../errors.ts";
import { Guarded } from "../processors/guarded.ts";
import type { Processor, ProcessorInit } from "../processors/processor.ts";
import { Sink, Source } from "../processors/source_sink.ts";
import type { KeyBytes } from "../state/bytes/bytes_store.ts";
import { type CacheBudget, CachedKeyValueStore } from "../state/typed/cached_key_value_store.ts";
import { ChangelogWriter } from "../state/changelog.ts";
import {
  LoggedJoinWindowStore,
  LoggedKeyValueStore,
  type ManagedStore,
} from "../state/typed/logged_stores.ts";
import { LoggedSessionStore } from "../state/typed/logged_session_store.ts";
import { LoggedWindowStore } from "../state/typed/logged_window_store.ts";
import type { StateFile } from "../state/bytes/state_file.ts";
import { SqliteKeyValueStore } from "../state/bytes/sqlite_key_value_store.ts";
import { SqliteWindowStore } from "../state/bytes/sqlite_window_store.ts";
import { MemoryKeyValueStore } from "../state/bytes/memory_key_value_store.ts";
import { MemorySessionStore } from "../state/bytes/memory_session_store.ts";
import { MemoryWindowKeyValueStore } from "../state/bytes/memory_window_kv_store.ts";
import { MemoryWindowStore } from "../state/bytes/memory_window_store.ts";
import { OuterJoinStore } from "../state/typed/outer_join_store.ts";
import { SuppressBuffer } from "../state/typed/suppress_buffer.ts";
import type { TimestampExtractor } from "../topology/topology.ts";
import {
  type BoundStore,
  type BoundSubtopology,
  type BoundTopology,
  taskInputs,
} from "../topology/bound_topology.ts";
import { Failures } from "./failures.ts";
import { type Handlers, text } from "../record/handlers.ts";
import type { TaskProgress } from "../app/progress_watch.ts";
import type { PunctuationType } from "../record/punctuators.ts";
import { RecordQueue } from "./record_queue.ts";
import type { StateDirectory } from "./state_directory.ts";
import { keyText } from "../record/key_text.ts";
import type { OutputBounds } from "./output_bounds.ts";
import type { EngineStats } from "../record/stats.ts";
import { TaskContext } from "./task_context.ts";

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
}

/** How often the progress of a restore is noted in the file, in ms. */
const SAVE_RESTORED_MS = 500;

/** The id of a task, as Kafka Streams writes it: subtopology and partition. */
export function taskId(subtopology: number, partition: number): string {
  return `${subtopology}_${partition}`;
}

/** See the module. */
export class Task {
  readonly id: string;
  readonly partition: number;
  readonly subtopology: BoundSubtopology;
  /** The input partitions. */
  readonly inputs: readonly TopicPartition[];
  /** By name. */
  readonly stores: ReadonlyMap<string, ManagedStore>;
  /** Stores with their changelogs, to restore. */
  readonly changelogs: readonly { readonly topic: string; readonly store: ManagedStore }[];
  /** One a source topic, once the task runs. */
  queues: RecordQueue[] = [];
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
  readonly #bound: BoundTopology;
  readonly #environment: TaskEnvironment;
  readonly #sourceOfTopic = new Map<string, Processor>();
  readonly #processors: Processor[] = [];
  readonly #committed = new Map<string, number>();
  /** Of repartition topics: up to where all is committed and may be deleted. */
  readonly #purgeable = new Map<string, number>();
  #restoring = true;
  readonly #restoredTo = new Map<string, number>();
  #savedAt = 0;
  /** A schema that a store's value needs, when it is not known yet. */
  #blockedBy: SchemaNotLoaded | undefined;
  /** The queue whose head is half processed: its steps have paused. */
  #pausedIn: RecordQueue | undefined;

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
    this.context.failures = new Failures(this.context, environment.handlers, () => {
      this.context.forgetValue();
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
    this.#link();
  }

  /** Begins to take records: the offset of the first one by topic. */
  start(positions: ReadonlyMap<string, number>): void {
    this.queues = this.inputs.map(({ topic, partition }) => {
      const position = positions.get(topic)!;
      this.#committed.set(topic, position);
      const source = this.#sourceOfTopic.get(topic)!;
      return new RecordQueue(topic, partition, position, {
        ...this.#bound.sources.get(topic)!,
        timestampExtractor: this.#extractor(topic),
        source,
        stats: this.#environment.stats,
      });
    });
  }

  /**
   * Processes up to `limit` records in the order of their timestamps, as long as no queue is empty that may have more, and the
   * producer does not hold more than it may: it may stop amid a record, and go on with it in the next call.
   *
   * @returns How many were processed to their ends.
   * @throws {ProcessingError} When a processor threw: with the record's place and the cause.
   */
  process(limit: number): number {
    const { queues, context } = this;
    this.heldBack = false;
    let processed = 0;
    let next: RecordQueue | undefined;
    try {
      while (processed < limit) {
        next = this.#pausedIn;
        if (context.full) {
          this.heldBack = true;
          break;
        }
        if (next !== undefined) {
          if (this.#resume(next)) processed++;
          if (this.#blockedBy !== undefined) break;
          continue;
        }
        if (this.commitWanted) break;
        for (let i = 0; i < queues.length; i++) {
          const queue = queues[i]!;
          if (queue.ready) {
            if (next === undefined || queue.headTimestamp < next.headTimestamp) next = queue;
          } else if (queue.mayHaveMore) return this.#counted(processed);
        }
        if (next === undefined) break;
        if (this.#processHead(next)) processed++;
        if (this.#blockedBy !== undefined) break;
      }
    } catch (error) {
      this.#counted(processed);
      if (next === undefined) throw error;
      this.#failed(error, next);
      return processed;
    }
    return this.#counted(processed);
  }

  /**
   * Processes the next record of one queue, whatever the others have; for the test driver, which decides the order itself.
   * @throws {ProcessingError} When a processor threw: with the record's place and the cause.
   */
  processFrom(queue: RecordQueue): void {
    try {
      if (this.#pausedIn === undefined) this.#processHead(queue);
      while (this.#pausedIn !== undefined && this.#blockedBy === undefined) this.#resume(queue);
      this.#counted(1);
    } catch (error) {
      this.#counted(0);
      this.#failed(error, queue);
    }
  }

  /** The record that is half processed, for a message. */
  get place(): string {
    const { topic, partition, headSet, headIndex } = this.#pausedIn!;
    const key = keyText(headSet.key(headIndex));
    return `offset ${
      headSet.offsets[headIndex]
    } of ${topic}-${partition} in task ${this.id}, whose key is ${key}`;
  }

  /** Whether the head of a queue is half processed: nothing of the task may be committed then, and nothing else be called. */
  get paused(): boolean {
    return this.#pausedIn !== undefined;
  }

  /** Returns whether the record was processed to its end. */
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
      this.#pausedIn = queue;
      this.pauses++;
      return false;
    }
    this.#finishHead(queue);
    return true;
  }

  /** Goes on amid a record. Returns whether it was processed to its end. */
  #resume(queue: RecordQueue): boolean {
    const { context } = this;
    context.enter(queue.headSet, queue.headIndex);
    context.pauses.resume();
    if (context.pauses.any) {
      this.pauses++;
      return false;
    }
    this.#pausedIn = undefined;
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

  /** A record could not be processed: it may only wait for a schema. */
  #failed(error: unknown, queue: RecordQueue): void {
    // It begins anew; one that had paused goes on where it was.
    if (!this.paused) this.context.pauses.clear();
    if (error instanceof ProcessingError) throw error;
    if (error instanceof SchemaNotLoaded) {
      this.#blockedBy = error;
      return;
    }
    throw new ProcessingError(
      `Cannot process the record at offset ${queue.position} of ${queue.topic}-${queue.partition} in task ${this.id}: ` +
        `a processor threw: ${text(error)}`,
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
    if (this.paused || nowMs < this.context.punctuators.nextWallClockTime) return false;
    return this.#punctuate("wall-clock-time", nowMs);
  }

  /** Lets the processors free what they hold and closes its file; the task is not used any more. Idempotent. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      for (const processor of this.#processors) processor.close();
    } finally {
      for (const store of this.stores.values()) store.close?.();
      // While it is restored, all that it has is what was committed before.
      if (this.#restoring) this.file?.commit(this.#restoredTo);
      this.file?.close(this.#restoring || this.settled);
    }
  }

  /** Says that a changelog is in its store up to an offset; so large restores need not begin anew when they are cut short. */
  restored(topic: string, offset: number): void {
    if (this.file === undefined) return;
    this.#restoredTo.set(topic, offset);
    const now = this.#environment.now();
    if (now - this.#savedAt < SAVE_RESTORED_MS) return;
    this.#savedAt = now;
    this.file.commit(this.#restoredTo);
  }

  /** Says that its stores are up to date: from now on it changes them. */
  restoredAll(): void {
    this.#restoring = false;
    this.file?.commit(this.#restoredTo);
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
      if (error instanceof ProcessingError) throw error;
      if (error instanceof SchemaNotLoaded) {
        this.#blockedBy = error;
        return false;
      }
      throw new ProcessingError(
        `Cannot punctuate at ${type} ${timestampMs} in task ${this.id}: a punctuator threw: ${text(error)}`,
        { cause: error },
      );
    }
  }

  /** The writer's schema that this task needs to go on; `undefined` when it can. */
  get blockedBy(): SchemaNotLoaded | undefined {
    return this.#blockedBy ?? this.queues.find((queue) => queue.blockedBy !== undefined)?.blockedBy;
  }

  /** Goes on after the schema was asked for. */
  unblock(): void {
    this.#blockedBy = undefined;
    for (const queue of this.queues) if (queue.blockedBy !== undefined) queue.unblock();
  }

  /**
   * The positions that have changed since the last {@linkcode committed}. Amid a record they are those before it; none where stores hold
   * something back, which could only be flushed between records. What stores hold back until a commit goes to their changelogs first.
   *
   * @param last Whether the task leaves. One with a file gives all its positions then: what it notes in the file is right only when a
   * commit has shown that the task is still this instance's.
   */
  uncommitted(last = false): TopicPartitionOffset[] {
    if (this.closed) return [];
    this.commitWanted = this.paused && this.#holdsBack;
    if (this.commitWanted) return [];
    this.#flush();
    const offsets: TopicPartitionOffset[] = [];
    for (const { topic, partition, position } of this.queues) {
      if (this.#committed.get(topic) !== position || (last && this.file !== undefined)) {
        offsets.push({ topic, partition, offset: position });
      }
    }
    return offsets;
  }

  get #holdsBack(): boolean {
    for (const { flush } of this.stores.values()) if (flush !== undefined) return true;
    return false;
  }

  /** What a cache sends on may change stores that were flushed before it. */
  #flush(): void {
    try {
      for (let again = true; again;) {
        again = false;
        for (const store of this.stores.values()) if (store.flush?.() === true) again = true;
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
    return {
      id: this.id,
      restoring: this.#restoring,
      inputs: this.queues.map((queue) => {
        const { topic, partition, position, processedTo } = queue;
        const committed = this.#committed.get(topic)!;
        return { topic, partition, position, processedTo, committed, end: endOf(queue) };
      }),
      waitsFor: this.blockedBy?.message,
      pauses: this.pauses,
      commitWaits: this.commitWanted,
    };
  }

  /** Says that offsets of this task are committed. */
  committed(offsets: readonly TopicPartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      if (partition !== this.partition || !this.#committed.has(topic)) continue;
      this.#committed.set(topic, offset);
      if (this.#bound.repartitionTopics.has(topic)) this.#purgeable.set(topic, offset);
    }
  }

  /** Up to where its repartition topics' records are committed, of those that have moved since this was last asked. */
  takePurgeable(): TopicPartitionOffset[] {
    const { partition } = this;
    const offsets = [...this.#purgeable].map(([topic, offset]) => ({ topic, partition, offset }));
    this.#purgeable.clear();
    return offsets;
  }

  #counted(processed: number): number {
    this.#environment.stats.processed += processed;
    this.context.enter(undefined, 0);
    return processed;
  }

  #extractor(topic: string): TimestampExtractor | undefined {
    for (const node of this.#bound.topology.nodes.values()) {
      if (node.kind !== "source") continue;
      if (node.topics.some((each) => this.#bound.topicName(each) === topic)) return node.timestampExtractor;
    }
    return undefined;
  }

  #link(): void {
    const processors = new Map<string, Processor>();
    for (const name of this.subtopology.nodes) {
      const node = this.#bound.topology.nodes.get(name)!;
      let processor: Processor;
      let connected: readonly string[] = [];
      if (node.kind === "source") {
        processor = new Source();
        for (const topic of node.topics) this.#sourceOfTopic.set(this.#bound.topicName(topic), processor);
      } else {
        if (node.kind === "sink") {
          const { topic, partitions, key, value } = this.#bound.sinks.get(name)!;
          processor = new Sink(topic, partitions, key, value);
        } else {
          processor = node.create();
          connected = node.stores;
        }
        // Without a handler there is nothing in a record's way.
        const guarded = node.kind === "sink" || this.#environment.handlers.onProcessingError === undefined
          ? processor
          : new Guarded(name, processor, this.context);
        for (const parent of node.parents) processors.get(parent)!.children.push(guarded);
      }
      processor.init(this.#init(name, connected));
      const parents = node.kind === "source" ? [] : node.parents.map((parent) => processors.get(parent)!);
      processor.mayPause = parents.every(({ mayPause, resumable }) => mayPause && resumable);
      if (!processor.mayPause || !(processor.resumable || node.kind === "sink")) {
        this.context.mayOverflow = true;
      }
      processors.set(name, processor);
      this.#processors.push(processor);
    }
  }

  #init(node: string, connected: readonly string[]): ProcessorInit {
    return {
      context: this.context,
      store: <S>(name: string): S & ManagedStore => {
        if (!connected.includes(name)) {
          throw new Error(
            `Cannot use store ${name} in ${node}: received a store that is not connected; name it in the node's stores`,
          );
        }
        return this.stores.get(name)! as S & ManagedStore;
      },
    };
  }
}

/** Whether a store goes to the task's file, where the application keeps stores on disk. */
function isOnDisk({ def }: BoundStore): boolean {
  return def.kind === "key-value" || def.kind === "join-window";
}

function makeStore(
  { def, changelog, key, value, otherValue }: BoundStore,
  context: TaskContext,
  file: StateFile | undefined,
  cache: CacheBudget | undefined,
): ManagedStore {
  const writer = changelog === undefined ? undefined : new ChangelogWriter(changelog, context);
  if (def.kind === "join-window") {
    const { name, retentionMs } = def;
    const inner = file === undefined
      ? new MemoryWindowStore(retentionMs)
      : new SqliteWindowStore(file, { name, changelog, retentionMs });
    return new LoggedJoinWindowStore(name, inner, key, value, context, writer);
  }
  if (def.kind === "window") {
    const inner = new MemoryWindowKeyValueStore(def.retentionMs);
    return new LoggedWindowStore(def.name, inner, key, value, context, writer);
  }
  if (def.kind === "session") {
    const inner = new MemorySessionStore(def.retentionMs);
    return new LoggedSessionStore(def.name, inner, key, value, context, writer);
  }
  if (def.kind === "outer-join") {
    return new OuterJoinStore(def.name, key, value, otherValue, context, writer);
  }
  if (def.kind === "suppress") return new SuppressBuffer(def.name, key, value, context, writer);
  // An expired key leaves the changelog too: a compacted topic would keep it for ever.
  const onExpired = writer &&
    ((expired: KeyBytes, timestamp: number): void => writer.write(expired, null, 0, 0, timestamp));
  const { name, retentionMs } = def;
  const inner = file === undefined
    ? new MemoryKeyValueStore(retentionMs, onExpired)
    : new SqliteKeyValueStore(file, { name, changelog, retentionMs, onExpired });
  const store = new LoggedKeyValueStore(name, inner, key, value, context, writer);
  return cache === undefined || def.cacheable !== true
    ? store
    : new CachedKeyValueStore(store, key, value, context, cache);
}
