/**
 * What a stream processor does, as Prometheus metrics.
 *
 * @module
 */
import { Capacity } from "./capacity.ts";
import { Histogram, type Registry } from "./prom_client.ts";
import { PulledMetrics } from "./pulled_metrics.ts";

/**
 * The numbers of a stream processor: plain fields that it counts up on its hot path, and that are read when
 * somebody scrapes. All but those said to be of now are counts since the start and never go down.
 */
export interface StreamsStats {
  /** Records taken from the source topics and processed or dropped. */
  readonly processed: number;
  /**
   * Records left out, by reason: such as `null_key`, `late` or `undecodable`. Reasons named here at 0 have a
   * series from the start.
   */
  readonly dropped: Readonly<Record<string, number>>;
  /** Records that could not be decoded, by source topic. */
  readonly decodeFailures: Readonly<Record<string, number>>;
  /** Records sent to dead-letter topics, by topic; they count as left out too. */
  readonly deadLettered?: Readonly<Record<string, number>>;
  /** Records written, by topic; changelogs included. */
  readonly produced: Readonly<Record<string, number>>;
  /**
   * Time in which it worked, in ms: not that in which it waited for records, or for the log to take what was
   * written.
   */
  readonly busyMs: number;
  /** The CPU time that the process had meanwhile, in ms. */
  readonly busyCpuMs?: number;
  /** Times that reading went on elsewhere since the wanted offset was not in the log any more. */
  readonly offsetResets: number;
  /** Commits that were made. */
  readonly commits: number;
  /** Commits that the group or the broker refused. */
  readonly commitFailures: number;
  /** Rebalances taken part in. */
  readonly rebalances: number;
  /** Changelog records read back into stores. */
  readonly restored: number;
  /** Time in which changelogs were read back into stores, in ms. */
  readonly restoringMs?: number;
  /** Changelog records that are still to be read before all assigned tasks can run; of now. */
  readonly restoreRemaining: number;
  /** Tasks running; of now. */
  readonly tasks: number;
  /** Tasks that are being restored; of now. */
  readonly restoringTasks?: number;
  /** Tasks that come as soon as their stores are current here; of now. */
  warmingTasks?(): number;
  /** What the state takes of memory, in bytes: the capacity of stores, caches and queued records; of now. */
  stateBytes?(): number;
  /** What the state may take of memory, in bytes; `Infinity` without a limit. */
  readonly stateMaxBytes?: number;
  /** The sizes of the stores, of now; asked for once a scrape, so it must be cheap. */
  stores(): Iterable<StoreSize>;
}

/** The size of one store; that of all tasks of the process together, or of each task under the same name. */
export interface StoreSize {
  /** The store's name in the topology. */
  readonly store: string;
  /** Keys, windows or sessions held. */
  readonly entries: number;
  /** An estimate of what the entries take in memory. */
  readonly bytes: number;
}

/** Settings of {@linkcode StreamsMetrics}. */
export interface StreamsMetricsOptions {
  /** Where the metrics are registered. */
  readonly registry: Registry;
  /** What is read at each scrape, such as {@linkcode StreamsApp.stats}. */
  readonly stats: StreamsStats;
  /** A clock that never goes back, in ms. Default `performance.now`. */
  readonly clock?: () => number;
  /**
   * How many cores the process can count on, more than 0; of less than one the `stats` have `busyCpuMs`.
   * Default: as many as it uses.
   */
  readonly cpus?: number;
}

/**
 * Upper bounds of the commit latency's buckets in seconds: around the 100 ms of the commit interval, up to
 * the request timeout.
 */
const COMMIT_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20];

/**
 * Metrics over a {@linkcode StreamsStats}. Nothing here runs on the record path: each scrape reads the
 * numbers as they are.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { Registry, StreamsMetrics } from "./mod.ts";
 *
 * const stats = {
 *   processed: 0,
 *   dropped: { null_key: 0, late: 0 },
 *   decodeFailures: {},
 *   produced: {},
 *   busyMs: 0,
 *   offsetResets: 0,
 *   commits: 0,
 *   commitFailures: 0,
 *   rebalances: 0,
 *   restored: 0,
 *   restoreRemaining: 0,
 *   tasks: 0,
 *   restoringTasks: 0,
 *   stores: () => [],
 * };
 * const registry = new Registry();
 * new StreamsMetrics({ registry, stats });
 * stats.processed += 42;
 * assertStringIncludes(await registry.metrics(), "kos_streams_records_processed_total 42");
 * ```
 */
export class StreamsMetrics {
  readonly #commitSeconds: Histogram;
  readonly #stats: StreamsStats;
  readonly #clock: () => number;
  readonly #capacity: Capacity;

