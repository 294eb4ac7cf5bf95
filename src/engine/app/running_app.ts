/**
 * The parts of an application that exist only while it runs, and the loop that drives them.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Fetcher } from "../../kafka/port/fetcher.ts";
import type { Log } from "../../kafka/port/log.ts";
import type { TopicPartition, TopicPartitionOffset } from "../../kafka/port/topics.ts";
import type { BoundTopology } from "../topology/bound_topology.ts";
import { type EngineLogger, type Handlers, text } from "../record/handlers.ts";
import type { EngineStats, StoreSize } from "../record/stats.ts";
import { CacheBudget } from "../state/typed/cached_key_value_store.ts";
import type { CommitEvents, Committer } from "../task/committer.ts";
import {
  DEFAULT_FETCH_PARTITION_BYTES,
  DEFAULT_TOPICS_REFRESH_MS,
  type StreamsConfig,
} from "../task/config.ts";
import { makeCommitter } from "../task/make_committer.ts";
import { outputBounds } from "../task/output_bounds.ts";
import { Restorer } from "../task/restorer.ts";
import { Standbys } from "../task/standbys.ts";
import type { TaskProgress } from "../task/task_progress.ts";
import { Assignments } from "./assignment/assignments.ts";
import type { Holdings } from "./holdings.ts";
import { BusyTime } from "./progress/busy_time.ts";
import { LagTracker } from "./progress/lag_tracker.ts";
import { Pace } from "./progress/pace.ts";
import type { Failing } from "./progress/progress_watch.ts";
import { RepeatedWarning } from "./progress/repeated_warning.ts";
import { type HeldState, heldState, StateBudget } from "./storage/state_budget.ts";
import type { CleanedStateDirectory } from "./storage/state_cleanup.ts";
import { StateHome } from "./storage/state_home.ts";
import { StoreQueries } from "./store_queries.ts";
import { TaskManager } from "./task_manager.ts";
import { outOfRange } from "./topics/out_of_range.ts";
import { RepartitionPurge } from "./topics/repartition_purge.ts";
import { SourceTopics } from "./topics/source_topics.ts";
import { TopicChanges } from "./topics/topic_changes.ts";
import { TopicWatch } from "./topics/topic_watch.ts";

/** How long an idle loop waits for records, in ms. */
const IDLE_POLL_MS = 500;
/** How long it waits while a commit takes longer than the time between two, in ms. */
const OVERDUE_POLL_MS = 100;

/** What an application is given, and what it answers. */
export interface AppSetting {
  readonly log: Log;
  readonly config: StreamsConfig;
  readonly logger: EngineLogger;
  /** A time that never goes back, in ms since the epoch. */
  readonly now: () => number;
  /** The machine's time, in ms since the epoch: for what is compared with the notes of an earlier process. */
  readonly wallClock: () => number;
  readonly stats: EngineStats;
  /** Whether the application is neither ended nor about to. */
  readonly working: () => boolean;
  /** Told when the application can't go on. */
  readonly failed: (error: unknown) => void;
}

/** What had to be asked of the log and the disk before the parts can be made. */
export interface OpenedApp extends AppSetting {
  readonly bound: BoundTopology;
  /** Where stores on disk are; `undefined` when all are in memory. */
  readonly directory: CleanedStateDirectory | undefined;
  readonly handlers: Handlers;
  /** When the application began to open, by `performance.now`. */
  readonly openedAt: number;
  /** Where the parts note how they are freed. */
  readonly holdings: Holdings;
}

/**
 * A running application: all its parts, made at once. It processes from then on, and gets its tasks when it
 * has joined its group.
 */
export class RunningApp {
  readonly tasks: TaskManager;
  readonly standbys: Standbys;
  readonly queries: StoreQueries;
  readonly lag: LagTracker;
  readonly topics: SourceTopics;
  readonly assignments: Assignments;
  readonly #opened: OpenedApp;
  readonly #watch: TopicWatch;
  readonly #changes: TopicChanges;
  readonly #purge: RepartitionPurge;
  readonly #committer: Committer;
  readonly #fetcher: Fetcher;
  readonly #budget: StateBudget;
  readonly #home: StateHome;
  /** Commits refused, and why the last one was. */
  #refused: Failing = { count: 0, last: undefined };
  readonly #loop: Promise<void>;

