/**
 * How far behind a consumer is, as Prometheus gauges: the series that the HPA scales on.
 *
 * @module
 */
import {
  greatestOf,
  leastOf,
  type MetricsLevel,
  type Owned,
  type PartitionGauge,
  registerPartitionGauge,
  type SeriesPlace,
  sumOf,
} from "./partition_gauges.ts";
import type { Registry } from "./prom_client.ts";
import { RateWindow } from "./rate_window.ts";

export { type MetricsLevel, NO_PARTITION } from "./partition_gauges.ts";

/**
 * Where a consumer stands in one partition that it owns. Offsets are those of the next record; `undefined` is
 * what is not known.
 */
export interface PartitionLag {
  /** The topic that the partition is of. */
  readonly topic: string;
  /** The partition's number. */
  readonly partition: number;
  /** The next record to process. */
  readonly position: number | undefined;
  /** The first record that the log still holds. */
  readonly startOffset: number | undefined;
  /** The end of what can be read: the last stable offset where transactions are waited for. */
  readonly endOffset: number | undefined;
  /**
   * How old the newest word of the log about this partition is, in ms; `Infinity` before the first. Default
   * 0.
   */
  readonly ageMs?: number;
  /**
   * The timestamp of the next record to process, in ms since the epoch; `undefined` when caught up or not
   * known yet.
   */
  readonly nextTimestamp?: number | undefined;
  /** Whether state is being restored before any of its records is processed. Default `false`. */
  readonly restoring?: boolean;
}

/** What is to be done in one partition; `undefined` stands for what is not known, or not any more. */
export interface PartitionFlow {
  /** The topic that the partition is of. */
  readonly topic: string;
  /** The partition's number. */
  readonly partition: number;
  /** The next record to process. */
  readonly position: number | undefined;
  /** Records left to process. */
  readonly lag: number | undefined;
  /** Records that come a second. */
  readonly arrival: number | undefined;
  /** Whether state is being restored before any of its records is processed. */
  readonly restoring: boolean;
}

/** Settings of {@linkcode LagMetrics}. */
export interface LagMetricsOptions {
  /** Where the gauges are registered. */
  readonly registry: Registry;
  /**
   * The topics that have a series, at 0, also while nothing of them is owned. Others get theirs when first
   * reported.
   */
  readonly topics: readonly string[];
  /** The `client` label: which instance this is. */
  readonly client: string;
  /** What has a series. Default `partition`; with a thousand of them a scrape has some hundred kilobytes. */
  readonly level?: MetricsLevel;
  /** The time now in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** A clock that never goes back, in ms, for rates. Default `performance.now`. */
  readonly clock?: () => number;
  /**
   * A partition of which the log has told nothing for longer has no series, in ms. Default
   * {@linkcode STALE_MS}.
   */
  readonly staleMs?: number;
}

/**
 * The default of {@linkcode LagMetricsOptions.staleMs}: one scrape or two. Until then the last value stands,
 * so that one late answer takes no series away; after it the lag may be anything.
 */
export const STALE_MS = 15_000;

/**
 * The window of a rate of arrival, in ms: records come in fetches and transactions, and over less than some
 * seconds it would say how they were grouped. An autoscaler has windows of its own for what does not last: a
 * longer one here would only tell of a surge late.
 */
const ARRIVAL_WINDOW = { span: 20_000, step: 2_500, least: 10_000 };

/**
 * The name of a topic in a metric's name: lower case, everything but letters and digits as `_`.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { metricTopic } from "./lag_metrics.ts";
 *
 * assertEquals(metricTopic("GAME-FRAME-RQ"), "game_frame_rq");
 * ```
 */
export function metricTopic(topic: string): string {
  return topic.toLowerCase().replace(/[^a-z0-9]/g, "_");
}

/**
 * The records that are left to process: `end − max(position, start)`, since retention may have deleted some
 * unread; never negative. `undefined` while the position or the end is not known.
 */
export function recordsLag({ position, startOffset = 0, endOffset }: PartitionLag): number | undefined {
  if (position === undefined || endOffset === undefined) return undefined;
  return Math.max(0, endOffset - Math.max(position, startOffset));
}

/**
 * How far ahead of the log's first record the consumer is: `position − start`, never negative. At 0 retention
 * is about to overtake it. `undefined` while one of the two is not known.
 */
export function recordsLead({ position, startOffset }: PartitionLag): number | undefined {
  if (position === undefined || startOffset === undefined) return undefined;
  return Math.max(0, position - startOffset);
}

