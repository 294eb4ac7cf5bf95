/**
 * How far behind a consumer is, as Prometheus gauges: the series that the HPA scales on.
 *
 * @module
 */
import { Gauge, type Registry } from "./prom_client.ts";

/** Where a consumer stands in one partition that it owns. Offsets are those of the next record. */
export interface PartitionLag {
  readonly topic: string;
  readonly partition: number;
  /** The next record to process. */
  readonly position: number;
  /** The first record that the log still holds. */
  readonly startOffset: number;
  /** The log's end: the offset that the next record appended will get. */
  readonly endOffset: number;
  /** The timestamp of the next record to process, in ms since the epoch; `undefined` when caught up or not known yet. */
  readonly nextTimestamp?: number | undefined;
}

/** Settings of {@linkcode LagMetrics}. */
export interface LagMetricsOptions {
  readonly registry: Registry;
  /** The topics that have a series from the start, at 0. Others get theirs when first reported. */
  readonly topics: readonly string[];
  /** The `client` label: which instance this is. */
  readonly client: string;
  /** The time now in ms since the epoch. Default `Date.now`. */
  readonly now?: () => number;
}

/**
 * The `partition` label of a topic's series while this client owns no partition of it: −1, as librdkafka's statistics have it.
 *
 * The series is needed since an autoscaler takes a pod without one for a pod of unknown load. Its value is 0 and it
 * goes away with the first owned partition, so `sum by (pod)` is right at any time: 0, then the sum over what is owned.
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

/** The records that are left to process: `end − max(position, start)`, since retention may have deleted some unread; never negative. */
export function recordsLag(p: PartitionLag): number {
  return Math.max(0, p.endOffset - Math.max(p.position, p.startOffset));
}

/** How far ahead of the log's first record the consumer is: `position − start`, never negative. At 0 retention is about to overtake it. */
export function recordsLead(p: PartitionLag): number {
  return Math.max(0, p.position - p.startOffset);
}

/** The age of the next record to process, in seconds; 0 when caught up. */
export function lagSeconds(p: PartitionLag, nowMs: number): number {
  if (p.nextTimestamp === undefined || recordsLag(p) === 0) return 0;
  return Math.max(0, nowMs - p.nextTimestamp) / 1000;
}

/**
 * The gauges `consumer_lag_<topic>{client,topic,partition,metric="records-lag"}` and
 * `consumer_lead_<topic>{client,topic,partition,metric="records-lead"}`, in records, and
 * `consumer_lag_seconds{client,topic,partition}`.
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
  #positions: readonly PartitionLag[] = [];

  constructor(options: LagMetricsOptions) {
    this.#registry = options.registry;
    this.#client = options.client;
    this.#now = options.now ?? Date.now;
    for (const topic of options.topics) this.#addTopic(topic);
    this.#gauge(
      "consumer_lag_seconds",
      "Age of the next record to process, in seconds; 0 when caught up.",
      [],
      () => true,
      (p) => p === undefined ? 0 : lagSeconds(p, this.#now()),
    );
  }

  /**
   * Replaces what is known of all partitions that this client owns; an empty list when it owns none.
   * The list is copied: the caller may go on changing its objects.
   */
  update(positions: readonly PartitionLag[]): void {
    const copy = positions.map((p) => ({ ...p }));
    for (const p of copy) this.#addTopic(p.topic);
    this.#positions = copy;
  }

  /** The lag summed over all partitions owned, by topic, as of the last {@linkcode update}; for the log and the demo. */
  totals(): Map<string, number> {
    const totals = new Map<string, number>();
    for (const topic of this.#topics) totals.set(topic, 0);
    for (const p of this.#positions) totals.set(p.topic, totals.get(p.topic)! + recordsLag(p));
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
      `Records of ${topic} left to process: log end offset - position.`,
      ["records-lag"],
      ofName,
      (p) => p === undefined ? 0 : recordsLag(p),
    );
    this.#gauge(
      `consumer_lead_${name}`,
      `Records of ${topic} between the log start and the position: position - log start offset.`,
      ["records-lead"],
      ofName,
      (p) => p === undefined ? 0 : recordsLead(p),
    );
  }

  #gauge(
    name: string,
    help: string,
    metric: readonly string[],
    ofName: (topic: string) => boolean,
    value: (p: PartitionLag | undefined) => number,
  ): void {
    const labelNames = ["client", "topic", "partition", ...metric.map(() => "metric")];
    const fixed = metric.length > 0 ? { metric: metric[0]! } : {};
    const fill = (gauge: Gauge) => {
      gauge.reset();
      const owned = new Set<string>();
      const labels = (topic: string, partition: string) => ({
        client: this.#client,
        topic,
        partition,
        ...fixed,
      });
      for (const p of this.#positions) {
        if (!ofName(p.topic)) continue;
        owned.add(p.topic);
        gauge.set(labels(p.topic, String(p.partition)), value(p));
      }
      for (const topic of this.#topics) {
        if (ofName(topic) && !owned.has(topic)) gauge.set(labels(topic, NO_PARTITION), value(undefined));
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
