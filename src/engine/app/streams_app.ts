/**
 * A running stream application: one instance, one thread.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import { setImmediate } from "node:timers";
import type { Fetcher } from "../../kafka/port/fetcher.ts";
import type { GroupMember, MemberAssignment } from "../../kafka/port/group.ts";
import type { Log } from "../../kafka/port/log.ts";
import type { TopicPartition } from "../../kafka/port/topics.ts";
import { CacheBudget } from "../state/typed/cached_key_value_store.ts";
import type { Topology } from "../topology/topology.ts";
import { bindTopology, type BoundTopology } from "../topology/bound_topology.ts";
import { type Committer, LAST_COMMIT_MS } from "../task/committer.ts";
import {
  DEFAULT_FETCH_PARTITION_BYTES,
  DEFAULT_HEARTBEAT_INTERVAL_MS,
  DEFAULT_TOPICS_REFRESH_MS,
  type StreamsConfig,
} from "../task/config.ts";
import { checkLeader, type OwnTopology } from "./group_peers.ts";
import { type EngineLogger, type Handlers, text } from "../record/handlers.ts";
import { makeCommitter } from "../task/make_committer.ts";
import { makeHandlers } from "../task/make_handlers.ts";
import { outputBounds } from "../task/output_bounds.ts";
import { LagTracker, type PartitionPosition } from "./lag_tracker.ts";
import { ProgressReport } from "./progress_report.ts";
import { RepartitionPurge } from "./repartition_purge.ts";
import { outOfRange } from "./out_of_range.ts";
import { Restorer } from "../task/restorer.ts";
import { type CleanedStateDirectory, openStateDirectory } from "./state_cleanup.ts";
import { steadyClock } from "./steady_clock.ts";
import { Standbys } from "../task/standbys.ts";
import { type StoreAnswer, StoreQueries, type StoreRange, type StoreState } from "./store_queries.ts";
import { type HeldState, heldState, StateBudget, stateFull } from "./state_budget.ts";
import { EngineStats } from "../record/stats.ts";
import { SourceTopics } from "./source_topics.ts";
import type { Task } from "../task/task.ts";
import { SETTLE_MS, TaskAssignor } from "./task_assignor.ts";
import { TaskManager } from "./task_manager.ts";
import { assignedTasks } from "./task_parts.ts";
import { TopicChanges } from "./topic_changes.ts";
import { TopicWatch } from "./topic_watch.ts";
import { WholeTasks } from "./whole_tasks.ts";
import { topologyFingerprint } from "../topology/topology_fingerprint.ts";

/** What an application is doing. */
export type StreamsState = "created" | "joining" | "running" | "closing" | "closed" | "failed";

