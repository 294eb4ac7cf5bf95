/**
 * How far behind a consumer is, as Prometheus gauges: the series that the HPA scales on.
 *
 * @module
 */
import { Gauge, type Registry } from "./prom_client.ts";

/** Where a consumer stands in one partition that it owns. Offsets are those of the next record; `undefined` is what is not known. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** The next record to process. */
  readonly position: number | undefined;
  /** The first record that the log still holds. */
  readonly startOffset: number | undefined;
  /** The end of what can be read: the last stable offset where transactions are waited for. */
  readonly endOffset: number | undefined;
  /** How old the newest word of the log about this partition is, in ms; `Infinity` before the first. Default 0. */
  readonly ageMs?: number;
  /** The timestamp of the next record to process, in ms since the epoch; `undefined` when caught up or not known yet. */
  readonly nextTimestamp?: number | undefined;
}

/** Settings of {@linkcode LagMetrics}. */
export interface LagMetricsOptions {
  readonly registry: Registry;
  /** The topics that have a series, at 0, also while nothing of them is owned. Others get theirs when first reported. */
  readonly topics: readonly string[];
  /** The `client` label: which instance this is. */
  readonly client: string;
  /** The time now in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number;
  /** A partition of which the log has told nothing for longer has no series, in ms. Default {@linkcode STALE_MS}. */
  readonly staleMs?: number;
}

/**
 * The default of {@linkcode LagMetricsOptions.staleMs}: one scrape or two. Until then the last value stands, so that one late answer
 * takes no series away; after it the lag may be anything.
 */
export const STALE_MS = 15_000;

/**
 * The `partition` label of a topic's series while this client owns no partition of it: −1, as librdkafka's statistics have it.
 *
 * The series is needed since an autoscaler takes a pod without one for a pod of unknown load. Its value is 0, and it is there only
 * while it is known that nothing is owned, so `sum by (pod)` is right at any time: nothing, 0, then the sum over what is owned.
 */
export const NO_PARTITION = "-1";

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
 * The records that are left to process: `end − max(position, start)`, since retention may have deleted some unread; never negative.
 * `undefined` while the position or the end is not known.
 */
export function recordsLag({ position, startOffset = 0, endOffset }: PartitionLag): number | undefined {
  if (position === undefined || endOffset === undefined) return undefined;
  return Math.max(0, endOffset - Math.max(position, startOffset));
}

/**
 * How far ahead of the log's first record the consumer is: `position − start`, never negative. At 0 retention is about to overtake it.
 * `undefined` while one of the two is not known.
 */
export function recordsLead({ position, startOffset }: PartitionLag): number | undefined {
  if (position === undefined || startOffset === undefined) return undefined;
  return Math.max(0, position - startOffset);
}

/** The age of the next record to process, in seconds; 0 when caught up, `undefined` while that is not known, or the record is not fetched yet. */
export function lagSeconds(p: PartitionLag, nowMs: number): number | undefined {
  const lag = recordsLag(p);
  if (lag === undefined || lag === 0) return lag;
  return p.nextTimestamp === undefined ? undefined : Math.max(0, nowMs - p.nextTimestamp) / 1000;
}

/**
 * The gauges `consumer_lag_<topic>{client,topic,partition,metric="records-lag"}` and
 * `consumer_lead_<topic>{client,topic,partition,metric="records-lead"}`, in records, and
 * `consumer_lag_seconds{client,topic,partition}`; and `kos_lag_age_seconds{client,topic,partition}`: how old the newest word of the log
 * is that they come of, `+Inf` before the first.
 *
 * None of them ever says 0 for what is not known: a partition has no series before its position and end are known, and none any more
 * when the log has told nothing of it for {@linkcode STALE_MS}. To an autoscaler a pod without a series is one of unknown load, for
 * which it takes no pod away; a 0, or the last value kept for hours, would be taken for the truth.
 *
 * {@linkcode update} replaces all series at once: what is no longer reported is gone. A scrape sees one update or the
 * other, never a mixture, as the gauges are filled from one list when they are scraped.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { Registry } from "prom-client";
 * import { LagMetrics } from "./lag_metrics.ts";
 *
 * const registry = new Registry();
 * const lag = new LagMetrics({ registry, topics: ["GAME-FRAME-RQ"], client: "streams-1" });
 * lag.update([{ topic: "GAME-FRAME-RQ", partition: 2, position: 40, startOffset: 10, endOffset: 100 }]);
 * assertStringIncludes(
 *   await registry.metrics(),
 *   'consumer_lag_game_frame_rq{client="streams-1",topic="GAME-FRAME-RQ",partition="2",metric="records-lag"} 60',
 * );
 * ```
 */