  /** Whoever calls it frees the holdings when it throws. */
  constructor(opened: OpenedApp) {
    const { log, config, logger, now, stats, bound, failed, holdings } = opened;
    this.#opened = opened;
    this.topics = new SourceTopics(bound, (changelog) => this.#restores(changelog));
    this.#watch = holdings.keep("the topic watch", this.#makeWatch(), (watch) => watch.close());
    this.#changes = this.#makeChanges();
    const purge = new RepartitionPurge(log, config.repartitionPurgeIntervalMs, logger, now);
    this.#purge = holdings.keep("the repartition purge", purge, () => purge.close());
    this.#committer = holdings.keep(
      "the producer",
      this.#makeCommitter(),
      (each, abandon) => each.close(abandon),
    );
    this.#fetcher = holdings.keep("the fetcher", this.#makeFetcher(), (fetcher) => fetcher.close());
    const grown = (): void => this.#budget.check();
    const onMissing = (): void => this.#watch.suspect();
    const restorer = new Restorer(log, stats, logger, now, { afterPoll: grown, onMissing });
    holdings.keep("the restore", restorer, () => restorer.close());
    const standbys = new Standbys(log, failed, {
      afterPoll: grown,
      onMissing,
      onWarm: () => this.assignments.rejoin(),
      acceptableLag: config.acceptableRecoveryLag,
    });
    this.standbys = holdings.keep("the standbys", standbys, (each) => each.close());
    this.tasks = holdings.keep("the tasks", this.#makeTasks(restorer), (tasks) => tasks.closeTasks());
    this.queries = this.#makeQueries();
    this.lag = holdings.keep("the lag tracker", this.#makeLag(), (lag) => lag.close());
    this.assignments = holdings.keep("the group", this.#makeAssignments(), (each) => each.leave());
    this.#home = this.#makeHome();
    this.#budget = new StateBudget({
      maxBytes: stats.stateMaxBytes,
      measure: () => this.held(),
      logger,
      clock: () => performance.now(),
      onFull: (held) => this.#home.full(held),
    });
    this.#watch.start();
    this.#loop = this.#run().catch(failed);
  }

  /**
   * Whether it has its assignment, misses no topic, and processes. While it restores what came to it, it goes
   * on with the tasks that it had: it is out of work only when all that it has is being restored or warmed
   * up, or is still to be given to it.
   */
  get ready(): boolean {
    return this.assignments.complete && !this.#home.moving && this.topics.missing.length === 0 &&
      (this.tasks.running.length > 0 || !this.#awaitsTasks);
  }

  get #awaitsTasks(): boolean {
    return this.assignments.settling || this.tasks.restoring.length + this.standbys.warmups.length > 0;
  }

  /** What fails now and then and is tried again: sends, and commits. */
  get failing(): readonly [sends: Failing, commits: Failing] {
    return [this.#committer.retries, this.#refused];
  }

  /** Where each task stands. */
  progress(): TaskProgress[] {
    return this.tasks.all.map((task) => task.progress((input) => this.lag.readableEnd(input)));
  }

  /** Of which inputs more was processed than is committed, and from which offset on. */
  uncommitted(): TopicPartitionOffset[] {
    return this.tasks.running.flatMap(({ queues }) =>
      queues.filter(({ processedTo, committed }) => processedTo > committed).map((
        { topic, partition, committed },
      ) => ({ topic, partition, offset: committed }))
    );
  }

  /** What tasks and standbys hold. */
  held(): HeldState {
    return heldState([...this.tasks.all, ...this.standbys.tasks]);
  }

  /** The sizes of the stores of the tasks that process. */
  *storeSizes(): Generator<StoreSize> {
    for (const { stores } of this.tasks.running) {
      for (const { name, size, bytes } of stores.values()) yield { store: name, entries: size, bytes };
    }
  }

  /** Joins the group; resolves with the first assignment. */
  async join(): Promise<void> {
    await this.assignments.member.join();
  }

  /** Lets the loop come to its end, when the application works no more, and commits what was processed. */
  async stop(): Promise<void> {
    this.tasks.close();
    this.#fetcher.wakeup();
    await this.#loop;
    await this.#home.settled();
    await this.#committer.commit(this.tasks.running);
  }

  /**
   * Leaves the group and frees everything, whatever of it fails. With `abandon`, what was not committed is
   * dropped.
   */
  async close(abandon: boolean): Promise<void> {
    this.#fetcher.wakeup();
    await this.#opened.holdings.free(abandon);
  }

  /** Whether a task or a standby reads a changelog now. */
  #restores(changelog: string): boolean {
    return this.tasks.restoringFrom(changelog).length > 0 || this.standbys.reads(changelog);
  }

  async #run(): Promise<void> {
    const { working, stats, config } = this.#opened;
    const busy = new BusyTime(stats, config.cpuTime);
    const { maxRecordsPerSecond = Infinity } = config;
    const pace = maxRecordsPerSecond === Infinity
      ? undefined
      : new Pace(maxRecordsPerSecond, stats, () => busy.ms);
    while (working()) {
      const worked = this.tasks.process(pace?.slice);
      this.#budget.check();
      this.#committer.commitDue(this.tasks.running, worked);
      this.#purge.due(this.tasks.running);
      if (pace !== undefined) await pace.keep();
      busy.rest();
      await this.#committer.ready();
      // A poll that does not wait is work, as is what the sockets do in their turn: they carry the records. A
      // step that calls as much as it may is at its limit: to wait for its promises is what it can do.
      const works = worked || this.tasks.calling;
      if (works) busy.begin();
      const sets = await this.#fetcher.poll(worked ? 0 : this.#idleMs());
      if (!works) busy.begin();
      this.tasks.push(sets);
      // Sockets and timers get their turn: an await alone would not let them.
      if (worked) await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** How long there is nothing to do unless records come, in ms. */
  #idleMs(): number {
    const untilDue = this.#committer.untilDue();
    return Math.min(
      untilDue > 0 ? untilDue : OVERDUE_POLL_MS,
      this.tasks.untilPunctuation(this.#opened.now()),
      IDLE_POLL_MS,
    );
  }

  #makeWatch(): TopicWatch {
    const { log, config, logger, failed } = this.#opened;
    return new TopicWatch({
      log,
      topics: this.topics,
      everyMs: config.topicsRefreshMs ?? DEFAULT_TOPICS_REFRESH_MS,
      logger,
      changed: (changes) => this.#changes.apply(changes),
      failed,
    });
  }

  #makeChanges(): TopicChanges {
    const { config, logger, failed } = this.#opened;
    return new TopicChanges({
      topics: this.topics,
      onMissingTopic: config.onMissingTopic ?? "fail",
      logger,
      suspect: () => this.#watch.suspect(),
      giveUp: (topic) => this.assignments.giveUp(topic),
      rejoin: () => this.assignments.rejoin(),
      failed,
    });
  }

