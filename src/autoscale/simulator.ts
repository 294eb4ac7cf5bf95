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
  const rows = new Rows(seconds);
  let second = 0;
  while (second < seconds && !drains.never) {
    group.advance(second);
    const rate = load(second);
    const processed = queues.step(second, rate);
    rows.note(second, rate, processed, group, queues);
    drains.look(second, rate, rows.lag[second]!);
    if (second % scrapeSeconds === 0) scrape.look(second);
    if (second % syncSeconds === 0) {
      const replicas = scaler.decide(second, group.pods.length, scrape.sample);
      if (replicas !== group.pods.length) group.scale(replicas, second);
    }
    second++;
  }
  return rows.until(second, drains.never);
}

class Rows {
  readonly lag: Float64Array;
  readonly #second: Float64Array;
  readonly #load: Float64Array;
  readonly #replicas: Float64Array;
  readonly #pods: Float64Array;
  readonly #ready: Float64Array;
  readonly #lagSeconds: Float64Array;
  readonly #processed: Float64Array;

  constructor(seconds: number) {
    const column = (): Float64Array => new Float64Array(seconds);
    this.lag = column();
    this.#second = column();
    this.#load = column();
    this.#replicas = column();
    this.#pods = column();
    this.#ready = column();
    this.#lagSeconds = column();
    this.#processed = column();
  }

  note(second: number, load: number, processed: number, group: Group, queues: Queues): void {
    this.#second[second] = second;
    this.#load[second] = load;
    this.#replicas[second] = group.pods.length;
    this.#pods[second] = group.size;
    this.#ready[second] = group.ready(second);
    this.lag[second] = queues.lag;
    this.#lagSeconds[second] = queues.lagSeconds(second);
    this.#processed[second] = processed;
  }

  until(end: number, neverDrains: boolean): Timeline {
    return {
      second: this.#second.subarray(0, end),
      load: this.#load.subarray(0, end),
      replicas: this.#replicas.subarray(0, end),
      pods: this.#pods.subarray(0, end),
      ready: this.#ready.subarray(0, end),
      lag: this.lag.subarray(0, end),
      lagSeconds: this.#lagSeconds.subarray(0, end),
      processed: this.#processed.subarray(0, end),
      neverDrains,
    };
  }
}