/**
 * The age of the next record to process, in seconds; 0 when caught up, `undefined` while that is not known,
 * or the record is not fetched yet.
 */
export function lagSeconds(p: PartitionLag, nowMs: number): number | undefined {
  const lag = recordsLag(p);
  if (lag === undefined || lag === 0) return lag;
  return p.nextTimestamp === undefined ? undefined : Math.max(0, nowMs - p.nextTimestamp) / 1000;
}

/**
 * For each topic, by its label, in records, seconds and records a second:
 *
 * - `kos_consumer_lag_records{topic,partition}` is what is left to process.
 * - `kos_consumer_lag_seconds{topic,partition}` is the age of the next record to process, by its own
 *   timestamp; 0 when caught up. That record is at hand, so it is exact and costs nothing. While it is not
 *   fetched yet there is no series.
 * - `kos_arrival_records_per_second{topic,partition}` is how fast the end of what can be read has moved in
 *   the last 20 seconds: what came, whether it was read or not. Offsets count: those of transactions' markers
 *   and of what compaction took are among them.
 * - `kos_lag_age_seconds{client,topic,partition}` is how old the newest word of the log is that the others
 *   come of, `+Inf` before the first.
 *
 * The original has lag by names with the topic in them,
 * `consumer_lag_<topic>{client,topic,partition,metric="records-lag"}` and
 * `consumer_lead_<topic>{client,topic,partition,metric="records-lead"}`, and
 * `consumer_lag_seconds{client,topic,partition}`: these are there too. At the level `topic` all are without
 * the label `partition`, and are of what is owned of a topic: the sum of its lag and its arrival, the
 * smallest lead, the longest age.
 *
 * None of them ever says 0 for what is not known: a partition has no series before its position and end are
 * known, and none any more when the log has told nothing of it for {@linkcode STALE_MS}; a topic has no sum
 * without all of its parts. To an autoscaler a pod without a series is one of unknown load, for which it
 * takes no pod away; a 0, or the last value kept for hours, would be taken for the truth.
 *
 * {@linkcode update} replaces all series at once: what is no longer reported is gone. A scrape sees one
 * update or the other, never a mixture, as the gauges are filled from one list when they are scraped.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { LagMetrics, Registry } from "./mod.ts";
 *
 * const registry = new Registry();
 * const lag = new LagMetrics({ registry, topics: ["GAME-FRAME-RQ"], client: "streams-1" });
 * lag.update([{ topic: "GAME-FRAME-RQ", partition: 2, position: 40, startOffset: 10, endOffset: 100 }]);
 * assertStringIncludes(
 *   await registry.metrics(),
 *   'consumer_lag_game_frame_rq{client="streams-1",topic="GAME-FRAME-RQ",partition="2",' +
 *     'metric="records-lag"} 60',
 * );
 * ```
 */
export class LagMetrics {
  readonly #options: LagMetricsOptions;
  readonly #now: () => number;
  readonly #clock: () => number;
  readonly #topics = new Set<string>();
  readonly #names = new Set<string>();
  #arrivals = new Map<string, RateWindow>();
  #owned: Owned<PartitionLag>;

  /** Registers the gauges of {@linkcode LagMetricsOptions.topics}. */
  constructor(options: LagMetricsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#clock = options.clock ?? (() => performance.now());
    this.#owned = { partitions: [], topics: this.#topics, complete: false };
    for (const topic of options.topics) this.#addTopic(topic);
    this.#addCommon();
  }

  /**
   * Replaces what is known of all partitions that this client owns; an empty list when it owns none.
   * The list is copied: the caller may go on changing its objects.
   *
   * @param complete Whether it is known that it owns no others. When not, as before the first assignment, a
   * topic without partitions has no series.
   */
  update(positions: readonly PartitionLag[], complete = true): void {
    const partitions = positions.map((p) => ({ ...p }));
    for (const p of partitions) this.#addTopic(p.topic);
    this.#owned = { partitions, topics: this.#topics, complete };
    this.#noteEnds(partitions);
  }

