/**
 * A running stream application: one instance, one thread.
 *
 * @module
 */
import { deadline } from "@std/async/deadline";
import type { Log } from "../../kafka/port/log.ts";
import type { TopicPartitionOffset } from "../../kafka/port/topics.ts";
import { type EngineLogger, text } from "../record/handlers.ts";
import { EngineStats } from "../record/stats.ts";
import { LAST_COMMIT_MS } from "../task/committer.ts";
import type { StreamsConfig } from "../task/config.ts";
import { topicsOf } from "../topology/bound_topology.ts";
import type { Topology } from "../topology/topology.ts";
import { checkConfig } from "./check_config.ts";
import { openApp } from "./open_app.ts";
import type { PartitionPosition } from "./progress/lag_tracker.ts";
import { ProgressReport } from "./progress/progress_report.ts";
import type { Failing, ProgressSample } from "./progress/progress_watch.ts";
import type { AppSetting, RunningApp } from "./running_app.ts";
import { steadyClock } from "./steady_clock.ts";
import type { StoreAnswer, StoreQueries, StoreRange, StoreState } from "./store_queries.ts";

/** What an application is doing. */
export type StreamsState = "created" | "joining" | "running" | "closing" | "closed" | "failed";

/** What has not failed yet. */
const NEVER: Failing = { count: 0, last: undefined };

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
  readonly #setting: AppSetting;
  readonly #logger: EngineLogger;
  readonly #progress: ProgressReport;
  #state: StreamsState = "created";
  /** Its parts, from when it has opened; they stay to be looked at when it has ended. */
  #running: RunningApp | undefined;
  #failure: unknown;
  readonly #ended = Promise.withResolvers<void>();
  /**
   * Resolves when the application has ended by {@linkcode close}; rejects when it failed. Where nobody
   * handles that, the runtime writes the error to stderr and ends the process, as it does with every
   * rejection: an application must not stand still unseen. A program that is to go on catches it.
   */
  readonly done: Promise<void> = this.#ended.promise.then();

  /**
   * An application that is not started yet: nothing is asked of the log before {@linkcode start}.
   *
   * @throws {StreamsConfigError} When a setting is wrong.
   */
  constructor(topology: Topology, log: Log, config: StreamsConfig) {
    checkConfig(config);
    const { logger = { info() {}, warn() {} }, now = steadyClock(), stateMaxBytes = Infinity } = config;
    this.#topology = topology;
    this.#logger = logger;
    this.#setting = {
      log,
      config,
      logger,
      now,
      wallClock: config.now ?? Date.now,
      stats: this.stats,
      working: () => this.#working,
      failed: (error) => this.#failed(error),
    };
    this.#progress = new ProgressReport(config, logger, now, () => this.#sample());
    // What is the program's to handle is `done`; this one the application awaits itself.
    this.#ended.promise.catch(() => {});
    this.stats.stores = () => this.#running?.storeSizes() ?? [];
    this.stats.stateBytes = () => this.#running?.held().bytes ?? 0;
    this.stats.warmingTasks = () => this.warmupTasks.length;
    this.stats.stateMaxBytes = stateMaxBytes;
    const { applicationId, deadLetterTopics = [] } = config;
    this.stats.expect({ ...topicsOf(topology, applicationId), deadLetters: deadLetterTopics });
  }

  /** What it is doing now. */
  get state(): StreamsState {
    return this.#state;
  }

  /** Whether it is neither ended nor about to. */
  get #working(): boolean {
    return this.#state === "joining" || this.#state === "running";
  }

  /**
   * Whether this instance is in its group and processes what it has. It stays so while tasks that came to it
   * are restored ({@linkcode restoringTasks}), unless it has no others.
   */
  get ready(): boolean {
    return this.#state === "running" && this.#running?.ready === true;
  }

  /** The source topics that have gone, and that it waits for ({@linkcode StreamsConfig.onMissingTopic}). */
  get waitingFor(): string[] {
    return this.#running?.topics.missing ?? [];
  }

  /** The ids of the tasks that process records here. */
  get tasks(): string[] {
    return this.#running?.tasks.running.map(({ id }) => id).sort() ?? [];
  }

  /** The ids of the tasks that are here and do not process yet, as their stores are being restored. */
  get restoringTasks(): string[] {
    return this.#running?.tasks.restoring ?? [];
  }

  /** The ids of the tasks that come here as soon as their stores are current. */
  get warmupTasks(): string[] {
    return this.#running?.standbys.warming ?? [];
  }

  /** The ids of the tasks whose stores are kept current here, of warm-ups too. */
  get standbyTasks(): string[] {
    return this.#running?.standbys.ids ?? [];
  }

  /**
   * How many changelog records the standbys have still to read, as of the last ones fetched; 0 when they are
   * current.
   */
  get standbyLag(): number {
    return this.#running?.standbys.lag ?? 0;
  }

  /** Where this instance stands in each partition that it owns. Log ends are at most about a second old. */
  positions(): PartitionPosition[] {
    return this.#running?.lag.positions() ?? [];
  }

  /**
   * The inputs of this instance's tasks of which more was processed than is committed, each with the offset
   * from which on. When it has closed: what will be processed again, as a promise was not settled in time.
   */
  get uncommitted(): TopicPartitionOffset[] {
    return this.#running?.uncommitted() ?? [];
  }

  /**
   * Whether {@linkcode positions} names all that this instance owns: it has its assignment, brokers answer,
   * and no source topic has gone, whose tasks nobody has. Else it may own more than it knows, or nothing any
   * more.
   */
  get knowsAssignment(): boolean {
    return this.#running?.assignments.complete === true && this.cutOff === undefined &&
      this.waitingFor.length === 0;
  }

  /**
   * What stands still for longer than {@linkcode StreamsConfig.stallTimeoutMs}, each in a sentence with its
   * cause; empty while all gets on.
   */
  get stalls(): readonly string[] {
    return this.#progress.stalls;
  }

  /**
   * Why this instance counts as cut off from the log: no broker has answered for some seconds. `undefined`
   * while they answer.
   */
  get cutOff(): string | undefined {
    return this.#progress.cutOff;
  }

  /** Where the instance of each task is reached, as far as the instances have said, by the task's id. */
  get taskEndpoints(): ReadonlyMap<string, string> {
    return this.#running?.assignments.endpoints ?? new Map();
  }

  /** The stores of this instance's tasks, by name and task. */
  stores(): StoreState[] {
    return this.#running?.queries.states() ?? [];
  }

  /**
   * Reads a key from a store, or tells which instance has it. The key's task follows from the bytes that the
   * source topic's key serde gives it, as Kafka's partitioner has it. Also what is not committed yet is read.
   *
   * @param range For a window or session store, whose answer is a list of the key's `WindowEntry` or
   * `SessionEntry`: which of them.
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
   * Some entries of a store, of the tasks that run here, as its `entries` gives them: of keys in no defined
   * order; of windows and sessions the newest, by start or by end, and these first.
   *
   * @param limit How many at most.
   * @throws {Error} As {@linkcode queryStore}.
   */
  async storeEntries(name: string, limit: number): Promise<unknown[]> {
    return await this.#readable(name).entries(name, limit);
  }

  #readable(name: string): StoreQueries {
    if (this.#running !== undefined && this.#working) return this.#running.queries;
    throw new Error(
      `Cannot read store ${name}: received an application that is ${this.#state}; read it while it runs`,
    );
  }

  /**
   * Checks the topology against the log, creates changelogs, joins the group and begins. Resolves with the
   * first assignment.
   *
   * @throws {TopologyError} When the topology can't run on this log.
   */
  async start(): Promise<void> {
    if (this.#state !== "created") {
      throw new Error(`Cannot start: received an application that is ${this.#state}; make a new one`);
    }
    this.#state = "joining";
    this.#progress.start();
    try {
      const running = await openApp(this.#topology, this.#setting);
      if (!this.#working) {
        // It was closed meanwhile, or has failed.
        await running.close(true);
        return await this.done;
      }
      this.#running = running;
      await Promise.race([running.join(), this.#ended.promise]);
    } catch (error) {
      this.#failed(error);
      return await this.done;
    }
    if (this.#state === "joining") this.#state = "running";
  }

  #sample(): ProgressSample {
    const { log: { health }, stats } = this.#setting;
    return {
      answers: health?.answers,
      restored: stats.restored,
      tasks: this.#running?.progress() ?? [],
      failing: [
        { count: health?.failures ?? 0, last: health?.lastFailure },
        ...this.#running?.failing ?? [NEVER, NEVER],
      ],
    };
  }

  /**
   * Ends without a pause: goes on while the other instances warm up for its tasks, gives each up when its
   * next instance is current, and then {@linkcode close}s, at the latest when the time is over or no broker
   * answers. It closes at once when there is nobody to wait for, and as a static member, which is to come
   * back.
   *
   * @param withinMs For how long it goes on at most, in ms; the last commit takes some time more.
   * @throws As {@linkcode close}, and what made the application fail meanwhile.
   */
  async leave(withinMs: number): Promise<void> {
    if (this.#state === "running") {
      const handedOver = this.#running?.assignments.handOver(withinMs);
      // Without a broker nobody is told, and nobody comes: such as where its Kafka goes with it.
      await Promise.race([handedOver, this.#progress.untilCutOff(), this.#ended.promise]);
    }
    await this.close();
  }

  /**
   * Commits, leaves the group and frees what it holds. Idempotent.
   * @throws When the last commit failed: what was not committed will be processed again.
   */
  async close(): Promise<void> {
    if (this.#state === "closed" || this.#state === "failed") return;
    if (this.#state === "closing") return await this.done;
    this.#state = "closing";
    let error: unknown;
    try {
      await deadline(this.#running?.stop() ?? Promise.resolve(), LAST_COMMIT_MS);
    } catch (caught) {
      error = caught;
    }
    this.#progress.close();
    await this.#running?.close(error !== undefined);
    this.#state = "closed";
    this.#ended.resolve();
    if (error !== undefined) {
      throw new Error(
        `Cannot commit while closing: ${text(error)}; records since the last commit will be processed again`,
        { cause: error },
      );
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
    this.#progress.close();
    const closed = this.#running?.close(true) ?? Promise.resolve();
    closed.finally(() => this.#ended.reject(error));
  }
}
