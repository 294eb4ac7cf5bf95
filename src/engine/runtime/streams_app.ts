/**
 * A running stream application: one instance, one thread.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import { deadline } from "@std/async/deadline";
import { delay } from "@std/async/delay";
import {
  CommitRejected,
  type Fetcher,
  type GroupMember,
  type Log,
  partitionKey,
  type Producer,
  type TopicPartition,
} from "../../kafka/log.ts";
import type { Topology } from "../topology/topology.ts";
import { bindTopology, type BoundTopology } from "./bound_topology.ts";
import { DEFAULT_COMMIT_INTERVAL_MS, type StreamsConfig } from "./config.ts";
import { type EngineLogger, logAndContinue, text } from "./handlers.ts";
import { LagTracker, type PartitionPosition } from "./lag_tracker.ts";
import type { RecordQueue } from "./record_queue.ts";
import { Restorer } from "./restorer.ts";
import { EngineStats } from "./stats.ts";
import { Task, taskId } from "./task.ts";
import { TaskAssignor } from "./task_assignor.ts";

/** What an application is doing. */
export type StreamsState = "created" | "joining" | "running" | "closing" | "closed" | "failed";

/** Records that a task processes before the next one's turn. */
const RECORDS_A_TURN = 512;
/** How long the tasks process before the loop looks at the log again, in ms. */
const SLICE_MS = 8;
/** How long an idle loop waits for records, in ms. */
const IDLE_POLL_MS = 100;
/** Sets held a partition before its fetching is paused: one in work, one to go on with. */
const SETS_HELD = 2;
/** How long closing waits for the last commit, in ms: with leaving the group it stays below 5 s. */
const CLOSE_MS = 4000;
/** How long to wait before a refused commit is tried again, in ms. */
const COMMIT_RETRY_MS = 50;
/** How long to wait before a schema that could not be fetched is asked for again, in ms. */
const SCHEMA_RETRY_MS = 1000;

/**
 * Runs a topology on a log, together with the other instances of the same application id.
 *
 * @example
 * ```ts
 * import { MemoryLog, StreamsApp, StreamsBuilder, stringSerde } from "../../../mod.ts";
 *
 * const log = new MemoryLog();
 * await log.createTopics([{ topic: "in", partitions: 1 }, { topic: "out", partitions: 1 }]);
 * const text = { key: stringSerde(), value: stringSerde() };
 * const builder = new StreamsBuilder();
 * builder.stream("in", text).mapValues((value) => value.toUpperCase()).to("out", text);
 * const app = new StreamsApp(builder.build(), log, { applicationId: "shout" });
 * await app.start();
 * await app.close();
 * await log.close();
 * ```
 */
export class StreamsApp {
  /** What was counted so far. */
  readonly stats: EngineStats = new EngineStats();
  readonly #topology: Topology;
  readonly #log: Log;
  readonly #config: StreamsConfig;
  readonly #logger: EngineLogger;
  readonly #now: () => number;
  /** Tasks that process records, by id. */
  readonly #running = new Map<string, Task>();
  /** Tasks whose stores are being restored, by id. */
  readonly #restoring = new Map<string, Task>();
  readonly #queues = new Map<string, RecordQueue>();
  readonly #paused = new Set<RecordQueue>();
  /** Tasks that wait for a writer's schema. */
  readonly #loading = new Set<Task>();
  #state: StreamsState = "created";
  #bound!: BoundTopology;
  #producer!: Producer;
  #fetcher!: Fetcher;
  #group!: GroupMember;
  #restorer!: Restorer;
  #lag!: LagTracker;
  #loop: Promise<void> | undefined;
  #committing: Promise<unknown> = Promise.resolve();
  #commitUnderWay = false;
  #lastCommit = 0;
  #failure: unknown;
  #fail!: (error: unknown) => void;
  /** Resolves when the application has ended by {@linkcode close}; rejects when it failed. */
  readonly done: Promise<void>;
  #finish!: () => void;

  constructor(topology: Topology, log: Log, config: StreamsConfig) {
    this.#topology = topology;
    this.#log = log;
    this.#config = config;
    this.#logger = config.logger ?? { info() {}, warn() {} };
    this.#now = config.now ?? Date.now;
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    // Whoever waits sees the rejection; nobody waiting must not end the process.
    this.done.catch(() => {});
    this.stats.stores = () => this.#storeSizes();
  }

  get state(): StreamsState {
    return this.#state;
  }

  /** Whether this instance has its assignment and restored all of it. */
  get ready(): boolean {
    return this.#state === "running" && this.#restoring.size === 0;
  }