  /**
   * The lag summed over all partitions owned whose lag is known, by topic, as of the last {@linkcode update};
   * for the log and the demo.
   */
  totals(): Map<string, number> {
    const totals = new Map<string, number>();
    for (const topic of this.#topics) totals.set(topic, 0);
    for (const p of this.#owned.partitions) totals.set(p.topic, totals.get(p.topic)! + (recordsLag(p) ?? 0));
    return totals;
  }

  /** What is to be done in all partitions owned, as of the last {@linkcode update}. */
  flows(): Owned<PartitionFlow> {
    const partitions = this.#owned.partitions.map((p) => ({
      topic: p.topic,
      partition: p.partition,
      position: p.position,
      lag: this.#isFresh(p) ? recordsLag(p) : undefined,
      arrival: this.#isFresh(p) ? this.#arrivalOf(p) : undefined,
      restoring: p.restoring === true,
    }));
    return { ...this.#owned, partitions };
  }

  #isFresh({ ageMs = 0 }: PartitionLag): boolean {
    return ageMs <= (this.#options.staleMs ?? STALE_MS);
  }

  #arrivalOf({ topic, partition }: PartitionLag): number | undefined {
    return this.#arrivals.get(`${topic}-${partition}`)?.perSecond;
  }

  /** The ends as of when the log told them: those of partitions that have gone are forgotten. */
  #noteEnds(partitions: readonly PartitionLag[]): void {
    const now = this.#clock();
    const arrivals = new Map<string, RateWindow>();
    for (const { topic, partition, endOffset, ageMs = 0 } of partitions) {
      const key = `${topic}-${partition}`;
      const window = this.#arrivals.get(key) ?? new RateWindow(ARRIVAL_WINDOW);
      if (endOffset !== undefined && ageMs !== Infinity) window.note(now - ageMs, endOffset);
      arrivals.set(key, window);
    }
    this.#arrivals = arrivals;
  }

  /** The gauges that have a topic only in their label. */
  #addCommon(): void {
    const seconds = (p: PartitionLag): number | undefined => lagSeconds(p, this.#now());
    const byTopic = (place: SeriesPlace) => ({ ...place });
    const byClient = (place: SeriesPlace) => ({ client: this.#options.client, ...place });
    this.#fresh("kos_consumer_lag_records", "Records left to process.", byTopic, recordsLag, sumOf);
    const age = "Age of the next record to process, in seconds; 0 when caught up.";
    this.#fresh("kos_consumer_lag_seconds", age, byTopic, seconds, greatestOf);
    this.#fresh("consumer_lag_seconds", age, byClient, seconds, greatestOf);
    this.#fresh(
      "kos_arrival_records_per_second",
      "How fast the end of what can be read moves, in records a second over 20 seconds.",
      byTopic,
      (p) => this.#arrivalOf(p),
      sumOf,
    );
    this.#add({
      name: "kos_lag_age_seconds",
      help: "Age of the newest word of the log about a partition, in seconds; +Inf before the first.",
      labels: byClient,
      value: (p) => (p.ageMs ?? 0) / 1000,
      none: undefined,
      combine: greatestOf,
    });
  }

  #addTopic(topic: string): void {
    if (this.#topics.has(topic)) return;
    this.#topics.add(topic);
    const name = metricTopic(topic);
    // Two topics may come to one name, such as a.b and a_b: they share the gauges and differ in the label.
    if (this.#names.has(name)) return;
    this.#names.add(name);
    const of = (each: string): boolean => metricTopic(each) === name;
    const labels = (metric: string) => (place: SeriesPlace) => ({
      client: this.#options.client,
      ...place,
      metric,
    });
    this.#fresh(
      `consumer_lag_${name}`,
      `Records of ${topic} left to process: end of what can be read - position.`,
      labels("records-lag"),
      recordsLag,
      sumOf,
      of,
    );
    this.#fresh(
      `consumer_lead_${name}`,
      `Records of ${topic} between the log start and the position: position - log start offset.`,
      labels("records-lead"),
      recordsLead,
      leastOf,
      of,
    );
  }

  /** A gauge of what is right only as long as what it comes of is not too old. */
  #fresh(
    name: string,
    help: string,
    labels: PartitionGauge<PartitionLag>["labels"],
    value: PartitionGauge<PartitionLag>["value"],
    combine: PartitionGauge<PartitionLag>["combine"],
    of: (topic: string) => boolean = () => true,
  ): void {
    const fresh = (p: PartitionLag): number | undefined => this.#isFresh(p) ? value(p) : undefined;
    this.#add({ name, help, labels, value: fresh, none: 0, combine, of });
  }

  #add(gauge: PartitionGauge<PartitionLag>): void {
    registerPartitionGauge(
      this.#options.registry,
      this.#options.level ?? "partition",
      gauge,
      () => this.#owned,
    );
  }
}
