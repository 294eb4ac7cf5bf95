/**
 * How much is asked of an instance against what it can do, as Prometheus gauges: what an autoscaler can scale
 * on without a number for this application or this machine.
 *
 * @module
 */
import { DEFAULT_CATCH_UP_SECONDS, loadOf } from "../autoscale/load.ts";
import type { LagMetrics, PartitionFlow } from "./lag_metrics.ts";
import { greatestOf, type MetricsLevel, type Owned, registerPartitionGauge } from "./partition_gauges.ts";
import type { Registry } from "./prom_client.ts";
import { PulledMetrics } from "./pulled_metrics.ts";

export { DEFAULT_CATCH_UP_SECONDS };

/** Settings of {@linkcode LoadMetrics}. */
export interface LoadMetricsOptions {
  /** Where the gauges are registered. */
  readonly registry: Registry;
  /** What is known of the partitions that are owned. */
  readonly lag: Pick<LagMetrics, "flows">;
  /** Records that the instance processes in a second of work; `undefined` while that is not known. */
  readonly capacity: () => number | undefined;
  /** In what time a backlog is to be gone, in seconds. Default {@linkcode DEFAULT_CATCH_UP_SECONDS}. */
  readonly catchUpSeconds?: number;
  /** What has a series of `kos_partition_load`. Default `partition`. */
  readonly level?: MetricsLevel;
  /** A clock that never goes back, in ms. Default `performance.now`. */
  readonly clock?: () => number;
}

/**
 * For so long a partition that has just come counts as much as the mean of those of its topic that are known,
 * in ms: a restore, and the ten seconds until its arrival is known. Who needs longer does not know its load.
 */
export const SETTLING_MS = 120_000;

/** A partition since it is owned. */
interface Held {
  /** Since when. */
  readonly since: number;
  /** Whether all of it was known at some time since. */
  settled: boolean;
}

/** A partition with its load, while that is known and nothing is restored. */
interface Loaded extends PartitionFlow {
  readonly load: number | undefined;
}

/** What is to be done. */
interface Demand {
  /** Records that come a second. */
  readonly arrival: number;
  /** Records left to process. */
  readonly lag: number;
}

/** What is to be done in all partitions of a topic of which it is known. */
interface Total extends Demand {
  /** How many those are. */
  readonly partitions: number;
}

/**
 * - `kos_load` is {@linkcode loadOf} over all partitions that the instance owns: at 1 it just does what comes
 *   and is rid of its backlog within the catch-up time.
 * - `kos_partition_load{topic,partition}` is what a partition has of it; at the level `topic` the greatest of
 *   a topic. A partition is not divided, so more instances do not help one that has 1 or more.
 *
 * Neither is 0 for what is not known: then there is no series. A partition that has just come, and is being
 * restored or has no arrival yet, counts in `kos_load` as the mean of the others of its topic, for
 * {@linkcode SETTLING_MS} at most: else the load would dip with each move, and jump by the backlog of a
 * restore.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { LagMetrics, LoadMetrics, Registry } from "./mod.ts";
 *
 * const registry = new Registry();
 * let time = 0;
 * const lag = new LagMetrics({ registry, topics: ["orders"], client: "a", clock: () => time });
 * const load = new LoadMetrics({ registry, lag, capacity: () => 1_000, clock: () => time });
 * for (; time <= 20_000; time += 10_000) {
 *   lag.update([{ topic: "orders", partition: 0, position: 0, startOffset: 0, endOffset: time / 2 }]);
 *   load.look();
 * }
 * // 500 records/s, and 10,000 left to process in 60 s.
 * assertStringIncludes(await registry.metrics(), "kos_load 0.6666666666666666");
 * ```
 */
export class LoadMetrics {
  readonly #options: LoadMetricsOptions;
  readonly #clock: () => number;
  #held = new Map<string, Held>();
  #owned: Owned<Loaded> = { partitions: [], topics: [], complete: false };
  #load: number | undefined;