  /** Registers the metrics. */
  constructor({ registry, stats, clock = () => performance.now(), cpus }: StreamsMetricsOptions) {
    this.#stats = stats;
    this.#clock = clock;
    this.#capacity = new Capacity(cpus);
    const counters = new PulledMetrics(registry);
    counters.counter(
      "kos_busy_seconds_total",
      "Time in which the loop worked, in seconds: not that in which it waited for records or for the log.",
      () => stats.busyMs / 1000,
    );
    counters.gauge(
      "kos_capacity_records_per_second",
      "Records processed in a second of work, over the last 10 of them.",
      () => {
        this.#noteWork();
        return this.#capacity.perSecond;
      },
    );
    counters.counter(
      "kos_streams_records_processed_total",
      "Records taken from the source topics.",
      () => stats.processed,
    );
    counters.counters(
      "kos_streams_records_dropped_total",
      "Records left out, by reason.",
      "reason",
      () => stats.dropped,
    );
    counters.counters(
      "kos_streams_decode_failures_total",
      "Records that could not be decoded, by source topic.",
      "topic",
      () => stats.decodeFailures,
    );
    counters.counters(
      "kos_streams_records_dead_lettered_total",
      "Records sent to a dead-letter topic, by that topic.",
      "topic",
      () => stats.deadLettered ?? {},
    );
    counters.counters(
      "kos_streams_records_produced_total",
      "Records written, by topic.",
      "topic",
      () => stats.produced,
    );
    counters.counter("kos_streams_commits_total", "Commits made.", () => stats.commits);
    counters.counter("kos_streams_commit_failures_total", "Commits refused.", () => stats.commitFailures);
    counters.counter("kos_streams_rebalances_total", "Rebalances taken part in.", () => stats.rebalances);
    counters.counter(
      "kos_streams_offset_resets_total",
      "Times that reading went on elsewhere, as the wanted offset was not in the log any more.",
      () => stats.offsetResets,
    );
    counters.counter(
      "kos_streams_records_restored_total",
      "Changelog records read back into stores.",
      () => stats.restored,
    );
    counters.counter(
      "kos_streams_restoring_seconds_total",
      "Time in which changelogs were read back into stores, in seconds.",
      () => (stats.restoringMs ?? 0) / 1000,
    );
    counters.gauge(
      "kos_streams_restore_remaining_records",
      "Changelog records still to be read before all assigned tasks can run.",
      () => stats.restoreRemaining,
    );
    counters.gauge("kos_streams_tasks", "Tasks running.", () => stats.tasks);
    counters.gauge(
      "kos_streams_restoring_tasks",
      "Tasks being restored, whose partitions rest meanwhile.",
      () => stats.restoringTasks ?? 0,
    );
    counters.gauge(
      "kos_streams_warming_tasks",
      "Tasks that come as soon as their stores are current here; elsewhere they go on.",
      () => stats.warmingTasks?.() ?? 0,
    );
    counters.gauges(
      "kos_streams_store_entries",
      "Entries held, by store.",
      "store",
      () => sumByStore(stats, "entries"),
    );
    counters.gauges(
      "kos_streams_store_bytes",
      "Estimated memory of the entries held, in bytes, by store.",
      "store",
      () => sumByStore(stats, "bytes"),
    );
    counters.gauge(
      "kos_state_bytes",
      "Memory that stores, caches and queued records have reserved, in bytes, standbys included.",
      () => stats.stateBytes?.() ?? 0,
    );
    counters.gauge(
      "kos_state_max_bytes",
      "What they may take (--state-max-bytes); +Inf without a limit.",
      () => stats.stateMaxBytes ?? Infinity,
    );
    this.#commitSeconds = new Histogram({
      name: "kos_streams_commit_duration_seconds",
      help: "Time a commit took: flush of what was produced and offsets, in seconds.",
      buckets: COMMIT_BUCKETS,
      registers: [registry],
    });
  }

  /** Counts one commit that took `seconds`. A commit is rare enough to be told of each. */
  observeCommit(seconds: number): void {
    this.#commitSeconds.observe(seconds);
    // Often enough while it works, and not while there is nothing to note.
    this.#noteWork();
  }

  /**
   * Records processed in a second of work, as well as it is known: after a second of it over the last 10, of
   * an instance that works for less in 10 s over the little that it did, and else not yet.
   */
  get capacity(): number | undefined {
    this.#noteWork();
    return this.#capacity.estimate;
  }

  #noteWork(): void {
    const { busyMs, busyCpuMs = 0, processed, restoreRemaining } = this.#stats;
    // What is restored is work too, and no record of it counts as processed.
    this.#capacity.note({ at: this.#clock(), busyMs, busyCpuMs, processed }, restoreRemaining > 0);
  }
}

function sumByStore(stats: StreamsStats, field: "entries" | "bytes"): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const size of stats.stores()) sums[size.store] = (sums[size.store] ?? 0) + size[field];
  return sums;
}
