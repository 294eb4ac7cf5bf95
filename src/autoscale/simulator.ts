/**
 * A stream processor under an autoscaler, second by second: load comes in, pods work it off, moves stop
 * partitions, and the autoscaler sees it as late and as coarsely as Prometheus does. For choosing a scaler
 * and its settings before a cluster is asked.
 *
 * @module
 */
import { DrainWatch, type Repeats } from "./drain_watch.ts";
import { Group, type GroupSettings } from "./group.ts";
import { Queues } from "./queues.ts";
import type { Scaler } from "./scaler.ts";
import { Scrape, type ScrapeSettings } from "./scrape.ts";
import type { Columns } from "./timeline.ts";

/** What is simulated. */
export interface Simulation extends GroupSettings, ScrapeSettings {
  /** 0 for partitions that are alike; else partition n gets as much as 1 / (n + 1) to that power. */
  readonly skew: number;
  /** Records a second at a time. */
  readonly load: (second: number) => number;
  readonly seconds: number;
  /** How often the scaler looks, in seconds: 15 by default in Kubernetes. */
  readonly syncSeconds: number;
  /** Where the load repeats, lag that grows from one time to the next ends the simulation. */
  readonly repeats?: Repeats | undefined;
}

/** What became of it, a row a second. */
export interface Timeline extends Columns {
  readonly second: Float64Array;
  readonly replicas: Float64Array;
  readonly lag: Float64Array;
  readonly pods: Float64Array;
  readonly lagSeconds: Float64Array;
  /** Records a second that came. */
  readonly load: Float64Array;
  /** Pods that have started and belong to the group. */
  readonly ready: Float64Array;
  /** Records that were processed in this second. */
  readonly processed: Float64Array;
  /** Whether it was ended, as the lag only grows. */
  readonly neverDrains: boolean;
}

/**
 * Runs a simulation; the same settings always give the same timeline.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fixed } from "./scaler.ts";
 * import { simulate } from "./simulator.ts";
 * import { judge } from "./timeline.ts";
 *
 * const timeline = simulate({
 *   partitions: 4, skew: 0, capacity: 1_000, load: () => 900, seconds: 60,
 *   startSeconds: 30, rebalanceSeconds: 3, stopAll: false, stateEntries: 0, restoreRate: 1, warmUp: false,
 *   scrapeSeconds: 15, windowSeconds: 60, syncSeconds: 15, catchUpSeconds: 60,
 * }, fixed(1));
 * assertEquals(judge(timeline).worstSeconds, 0);
 * ```
 */
export function simulate(settings: Simulation, scaler: Scaler): Timeline {
  const { partitions, skew, capacity, seconds, load, scrapeSeconds, syncSeconds } = settings;
  const queues = new Queues(partitions, skew, capacity, seconds);
  const group = new Group(settings, queues, scaler.initial);
  const scrape = new Scrape(settings, group, queues);
  const drains = new DrainWatch(settings.repeats);
  const rows = rowsOf(() => new Float64Array(seconds));
  let second = 0;
  while (second < seconds && !drains.never) {
    group.advance(second);
    const rate = load(second);
    const processed = queues.step(second, rate);
    note(rows, second, rate, processed, group, queues);
    drains.look(second, rate, rows.lag[second]!);
    if (second % scrapeSeconds === 0) scrape.look(second);
    if (second % syncSeconds === 0) {
      const replicas = scaler.decide(second, group.pods.length, scrape.sample);
      if (replicas !== group.pods.length) group.scale(replicas, second);
    }
    second++;
  }
  return { ...rowsOf((name) => rows[name].subarray(0, second)), neverDrains: drains.never };
}

const COLUMNS = ["second", "load", "replicas", "pods", "ready", "lag", "lagSeconds", "processed"] as const;
type Rows = Record<typeof COLUMNS[number], Float64Array>;

function rowsOf(column: (name: keyof Rows) => Float64Array): Rows {
  return Object.fromEntries(COLUMNS.map((name) => [name, column(name)])) as Rows;
}

function note(
  rows: Rows,
  second: number,
  load: number,
  processed: number,
  group: Group,
  queues: Queues,
): void {
  rows.second[second] = second;
  rows.load[second] = load;
  rows.replicas[second] = group.pods.length;
  rows.pods[second] = group.size;
  rows.ready[second] = group.ready(second);
  rows.lag[second] = queues.lag;
  rows.lagSeconds[second] = queues.lagSeconds(second);
  rows.processed[second] = processed;
}