  #makeCommitter(): Committer {
    const { config, bound, handlers, log, stats, now, directory } = this.#opened;
    return makeCommitter({
      config,
      bound,
      handlers,
      log,
      stats,
      group: () => this.assignments.member,
      onDisk: directory !== undefined || config.onStateFull === "disk",
      now,
      events: this.#commitEvents(),
    });
  }

  #commitEvents(): CommitEvents {
    const { config, stats, logger, failed } = this.#opened;
    return {
      committed: (seconds): void => {
        stats.commits++;
        config.onCommit?.(seconds);
      },
      // All may have rested, with records at hand: then nothing else ends the loop's sleep.
      opened: (): void => this.#fetcher.wakeup(),
      refused: (message, retriable): void => {
        stats.commitFailures++;
        this.#refused = { count: stats.commitFailures, last: message };
        if (!retriable) logger.warn(`A commit was refused: ${message}`);
      },
      lost: (task, error): void => this.assignments.lose(task, error),
      failed,
    };
  }

  #makeFetcher(): Fetcher {
    const { log, config, bound } = this.#opened;
    return log.fetcher({
      topics: [...bound.sources.keys()],
      // A join may have waited for what turns out not to be there.
      onEndMoved: () => this.#fetcher.wakeup(),
      onMissing: () => this.#watch.suspect(),
      outOfRange: config.autoOffsetReset ?? "earliest",
      onOutOfRange: (partition, wanted, resumedAt) => this.#onOutOfRange(partition, wanted, resumedAt),
      partitionBytes: config.fetchPartitionBytes ?? DEFAULT_FETCH_PARTITION_BYTES,
    });
  }

  #onOutOfRange({ topic, partition }: TopicPartition, wanted: number, resumedAt: number): void {
    const { stats, logger } = this.#opened;
    stats.offsetResets++;
    logger.warn(outOfRange(`${topic}-${partition}`, wanted, resumedAt));
  }

  #makeTasks(restorer: Restorer): TaskManager {
    const { bound, log, config, handlers, stats, logger, now, failed } = this.#opened;
    const { cacheMaxBytes = 0 } = config;
    return new TaskManager({
      bound,
      topics: this.topics,
      log,
      config,
      handlers,
      fetcher: this.#fetcher,
      restorer,
      standbys: this.standbys,
      committer: this.#committer,
      stats,
      logger,
      now,
      directory: () => this.#home.directory,
      cache: cacheMaxBytes > 0 ? new CacheBudget(cacheMaxBytes) : undefined,
      outputBounds: outputBounds(config),
      mayBegin: (topics) => this.#changes.mayBegin(topics),
      onMissing: () => this.#watch.suspect(),
      failed,
    });
  }

  #makeQueries(): StoreQueries {
    const { bound, config } = this.#opened;
    return new StoreQueries({
      bound,
      running: () => this.tasks.running,
      all: () => this.tasks.all,
      endpoint: config.endpoint,
      endpointOf: (id) => this.assignments.endpoints.get(id),
    });
  }

  #makeLag(): LagTracker {
    const { log, logger } = this.#opened;
    const warning = new RepeatedWarning((message) => logger.warn(message));
    return new LagTracker({
      log,
      fetcher: this.#fetcher,
      tasks: () => this.tasks.all,
      onError: (error) => warning.failed(`Cannot refresh the log ends: ${text(error)}; trying again`),
    });
  }

  #makeAssignments(): Assignments {
    return new Assignments({
      ...this.#opened,
      topics: this.topics,
      changes: this.#changes,
      tasks: this.tasks,
      standbys: this.standbys,
      committer: this.#committer,
      looked: () => this.#watch.looked,
      settled: () => this.#home.settled(),
    });
  }

  #makeHome(): StateHome {
    return new StateHome({
      ...this.#opened,
      tasks: this.tasks,
      standbys: this.standbys,
      committer: this.#committer,
      maxBytes: this.#opened.stats.stateMaxBytes,
      suspend: () => this.assignments.suspend(),
      rejoin: () => this.assignments.rejoin(),
    });
  }
}