export class LagMetrics {
  readonly #registry: Registry;
  readonly #client: string;
  readonly #now: () => number;
  readonly #topics = new Set<string>();
  readonly #names = new Set<string>();
  readonly #staleMs: number;
  #positions: readonly PartitionLag[] = [];
  /** Whether what is not among the positions is known to be nobody's business here. */
  #complete = false;

  constructor(options: LagMetricsOptions) {
    this.#registry = options.registry;
    this.#client = options.client;
    this.#now = options.now ?? Date.now;
    this.#staleMs = options.staleMs ?? STALE_MS;
    for (const topic of options.topics) this.#addTopic(topic);
    this.#gauge(
      "consumer_lag_seconds",
      "Age of the next record to process, in seconds; 0 when caught up.",
      [],
      () => true,
      (p) => p === undefined ? 0 : this.#fresh(p, (known) => lagSeconds(known, this.#now())),
    );
    this.#gauge(
      "kos_lag_age_seconds",
      "Age of the newest word of the log about a partition, in seconds; +Inf before the first.",
      [],
      () => true,
      (p) => p === undefined ? undefined : (p.ageMs ?? 0) / 1000,
    );
  }

  /**
   * Replaces what is known of all partitions that this client owns; an empty list when it owns none.
   * The list is copied: the caller may go on changing its objects.
   *
   * @param complete Whether it is known that it owns no others. When not, as before the first assignment, a topic without partitions
   * has no series.
   */
  update(positions: readonly PartitionLag[], complete = true): void {
    const copy = positions.map((p) => ({ ...p }));
    for (const p of copy) this.#addTopic(p.topic);
    this.#positions = copy;
    this.#complete = complete;
  }

  /** The lag summed over all partitions owned whose lag is known, by topic, as of the last {@linkcode update}; for the log and the demo. */
  totals(): Map<string, number> {
    const totals = new Map<string, number>();
    for (const topic of this.#topics) totals.set(topic, 0);
    for (const p of this.#positions) totals.set(p.topic, totals.get(p.topic)! + (recordsLag(p) ?? 0));
    return totals;
  }

  #addTopic(topic: string): void {
    if (this.#topics.has(topic)) return;
    this.#topics.add(topic);
    const name = metricTopic(topic);
    // Two topics may come to one name, such as a.b and a_b: they share the gauges and differ in the label.
    if (this.#names.has(name)) return;
    this.#names.add(name);
    const ofName = (t: string) => metricTopic(t) === name;
    this.#gauge(
      `consumer_lag_${name}`,
      `Records of ${topic} left to process: end of what can be read - position.`,
      ["records-lag"],
      ofName,
      (p) => p === undefined ? 0 : this.#fresh(p, recordsLag),
    );
    this.#gauge(
      `consumer_lead_${name}`,
      `Records of ${topic} between the log start and the position: position - log start offset.`,
      ["records-lead"],
      ofName,
      (p) => p === undefined ? 0 : this.#fresh(p, recordsLead),
    );
  }

  /** A value of a partition, as long as what it comes of is not too old. */
  #fresh(p: PartitionLag, value: (p: PartitionLag) => number | undefined): number | undefined {
    return (p.ageMs ?? 0) > this.#staleMs ? undefined : value(p);
  }

  #gauge(
    name: string,
    help: string,
    metric: readonly string[],
    ofName: (topic: string) => boolean,
    value: (p: PartitionLag | undefined) => number | undefined,
  ): void {
    const labelNames = ["client", "topic", "partition", ...metric.map(() => "metric")];
    const fixed = metric.length > 0 ? { metric: metric[0]! } : {};
    const fill = (gauge: Gauge) => {
      gauge.reset();
      const owned = new Set<string>();
      const set = (topic: string, partition: string, known: number | undefined): void => {
        if (known !== undefined) gauge.set({ client: this.#client, topic, partition, ...fixed }, known);
      };
      for (const p of this.#positions) {
        if (!ofName(p.topic)) continue;
        owned.add(p.topic);
        set(p.topic, String(p.partition), value(p));
      }
      if (!this.#complete) return;
      for (const topic of this.#topics) {
        if (ofName(topic) && !owned.has(topic)) set(topic, NO_PARTITION, value(undefined));
      }
    };
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        fill(this);
      },
    });
  }
}