  /**
   * Registers the gauges.
   *
   * @throws {RangeError} When the catch-up time is no number above 0.
   */
  constructor(options: LoadMetricsOptions) {
    this.#options = options;
    this.#clock = options.clock ?? (() => performance.now());
    this.#loadOf({ arrival: 0, lag: 0 }, undefined);
    this.#register();
  }

  /** The load as of the last {@linkcode look}; `undefined` while it is not known. */
  get load(): number | undefined {
    return this.#load;
  }

  /** Takes what is known by now; to be called after each update of the lag. */
  look(): void {
    const flows = this.#options.lag.flows();
    const { partitions } = flows;
    const capacity = this.#options.capacity();
    const held = this.#noteHeld(partitions);
    this.#owned = {
      ...flows,
      partitions: partitions.map((flow) => ({
        ...flow,
        load: flow.restoring ? undefined : this.#loadOf(flow, capacity),
      })),
    };
    const all = flows.complete ? this.#sum(partitions, held) : undefined;
    this.#load = all === undefined ? undefined : this.#loadOf(all, capacity);
  }

  /** Since when each is owned: those that have gone are forgotten. */
  #noteHeld(partitions: readonly PartitionFlow[]): readonly Held[] {
    const now = this.#clock();
    const former = this.#held;
    this.#held = new Map();
    return partitions.map((flow) => {
      const key = `${flow.topic}-${flow.partition}`;
      const held = former.get(key) ?? { since: now, settled: false };
      held.settled ||= isKnown(flow);
      this.#held.set(key, held);
      return held;
    });
  }

  /**
   * What is to be done in all partitions together, those that have just come as the mean of their topic's
   * others; `undefined` where one can't be told.
   */
  #sum(partitions: readonly PartitionFlow[], held: readonly Held[]): Demand | undefined {
    const totals = totalsOf(partitions);
    const all = { arrival: 0, lag: 0 };
    for (const { arrival, lag } of totals.values()) {
      all.arrival += arrival;
      all.lag += lag;
    }
    for (const [i, flow] of partitions.entries()) {
      if (isKnown(flow)) continue;
      const others = totals.get(flow.topic);
      if (others === undefined || !this.#hasJustCome(held[i]!)) return undefined;
      all.arrival += others.arrival / others.partitions;
      all.lag += others.lag / others.partitions;
    }
    return all;
  }

  /** What was known, and is not any more, is a log that can't be asked. */
  #hasJustCome({ since, settled }: Held): boolean {
    return !settled && this.#clock() - since <= SETTLING_MS;
  }

  #loadOf(
    { arrival, lag }: Pick<PartitionFlow, keyof Demand>,
    capacity: number | undefined,
  ): number | undefined {
    const { catchUpSeconds = DEFAULT_CATCH_UP_SECONDS } = this.#options;
    return loadOf({ arrival, lag, capacity, catchUpSeconds });
  }

  #register(): void {
    const { registry, level = "partition" } = this.#options;
    new PulledMetrics(registry).gauge(
      "kos_load",
      "What comes, and the backlog by its catch-up time, by what the instance can do; 1 is all it can.",
      () => this.#load,
    );
    registerPartitionGauge<Loaded>(registry, level, {
      name: "kos_partition_load",
      help: "What a partition has of the load; more instances do not help one of 1 or more.",
      labels: (place) => ({ ...place }),
      value: ({ load }) => load,
      none: 0,
      combine: greatestOf,
    }, () => this.#owned);
  }
}

function totalsOf(partitions: readonly PartitionFlow[]): Map<string, Total> {
  const totals = new Map<string, Total>();
  for (const flow of partitions) {
    if (!isKnown(flow)) continue;
    const before = totals.get(flow.topic) ?? { arrival: 0, lag: 0, partitions: 0 };
    totals.set(flow.topic, {
      arrival: before.arrival + flow.arrival,
      lag: before.lag + flow.lag,
      partitions: before.partitions + 1,
    });
  }
  return totals;
}

function isKnown(flow: PartitionFlow): flow is PartitionFlow & Demand {
  return !flow.restoring && flow.arrival !== undefined && flow.lag !== undefined;
}