/** How long an idle loop waits for records, in ms. */
const IDLE_POLL_MS = 500;
/** The same while a commit takes longer than the time between two. */
const OVERDUE_POLL_MS = 100;

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
  /** For what is compared with the notes of an earlier process. */
  readonly #wallClock: () => number;
  #state: StreamsState = "created";
  #committer!: Committer;
  #purge!: RepartitionPurge;
  #fetcher!: Fetcher;
  #group!: GroupMember;
  #restorer!: Restorer;
  #standbys!: Standbys;
  #tasks!: TaskManager;
  #lag!: LagTracker;
  #progress: ProgressReport | undefined;
  /** Whether it has all tasks of its last assignment, and that one holds. */
  #assigned = false;
  /** Commits refused, and why the last one was. */
  #refused: { count: number; last: string | undefined } = { count: 0, last: undefined };
  #topics!: SourceTopics;
  #watch!: TopicWatch;
  #own!: OwnTopology;
  #changes!: TopicChanges;
  #whole!: WholeTasks;
  #queries: StoreQueries | undefined;
  /** Where each task's instance is reached, as the group's leader said last. */
  #endpoints = new Map<string, string>();
  #openedAt = 0;
  #askedAgain = false;
  #directory: CleanedStateDirectory | undefined;
  readonly #budget: StateBudget;
  /** The move of the tasks to disk, while it is under way: whoever gives or takes tasks waits for it. */
  #move: Promise<void> | undefined;
  #settleTimer: ReturnType<typeof setTimeout> | undefined;
  #loop: Promise<void> | undefined;
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
    this.#now = config.now ?? steadyClock();
    this.#wallClock = config.now ?? Date.now;
    this.done = new Promise((resolve, reject) => {
      this.#finish = resolve;
      this.#fail = reject;
    });
    // Whoever waits sees the rejection; nobody waiting must not end the process.
    this.done.catch(() => {});
    this.stats.stores = () => this.#storeSizes();
    this.stats.stateBytes = () => this.#held().bytes;
    this.stats.stateMaxBytes = config.stateMaxBytes ?? Infinity;
    this.#budget = new StateBudget({
      maxBytes: this.stats.stateMaxBytes,
      measure: () => this.#held(),
      logger: this.#logger,
      clock: () => performance.now(),
      onFull: (held) => this.#onStateFull(held),
    });
  }

  get state(): StreamsState {
    return this.#state;
  }

  /** Whether it is neither ended nor about to. */
  get #working(): boolean {
    return this.#state === "joining" || this.#state === "running";
  }

  /** Whether this instance has its assignment and restored all of it. */
  get ready(): boolean {
    return this.#state === "running" && this.#assigned && this.#move === undefined &&
      !this.#tasks.restoring && this.waitingFor.length === 0;
  }

  /** The source topics that have gone, and that it waits for ({@linkcode StreamsConfig.onMissingTopic}). */
  get waitingFor(): string[] {
    return this.#topics?.missing ?? [];
  }

  /** The ids of the tasks that process records here. */
  get tasks(): string[] {
    return this.#tasks?.running.map(({ id }) => id).sort() ?? [];
  }

  /** The ids of the tasks whose stores are kept current here for another instance. */
  get standbyTasks(): string[] {
    return this.#standbys?.ids ?? [];
  }

  /** How many changelog records the standbys have still to read, as of the last ones fetched; 0 when they are current. */
  get standbyLag(): number {
    return this.#standbys?.lag ?? 0;
  }

  /** Where this instance stands in each partition that it owns. Log ends are at most about a second old. */
  positions(): PartitionPosition[] {
    return this.#lag?.positions() ?? [];
  }

  /**
   * Whether {@linkcode positions} names all that this instance owns: it has its assignment, brokers answer, and no source topic has
   * gone, whose tasks nobody has. Else it may own more than it knows, or nothing any more.
   */
  get knowsAssignment(): boolean {
    return this.#assigned && this.cutOff === undefined && this.waitingFor.length === 0;
  }

  /** What stands still for longer than {@linkcode StreamsConfig.stallTimeoutMs}, each in a sentence with its cause; empty while all gets on. */
  get stalls(): readonly string[] {
    return this.#progress?.stalls ?? [];
  }

  /** Why this instance counts as cut off from the log: no broker has answered for some seconds. `undefined` while they answer. */
  get cutOff(): string | undefined {
    return this.#progress?.cutOff;
  }

  /** Where the instance of each task is reached, as far as the instances have said, by the task's id. */
  get taskEndpoints(): ReadonlyMap<string, string> {
    return this.#endpoints;
  }

  /** The stores of this instance's tasks, by name and task. */
  stores(): StoreState[] {
    return this.#queries?.states() ?? [];
  }

  /**
   * Reads a key from a store, or tells which instance has it. The key's task follows from the bytes that the source topic's key serde
   * gives it, as Kafka's partitioner has it. Also what is not committed yet is read.
   *
   * @param range For a window or session store, whose answer is a list of the key's `WindowEntry` or `SessionEntry`: which of them.
   * @throws {Error} When the topology has no such store, or the application does not run.
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { int64Serde, MemoryLog, StreamsApp, StreamsBuilder, stringSerde } from "../../../mod.ts";
   *
   * const log = new MemoryLog();
   * await log.createTopics([{ topic: "words", partitions: 1 }]);
   * const text = { key: stringSerde(), value: stringSerde() };
   * const builder = new StreamsBuilder();
   * builder.stream("words", text).groupByKey(text).count({ value: int64Serde(), name: "counts" });
   * const app = new StreamsApp(builder.build(), log, { applicationId: "count", endpoint: "localhost:9001" });
   * await app.start();
   * while (!app.ready) await new Promise((resolve) => setTimeout(resolve, 10));
   * assertEquals(await app.queryStore("counts", "kos"), { kind: "local", task: "0_0", value: null });
   * await app.close();
   * await log.close();
   * ```
   */
  async queryStore<V = unknown>(name: string, key: unknown, range: StoreRange = {}): Promise<StoreAnswer<V>> {
    return await this.#readable(name).get<V>(name, key, range);
  }

  /**
   * Some entries of a store, of the tasks that run here, in no defined order: as its `entries` gives them.
   *
   * @param limit How many at most.
   * @throws {Error} As {@linkcode queryStore}.
   */
  async storeEntries(name: string, limit: number): Promise<unknown[]> {
    return await this.#readable(name).entries(name, limit);
  }

  #readable(name: string): StoreQueries {
    if (this.#queries !== undefined && this.#working) return this.#queries;
    throw new Error(
      `Cannot read store ${name}: received an application that is ${this.#state}; read it while it runs`,
    );
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
    this.#progress = this.#watchProgress();
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

  #watchProgress(): ProgressReport {
    const { health } = this.#log;
    return new ProgressReport(this.#config, this.#logger, this.#now, () => ({
      answers: health?.answers,
      restored: this.stats.restored,
      tasks: this.#tasks?.all.map((task) => task.progress((input) => this.#lag.readableEnd(input))) ?? [],
      failing: [
        { count: health?.failures ?? 0, last: health?.lastFailure },
        this.#committer?.retries ?? { count: 0, last: undefined },
        this.#refused,
      ],
    }));
  }

  async #open(): Promise<void> {
    const config = this.#config;
    const { applicationId, replicationFactor = 1, numStandbyReplicas = 0, cacheMaxBytes = 0 } = config;
    this.#openedAt = performance.now();
    const bound = await bindTopology(this.#topology, this.#log, {
      applicationId,
      replicationFactor,
      logger: this.#logger,
    });
    this.#purge = new RepartitionPurge(this.#log, config.repartitionPurgeIntervalMs, this.#logger, this.#now);
    this.#directory = await openStateDirectory(config, this.#logger, this.#wallClock);
    const handlers = await makeHandlers(config, bound, this.#log, this.#logger, this.#now);
    this.#topics = new SourceTopics(bound);
    this.#own = {
      fingerprint: topologyFingerprint(this.#topology),
      topics: bound.subtopologies.flatMap(({ sourceTopics }) => sourceTopics),
    };
    this.#watch = new TopicWatch({
      log: this.#log,
      topics: this.#topics,
      everyMs: config.topicsRefreshMs ?? DEFAULT_TOPICS_REFRESH_MS,
      logger: this.#logger,
      changed: (changes) => this.#changes.apply(changes),
      failed: (error) => this.#failed(error),
    });
    const rejoin = (): void => this.#group.rejoin();
    this.#changes = new TopicChanges({
      topics: this.#topics,
      onMissingTopic: config.onMissingTopic ?? "fail",
      logger: this.#logger,
      suspect: () => this.#watch.suspect(),
      giveUp: (topic) => this.#giveUpTasksOf(topic),
      rejoin,
      failed: (error) => this.#failed(error),
    });
    this.#whole = new WholeTasks(this.#logger, rejoin);
    this.#committer = this.#makeCommitter(bound, handlers);
    this.#fetcher = this.#log.fetcher({
      topics: [...bound.sources.keys()],
      // A join may have waited for what turns out not to be there.
      onEndMoved: () => this.#fetcher.wakeup(),
      onMissing: () => this.#watch.suspect(),
      outOfRange: config.autoOffsetReset ?? "earliest",
      onOutOfRange: (partition, wanted, resumedAt) => this.#onOutOfRange(partition, wanted, resumedAt),
      partitionBytes: config.fetchPartitionBytes ?? DEFAULT_FETCH_PARTITION_BYTES,
    });
    const failed = (error: unknown): void => this.#failed(error);
    const grown = (): void => this.#budget.check();
    this.#restorer = new Restorer(this.#log, this.stats, this.#logger, this.#now, grown);
    this.#standbys = new Standbys(this.#log, failed, grown);
    this.#tasks = new TaskManager({
      bound,
      topics: this.#topics,
      log: this.#log,
      config,
      handlers,
      fetcher: this.#fetcher,
      restorer: this.#restorer,
      standbys: this.#standbys,
      committer: this.#committer,
      stats: this.stats,
      logger: this.#logger,
      now: this.#now,
      directory: () => this.#directory?.directory,
      cache: cacheMaxBytes > 0 ? new CacheBudget(cacheMaxBytes) : undefined,
      outputBounds: outputBounds(config),
      failed,
    });
    this.#queries = new StoreQueries({
      bound,
      running: () => this.#tasks.running,
      all: () => this.#tasks.all,
      endpoint: config.endpoint,
      endpointOf: (id) => this.#endpoints.get(id),
    });
    this.#lag = new LagTracker({
      log: this.#log,
      fetcher: this.#fetcher,
      tasks: () => this.#tasks.all,
      onError: (error) => this.#logger.warn(`Cannot refresh the log ends: ${text(error)}; trying again`),
    });
    this.#group = this.#log.group({
      groupId: applicationId,
      topics: this.#own.topics,
      assignor: new TaskAssignor(bound.subtopologies, numStandbyReplicas, () => ({
        standbys: this.#standbys.ids,
        ageMs: performance.now() - this.#openedAt,
        ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
        topology: this.#own.fingerprint!,
      }), { logger: this.#logger, seen: (names, topics) => this.#changes.seen(names, topics) }),
      ...(config.groupInstanceId === undefined ? {} : { groupInstanceId: config.groupInstanceId }),
      heartbeatIntervalMs: config.heartbeatIntervalMs ?? DEFAULT_HEARTBEAT_INTERVAL_MS,
      ...(config.sessionTimeoutMs === undefined ? {} : { sessionTimeoutMs: config.sessionTimeoutMs }),
      onAssigned: (_added, assignment) => this.#onAssigned(assignment),
      onRevoked: (revoked) => this.#onRevoked(revoked),
      onLost: (lost) => this.#onLost(lost),
    });
    this.#group.failed.catch(failed);
    this.#watch.start();
  }

  #makeCommitter(bound: BoundTopology, handlers: Handlers): Committer {
    return makeCommitter({
      config: this.#config,
      bound,
      handlers,
      log: this.#log,
      stats: this.stats,
      group: () => this.#group,
      onDisk: this.#directory !== undefined || this.#config.onStateFull === "disk",
      now: this.#now,
      events: {
        committed: (seconds): void => {
          this.stats.commits++;
          this.#config.onCommit?.(seconds);
        },
        // All may have rested, with records at hand: then nothing else ends the loop's sleep.
        opened: (): void => this.#fetcher.wakeup(),
        refused: (message, retriable): void => {
          this.stats.commitFailures++;
          this.#refused = { count: this.stats.commitFailures, last: message };
          if (!retriable) this.#logger.warn(`A commit was refused: ${message}`);
        },
        lost: (task, error): void => this.#onTaskLost(task, error),
        failed: (error): void => this.#failed(error),
      },
    });
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
    this.#tasks?.close();
    this.#fetcher?.wakeup();
    let error: unknown;
    try {
      await deadline(this.#stopAndCommit(), LAST_COMMIT_MS);
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
    await this.#move;
    await this.#committer.commit(this.#tasks.running);
  }

  async #run(): Promise<void> {
    while (this.#working) {
      const worked = this.#tasks.process();
      this.#budget.check();
      this.#committer.commitDue(this.#tasks.running, worked);
      this.#purge.due(this.#tasks.running);
      await this.#committer.ready();
      this.#tasks.push(await this.#fetcher.poll(worked ? 0 : this.#idleMs()));
      // Sockets and timers get their turn: an await alone would not let them.
      if (worked) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** How long there is nothing to do unless records come, in ms. */
  #idleMs(): number {
    const untilDue = this.#committer.untilDue();
    return Math.min(
      untilDue > 0 ? untilDue : OVERDUE_POLL_MS,
      this.#tasks.untilPunctuation(this.#now()),
      IDLE_POLL_MS,
    );
  }

  async #onAssigned({ partitions, userData }: MemberAssignment): Promise<void> {
    this.stats.rebalances = this.#group.rebalances;
    const { standbys, hosts = {} } = checkLeader(userData, this.#own);
    const whole = await this.#wholeTasks(partitions);
    await this.#move;
    if (!this.#working) return;
    const added = this.#tasks.assign(whole);
    this.#assigned = this.#whole.complete;
    const active = this.#tasks.all.map(({ id }) => id);
    this.#endpoints = new Map(Object.entries(hosts).flatMap(([at, ids]) => ids.map((id) => [id, at])));
    this.#standbys.assign(
      standbys.filter((id) => !active.includes(id) && this.#tasks.knows(id)),
      (id) => this.#tasks.make(id),
    );
    this.#askAgainWhenSettled(active.length);
    const list = (ids: readonly string[]): string => [...ids].sort().join(" ");
    this.#logger.info(
      `generation ${this.#group.generation}: ${active.length === 0 ? "no tasks" : `tasks ${list(active)}`}` +
        (added.length > 0 ? `, new: ${list(added)}` : "") +
        (this.#standbys.ids.length > 0 ? `, standby: ${list(this.#standbys.ids)}` : ""),
    );
  }

  /** The ids of the tasks whose inputs were all assigned. */
  async #wholeTasks(partitions: readonly TopicPartition[]): Promise<readonly string[]> {
    if (assignedTasks(this.#topics.subtopologies, partitions).homeless.length > 0) {
      const names = this.#own.topics;
      this.#changes.seen(names, await this.#log.describeTopics(names));
    }
    const outgrown = this.#tasks.outgrown();
    if (outgrown.length > 0) await this.#onRevoked(outgrown.flatMap(({ inputs }) => inputs));
    return this.#whole.of(assignedTasks(this.#topics.subtopologies, partitions));
  }

  /** Stops the tasks that read a topic that has gone. They can't commit: what was not committed is processed again. */
  async #giveUpTasksOf(topic: string): Promise<void> {
    this.#assigned = false;
    const tasks = this.#tasks.drop(
      this.#tasks.all.flatMap(({ inputs }) => inputs).filter((each) => each.topic === topic),
    );
    await Promise.all(tasks.map((task) => this.#committer.drop(task)));
    for (const task of tasks) task.close();
  }

  /**
   * An instance that has just come gets its share of the others' tasks only when no more are coming: then it asks for it, once. The
   * assignment may arrive later than that, when it was made while the instance was new.
   */
  #askAgainWhenSettled(tasks: number): void {
    clearTimeout(this.#settleTimer);
    if (tasks > 0 || this.#askedAgain) return;
    const left = SETTLE_MS - (performance.now() - this.#openedAt);
    this.#settleTimer = setTimeout(() => {
      this.#askedAgain = true;
      this.#group.rejoin();
    }, Math.max(0, left) + 1);
  }

  async #onRevoked(revoked: readonly TopicPartition[]): Promise<void> {
    // Whoever gets them begins at that commit.
    await this.#move;
    const tasks = this.#tasks.drop(revoked);
    // The offsets of a topic that has gone can't be committed, and trying would hold up the rebalance.
    const isGone = ({ inputs }: Task): boolean => inputs.some(({ topic }) => this.#changes.hasGone(topic));
    await Promise.all(tasks.filter(isGone).map((task) => this.#committer.drop(task)));
    await this.#committer.commit(tasks.filter((task) => !isGone(task)));
    for (const task of tasks) task.close();
    this.#logger.info(`gave up tasks ${tasks.map(({ id }) => id).join(" ") || "(none that ran)"}`);
  }

  async #onLost(lost: readonly TopicPartition[]): Promise<void> {
    this.#assigned = false;
    const tasks = this.#tasks.drop(lost);
    await Promise.all(tasks.map((task) => this.#committer.drop(task)));
    for (const task of tasks) task.close();
    this.#logger.warn(
      `lost tasks ${
        tasks.map(({ id }) => id).join(" ")
      }: the group took this instance for dead; joining again`,
    );
  }

  /** A task's transaction is broken: another instance may have it. The group says who is to go on with it, from the last commit. */
  #onTaskLost(task: Task, error: unknown): void {
    if (!this.#working) return;
    this.#logger.warn(`task ${task.id} begins again at its last commit: ${text(error)}`);
    this.#assigned = false;
    for (const each of this.#tasks.drop(task.inputs)) each.close();
    this.#committer.drop(task).then(() => this.#group.rejoin(), (failure) => this.#failed(failure));
  }

  #onOutOfRange({ topic, partition }: TopicPartition, wanted: number, resumedAt: number): void {
    this.stats.offsetResets++;
    this.#logger.warn(outOfRange(`${topic}-${partition}`, wanted, resumedAt));
  }

  #held(): HeldState {
    return heldState([...this.#tasks?.all ?? [], ...this.#standbys?.tasks ?? []]);
  }

  #onStateFull(held: HeldState): void {
    if (this.#move !== undefined || !this.#working) return;
    const error = stateFull(held, this.stats.stateMaxBytes);
    if (this.#config.onStateFull !== "disk" || this.#directory !== undefined) return this.#failed(error);
    this.#logger.warn(`Moving the stores to disk, which takes as long as restoring them: ${error.message}`);
    this.#move = this.#moveToDisk().catch((failure) => this.#failed(failure))
      .finally(() => this.#move = undefined);
  }

  /** Commits, and lets all tasks begin again with stores on disk, which are restored from their changelogs. */
  async #moveToDisk(): Promise<void> {
    const directory = await openStateDirectory(
      { ...this.#config, store: "sqlite" },
      this.#logger,
      this.#wallClock,
    );
    // It ends, with all where it was.
    if (!this.#working) return directory?.close();
    this.#directory = directory;
    this.#assigned = false;
    const tasks = this.#tasks.drop(this.#tasks.all.flatMap(({ inputs }) => inputs));
    const standbys = this.#standbys.ids;
    this.#standbys.assign([], (id) => this.#tasks.make(id));
    await this.#committer.commit(tasks);
    for (const task of tasks) task.close();
    if (!this.#working) return;
    this.#standbys.assign(standbys, (id) => this.#tasks.make(id));
    this.#group.rejoin();
  }

  *#storeSizes(): Generator<{ store: string; entries: number; bytes: number }> {
    for (const task of this.#tasks?.running ?? []) {
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
    clearTimeout(this.#settleTimer);
    this.#progress?.close();
    this.#whole?.close();
    this.#watch?.close();
    this.#lag?.close();
    this.#purge?.close();
    const steps: [string, (() => Promise<unknown>) | undefined][] = [
      ["the group", this.#group && (() => this.#group.leave())],
      ["the restore", this.#restorer && (() => this.#restorer.close())],
      ["the standbys", this.#standbys && (() => this.#standbys.close())],
      ["the producer", this.#committer && (() => this.#committer.close(abandon))],
      ["the fetcher", this.#fetcher && (() => this.#fetcher.close())],
      ["the tasks", this.#tasks && (() => Promise.resolve(this.#tasks.closeTasks()))],
      ["the state directory", this.#directory && (() => Promise.resolve(this.#directory!.close()))],
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
