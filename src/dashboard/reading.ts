/**
 * What is read of the instances of an application at one time, and the snapshot that comes of it.
 *
 * @module
 */
import type { Series } from "../metrics/metrics_text.ts";
import type { PageInstance, PagePart, PagePartition, PageRates, PageSnapshot } from "./snapshot.ts";

/** The metrics that are shown as they are. */
export const GAUGES = [
  "kos_arrival_records_per_second",
  "kos_capacity_records_per_second",
  "kos_consumer_lag_records",
  "kos_consumer_lag_seconds",
  "kos_load",
  "kos_partition_load",
  "kos_recommended_replicas",
  "kos_streams_restore_remaining_records",
] as const;

/** The metrics whose growth in a second is shown. */
export const COUNTERS = [
  "kos_busy_seconds_total",
  "kos_streams_records_processed_total",
  "kos_streams_records_produced_total",
] as const;

/** The metrics that are only compared with themselves. */
export const COUNTS = ["kos_streams_rebalances_total"] as const;

type Gauge = typeof GAUGES[number];
type Counter = typeof COUNTERS[number];

/** What is read of an instance. */
export interface InstanceReading {
  readonly name: string;
  /** Whether it says that it is ready; `undefined` where nobody asked. */
  readonly ready?: boolean;
  /** The values of {@linkcode GAUGES} and {@linkcode COUNTS}. */
  readonly values: readonly Series[];
  /** How fast the {@linkcode COUNTERS} grow, in a second. */
  readonly rates: readonly Series[];
}

/** What is read of all instances. */
export interface Reading {
  readonly instances: readonly InstanceReading[];
  /** How many there are to be, where somebody beside the instances says it. */
  readonly wanted?: number;
  /** What could not be read, in a sentence. */
  readonly problem?: string;
}

/** The snapshot of a reading. */
export function snapshotOf(
  atMs: number,
  { instances, wanted, problem }: Reading,
  topology: readonly PagePart[] = [],
): PageSnapshot {
  const shown = instances.map(instanceOf);
  const partitions = shown.flatMap((instance) => instance.partitions);
  const produced = byTopic(
    instances.flatMap(({ rates }) => only(rates, "kos_streams_records_produced_total")),
  );
  const isInner = innerTopics(topology);
  const rates: PageRates = known({
    in: sum(partitions.map(({ arrival }) => arrival)),
    out: sum([...produced].filter(([topic]) => !isInner(topic)).map(([, rate]) => rate)),
    processed: sum(shown.map(({ processed }) => processed)),
  });
  return {
    atMs,
    instances: shown,
    rates,
    topics: topicRates(partitions, produced),
    ...known({
      // Where none can be read it is not known how many there are.
      running: instances.length === 0 && problem !== undefined ? undefined : instances.length,
      wanted: wanted ?? highest(instances, "kos_recommended_replicas"),
      drainSeconds: drainSeconds(sum(partitions.map(({ lag }) => lag)), rates),
      rebalances: sum(
        instances.flatMap(({ values }) =>
          only(values, "kos_streams_rebalances_total").map(({ value }) => value)
        ),
      ),
      problem,
    }),
  };
}

function instanceOf({ name, ready, values, rates }: InstanceReading): PageInstance {
  const restoring = one(values, "kos_streams_restore_remaining_records") ?? 0;
  return {
    name,
    ready: ready ?? restoring === 0,
    partitions: partitionsOf(values),
    ...known({
      state: restoring > 0 ? `restoring ${restoring.toLocaleString("en-US")} records` : undefined,
      load: one(values, "kos_load"),
      busy: one(rates, "kos_busy_seconds_total"),
      capacity: one(values, "kos_capacity_records_per_second"),
      processed: one(rates, "kos_streams_records_processed_total"),
    }),
  };
}

const OF_PARTITIONS: readonly (readonly [keyof PagePartition, Gauge])[] = [
  ["lag", "kos_consumer_lag_records"],
  ["seconds", "kos_consumer_lag_seconds"],
  ["arrival", "kos_arrival_records_per_second"],
  ["load", "kos_partition_load"],
];

function partitionsOf(values: readonly Series[]): PagePartition[] {
  const found = new Map<string, PagePartition>();
  for (const [property, metric] of OF_PARTITIONS) {
    for (const { labels: { topic = "", partition }, value } of only(values, metric)) {
      // The series of an instance that owns nothing of a topic.
      if (partition === "-1" || !Number.isFinite(value)) continue;
      const key = `${topic} ${partition}`;
      const before = found.get(key) ?? { topic, partition: Number(partition ?? -1) };
      found.set(key, { ...before, [property]: value });
    }
  }
  return [...found.values()];
}

function topicRates(
  partitions: readonly PagePartition[],
  produced: ReadonlyMap<string, number>,
): Record<string, { in?: number }> {
  const topics: Record<string, { in?: number }> = {};
  for (const [topic, rate] of produced) topics[topic] = { in: rate };
  for (const [topic, each] of Map.groupBy(partitions, ({ topic }) => topic)) {
    topics[topic] = known({ in: sum(each.map(({ arrival }) => arrival)) });
  }
  return topics;
}

/** Which topics are the application's own affair: of what is not drawn, by how their names end. */
function innerTopics(topology: readonly PagePart[]): (topic: string) => boolean {
  const read = new Set(topology.flatMap(({ sources }) => sources));
  const outer = new Set(topology.flatMap(({ sinks }) => sinks).filter((topic) => !read.has(topic)));
  return topology.length === 0
    ? (topic) => /-(?:changelog|repartition)$/.test(topic)
    : (topic) => !outer.has(topic);
}

/** In how many seconds the lag will be gone, if all goes on like this. */
export function drainSeconds(lag: number | undefined, rates: PageRates): number | undefined {
  if (lag === 0) return 0;
  if (lag === undefined || rates.in === undefined || rates.processed === undefined) return undefined;
  return rates.processed > rates.in ? lag / (rates.processed - rates.in) : undefined;
}

function byTopic(series: readonly Series[]): Map<string, number> {
  const topics = new Map<string, number>();
  for (const { labels: { topic = "" }, value } of series) topics.set(topic, (topics.get(topic) ?? 0) + value);
  return topics;
}

function only(series: readonly Series[], metric: Gauge | Counter | typeof COUNTS[number]): Series[] {
  return series.filter((each) => each.metric === metric);
}

function one(series: readonly Series[], metric: Gauge | Counter): number | undefined {
  const value = series.find((each) => each.metric === metric)?.value;
  return Number.isFinite(value) ? value : undefined;
}

function highest(instances: readonly InstanceReading[], metric: Gauge): number | undefined {
  const values = instances.map(({ values }) => one(values, metric)).filter((value) => value !== undefined);
  return values.length === 0 ? undefined : Math.max(...values);
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((a, b) => a + b, 0);
}

/** The properties that are known. */
export function known<T extends object>(properties: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(properties).filter(([, value]) => value !== undefined),
  ) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