  /** The ids of the tasks that process records here. */
  get tasks(): string[] {
    return [...this.#running.keys()].sort();
  }

  /** Where this instance stands in each partition that it owns. Log ends are at most about a second old. */
  positions(): PartitionPosition[] {
    return this.#lag?.positions() ?? [];
  }

  /**
   * Checks the topology against the log, creates changelogs, joins the group and begins. Resolves with the first assignment.
   *
   * @throws {TopologyError} When the topology can't run on this log.
   */
  async start(): Promise<void> {
    if (this.#state !== "created") {
      throw new Error(`Cannot start: received an application that is ${this.#state}; make a new one`);
    }
    this.#state = "joining";
    try {
      await this.#open();
      this.#loop = this.#run().catch((error) => this.#failed(error));
      await Promise.race([this.#group.join(), this.done]);
    } catch (error) {
      this.#failed(error);
      return await this.done;
    }
    if (this.#state === "joining") this.#state = "running";
  }

  async #open(): Promise<void> {
    const { applicationId, replicationFactor = 1, groupInstanceId, sessionTimeoutMs, fetchPartitionBytes } =
      this.#config;
    this.#bound = await bindTopology(this.#topology, this.#log, { applicationId, replicationFactor });
    this.#producer = this.#log.producer();
    this.#fetcher = this.#log.fetcher({
      outOfRange: this.#config.autoOffsetReset ?? "earliest",
      onOutOfRange: (partition, wanted, resumedAt) => this.#onOutOfRange(partition, wanted, resumedAt),
      ...(fetchPartitionBytes === undefined ? {} : { partitionBytes: fetchPartitionBytes }),
    });
    this.#restorer = new Restorer(this.#log, this.stats, this.#logger, this.#now);
    this.#lag = new LagTracker(
      this.#log,
      this.#fetcher,
      () => [...this.#running.values(), ...this.#restoring.values()],
      (error) => this.#logger.warn(`Cannot refresh the log ends: ${text(error)}; trying again`),
    );
    this.#group = this.#log.group({
      groupId: applicationId,
      topics: this.#bound.subtopologies.flatMap(({ sourceTopics }) => sourceTopics),
      assignor: new TaskAssignor(this.#bound.subtopologies),
      ...(groupInstanceId === undefined ? {} : { groupInstanceId }),
      ...(sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs }),
      onAssigned: (added) => this.#onAssigned(added),
      onRevoked: (revoked) => this.#onRevoked(revoked),
      onLost: (lost) => this.#onLost(lost),
    });
    this.#group.failed.catch((error) => this.#failed(error));
  }

  /**
   * Commits, leaves the group and frees what it holds. Idempotent.
   * @throws When the last commit failed: what was not committed will be processed again.
   */
  async close(): Promise<void> {
    if (this.#state === "closed" || this.#state === "failed") return;
    if (this.#state === "created") {
      this.#state = "closed";
      this.#finish();
      return;
    }
    if (this.#state === "closing") return await this.done;
    this.#state = "closing";
    this.#fetcher?.wakeup();
    let error: unknown;
    try {
      await deadline(this.#stopAndCommit(), CLOSE_MS);
    } catch (caught) {
      error = caught;
    }
    await this.#release(error !== undefined);
    this.#state = "closed";
    this.#finish();
    if (error !== undefined) {
      throw new Error(
        `Cannot commit while closing: ${text(error)}; records since the last commit will be processed again`,
        { cause: error },
      );
    }
  }

  async #stopAndCommit(): Promise<void> {
    await this.#loop;
    await this.#commitBeforeLeaving([...this.#running.values()]);
  }

  async #run(): Promise<void> {
    const interval = this.#config.commitIntervalMs ?? DEFAULT_COMMIT_INTERVAL_MS;
    while (this.#state === "joining" || this.#state === "running") {
      const worked = this.#processSlice();
      const untilCommit = interval - (this.#now() - this.#lastCommit);
      if (untilCommit <= 0 && !this.#commitUnderWay) this.#commitInBackground();
      await this.#producer.ready();
      const wait = worked ? 0 : untilCommit > 0 ? Math.min(untilCommit, IDLE_POLL_MS) : IDLE_POLL_MS;
      for (const set of await this.#fetcher.poll(wait)) {
        this.#queues.get(partitionKey(set.topic, set.partition))?.push(set);
      }
      this.#holdBack();
      // Sockets and timers get their turn: an await alone would not let them.
      if (worked) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Lets each task process for a while, in turn. Returns whether any did. */
  #processSlice(): boolean {
    const until = performance.now() + SLICE_MS;
    let any = false;
    for (let again = true; again && performance.now() < until;) {
      again = false;
      for (const task of this.#running.values()) {
        if (this.#loading.has(task)) continue;
        if (task.process(RECORDS_A_TURN) > 0) any = again = true;
        const { blockedBy } = task;
        if (blockedBy !== undefined) this.#loadSchema(task, blockedBy.load);
      }
    }
    return any;
  }

  /** Fetches a schema that a task waits for; the other tasks go on meanwhile. */
  #loadSchema(task: Task, load: () => Promise<void>): void {
    if (this.#loading.has(task)) return;
    this.#loading.add(task);
    const unblock = (): void => {
      this.#loading.delete(task);
      task.unblock();
      this.#fetcher.wakeup();
    };
    load().then(unblock, async (error) => {
      this.#logger.warn(`Cannot load a schema for task ${task.id}: ${text(error)}; trying again`);
      await delay(SCHEMA_RETRY_MS);
      unblock();
    }).catch((error) => this.#failed(error));
  }

  /** Pauses the partitions that have enough buffered and resumes those that have not, so that memory stays bounded at any lag. */
  #holdBack(): void {
    for (const queue of this.#queues.values()) {
      queue.endOffset = this.#fetcher.endOffset(queue);
      if (queue.sets >= SETS_HELD) {
        if (!this.#paused.has(queue)) {
          this.#paused.add(queue);
          this.#fetcher.pause(queue);
        }
      } else if (this.#paused.delete(queue)) this.#fetcher.resume(queue);
    }
  }

  #commitInBackground(): void {
    this.#lastCommit = this.#now();
    this.#commitUnderWay = true;
    this.#commit([...this.#running.values()]).catch((error) => this.#failed(error)).finally(() =>
      this.#commitUnderWay = false
    );
  }

  /** Flushes what was produced up to now and commits the positions up to now; processing may go on meanwhile. One at a time. */
  #commit(tasks: readonly Task[]): Promise<boolean> {
    const commit = this.#committing.then(() => this.#commitNow(tasks));
    this.#committing = commit.catch(() => {}); // whoever asked for it sees it
    return commit;
  }

  /** Commits tasks that go elsewhere. A rebalance under way may refuse it at first: without it, records would be processed twice. */
  async #commitBeforeLeaving(tasks: readonly Task[]): Promise<void> {
    const until = performance.now() + CLOSE_MS;
    while (!await this.#commit(tasks) && performance.now() < until) await delay(COMMIT_RETRY_MS);
  }

  /** Returns false when the group refused it for now. */
  async #commitNow(tasks: readonly Task[]): Promise<boolean> {
    const offsets = tasks.map((task) => ({ task, offsets: task.uncommitted() })).filter((each) =>
      each.offsets.length > 0
    );
    if (offsets.length === 0) return true;
    const begun = performance.now();
    await this.#producer.flush();
    try {
      await this.#group.commit(offsets.flatMap((each) => each.offsets));
    } catch (error) {
      if (!(error instanceof CommitRejected)) throw error;
      // The records since the last commit are processed again by whoever has them next: at least once.
      this.stats.commitFailures++;
      if (!error.retriable) this.#logger.warn(`A commit was refused: ${error.message}`);
      return !error.retriable;
    }
    for (const each of offsets) each.task.committed(each.offsets);
    this.stats.commits++;
    this.#config.onCommit?.((performance.now() - begun) / 1000);
    return true;
  }

  #onAssigned(added: readonly TopicPartition[]): Promise<void> {
    this.stats.rebalances = this.#group.rebalances;
    const ids = new Set<string>();
    const onUndecodable = this.#config.onUndecodable ?? logAndContinue(this.#logger, this.#now);
    for (const { topic, partition } of added) {
      const subtopology = this.#bound.subtopologies.find(({ sourceTopics }) => sourceTopics.includes(topic));
      if (subtopology === undefined || ids.has(taskId(subtopology.id, partition))) continue;
      const { producer, stats, now } = { producer: this.#producer, stats: this.stats, now: this.#now };
      const task = new Task(this.#bound, subtopology, partition, { producer, stats, now, onUndecodable });
      ids.add(task.id);
      this.#restoring.set(task.id, task);
      this.#begin(task).catch((error) => this.#failed(error));
    }
    this.#logAssignment(ids);
    return Promise.resolve();
  }

  #logAssignment(added: ReadonlySet<string>): void {
    const all = [...new Set([...this.#running.keys(), ...this.#restoring.keys()])].sort();
    this.#logger.info(
      `generation ${this.#group.generation}: ${all.length === 0 ? "no tasks" : `tasks ${all.join(" ")}`}` +
        (added.size > 0 ? `, new: ${[...added].sort().join(" ")}` : ""),
    );
  }

  /** Restores a task, then lets it run from the committed offsets on. */
  async #begin(task: Task): Promise<void> {
    const committed = await this.#log.committed(this.#config.applicationId, task.inputs);
    const resets = await this.#log.offsets(task.inputs, this.#config.autoOffsetReset ?? "earliest");
    const positions = new Map(task.inputs.map(({ topic }, i) => [topic, committed[i] ?? resets[i]!]));
    task.start(positions);
    await this.#restorer.restore(task);
    // It may have gone to another instance, or the application closed, while it was restored.
    if (this.#restoring.get(task.id) !== task || this.#state === "closing" || this.#state === "failed") {
      return;
    }
    this.#restoring.delete(task.id);
    this.#running.set(task.id, task);
    this.stats.tasks = this.#running.size;
    for (const queue of task.queues) {
      this.#queues.set(partitionKey(queue.topic, queue.partition), queue);
      this.#fetcher.assign(queue, queue.position);
    }
  }

  async #onRevoked(revoked: readonly TopicPartition[]): Promise<void> {
    const tasks = this.#drop(revoked);
    await this.#commitBeforeLeaving(tasks);
    this.#logger.info(`gave up tasks ${tasks.map(({ id }) => id).join(" ") || "(none that ran)"}`);
  }

  #onLost(lost: readonly TopicPartition[]): Promise<void> {
    const tasks = this.#drop(lost);
    this.#logger.warn(
      `lost tasks ${
        tasks.map(({ id }) => id).join(" ")
      }: the group took this instance for dead; joining again`,
    );
    return Promise.resolve();
  }

  /** Takes tasks out of work; what they have processed can still be committed. Returns those that ran. */
  #drop(partitions: readonly TopicPartition[]): Task[] {
    const gone = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
    const has = ({ inputs }: Task): boolean =>
      inputs.some(({ topic, partition }) => gone.has(partitionKey(topic, partition)));
    for (const task of [...this.#restoring.values()].filter(has)) {
      this.#restoring.delete(task.id);
      this.#restorer.drop(task);
    }
    const tasks = [...this.#running.values()].filter(has);
    for (const task of tasks) {
      this.#running.delete(task.id);
      for (const queue of task.queues) {
        this.#queues.delete(partitionKey(queue.topic, queue.partition));
        this.#paused.delete(queue);
        this.#fetcher.unassign(queue);
      }
    }
    this.stats.tasks = this.#running.size;
    return tasks;
  }

  #onOutOfRange({ topic, partition }: TopicPartition, wanted: number, resumedAt: number): void {
    this.stats.offsetResets++;
    this.#logger.warn(
      `Offset ${wanted} of ${topic}-${partition} is not in the log any more (retention is shorter than the lag?): reading on at ${resumedAt}`,
    );
  }

  *#storeSizes(): Generator<{ store: string; entries: number; bytes: number }> {
    for (const task of this.#running.values()) {
      for (const { name, size, bytes } of task.stores.values()) yield { store: name, entries: size, bytes };
    }
  }

  #failed(error: unknown): void {
    if (this.#failure !== undefined || this.#state === "closed") return;
    this.#failure = error;
    if (this.#state === "closing") {
      this.#logger.warn(`While closing: ${text(error)}`);
      return;
    }
    this.#state = "failed";
    this.#fetcher?.wakeup();
    this.#release(true).catch((other) => this.#logger.warn(`While stopping: ${text(other)}`)).finally(() =>
      this.#fail(error)
    );
  }

  /** Leaves the group and closes everything, whatever of it fails. */
  async #release(abandon = false): Promise<void> {
    this.#lag?.close();
    const steps: [string, (() => Promise<unknown>) | undefined][] = [
      ["the group", this.#group && (() => this.#group.leave())],
      ["the restore", this.#restorer && (() => this.#restorer.close())],
      ["the producer", this.#producer && (() => this.#producer.close({ abandon }))],
      ["the fetcher", this.#fetcher && (() => this.#fetcher.close())],
    ];
    for (const [what, step] of steps) {
      try {
        await step?.();
      } catch (error) {
        this.#logger.warn(`Cannot close ${what}: ${text(error)}`);
      }
    }
  }
}
