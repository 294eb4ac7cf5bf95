/**
 * Gauges with a value a partition or, where there are too many of them, a topic.
 *
 * @module
 */
import { Gauge, type Registry } from "./prom_client.ts";

/** What has a series: each partition, or each topic with all of its partitions that this instance owns. */
export type MetricsLevel = "partition" | "topic";

/**
 * The `partition` label of a topic's series while this client owns no partition of it: −1, as librdkafka's
 * statistics have it.
 *
 * The series is needed since an autoscaler takes a pod without one for a pod of unknown load. Its value is 0,
 * and it is there only while it is known that nothing is owned, so `sum by (pod)` is right at any time:
 * nothing, 0, then the sum over what is owned.
 */
export const NO_PARTITION = "-1";

/** Which series it is: a topic and, at that level, a partition. */
export interface SeriesPlace {
  readonly topic: string;
  readonly partition?: string;
}

/** What is known of each partition of a topic; `undefined` stands for what is not. */
export type PartitionValues = readonly (number | undefined)[];

/** The sum, once all of it is known: a part of it would be taken for the whole. */
export function sumOf(values: PartitionValues): number | undefined {
  const known = knownOf(values);
  return known.length < values.length ? undefined : known.reduce((sum, value) => sum + value, 0);
}

/** The least, once all are known. */
export function leastOf(values: PartitionValues): number | undefined {
  const known = knownOf(values);
  return known.length < values.length ? undefined : Math.min(...known);
}

/** The greatest that is known: a lower bound, and so no 0 while one is not known. */
export function greatestOf(values: PartitionValues): number | undefined {
  const known = knownOf(values);
  const greatest = Math.max(0, ...known);
  return greatest === 0 && known.length < values.length ? undefined : greatest;
}

function knownOf(values: PartitionValues): number[] {
  return values.filter((value) => value !== undefined);
}

/** One gauge over partitions of type P. */
export interface PartitionGauge<P> {
  readonly name: string;
  readonly help: string;
  /** All labels of a series. */
  readonly labels: (place: SeriesPlace) => Readonly<Record<string, string>>;
  /** Which topics it is of. Default: all. */
  readonly of?: (topic: string) => boolean;
  /** A partition's value. */
  readonly value: (partition: P) => number | undefined;
  /** What a topic has of which nothing is owned. */
  readonly none: number | undefined;
  /** A topic's value. */
  readonly combine: (values: PartitionValues) => number | undefined;
}

/** What is owned, as it is known now. */
export interface Owned<P> {
  /** The partitions that are owned. */
  readonly partitions: readonly P[];
  /** The topics that have a series also while nothing of them is owned. */
  readonly topics: Iterable<string>;
  /** Whether nothing else is owned. */
  readonly complete: boolean;
}

/** Registers a gauge, which is filled from one look at what is owned when it is scraped. */
export function registerPartitionGauge<P extends { readonly topic: string; readonly partition: number }>(
  registry: Registry,
  level: MetricsLevel,
  spec: PartitionGauge<P>,
  owned: () => Owned<P>,
): void {
  const atPartition = level === "partition";
  new Gauge({
    name: spec.name,
    help: spec.help,
    labelNames: Object.keys(spec.labels(atPartition ? { topic: "", partition: "" } : { topic: "" })),
    registers: [registry],
    collect() {
      this.reset();
      const set = (place: SeriesPlace, value: number | undefined): void => {
        if (value !== undefined) this.set(spec.labels(place), value);
      };
      if (atPartition) fillPartitions(spec, owned(), set);
      else fillTopics(spec, owned(), set);
    },
  });
}

type SetSeries = (place: SeriesPlace, value: number | undefined) => void;

function fillPartitions<P extends { readonly topic: string; readonly partition: number }>(
  { of, value, none }: PartitionGauge<P>,
  { partitions, topics, complete }: Owned<P>,
  set: SetSeries,
): void {
  const owned = new Set<string>();
  for (const p of partitions) {
    if (of?.(p.topic) === false) continue;
    owned.add(p.topic);
    set({ topic: p.topic, partition: String(p.partition) }, value(p));
  }
  if (!complete) return;
  for (const topic of topics) {
    if (of?.(topic) !== false && !owned.has(topic)) set({ topic, partition: NO_PARTITION }, none);
  }
}

function fillTopics<P extends { readonly topic: string }>(
  { of, value, none, combine }: PartitionGauge<P>,
  { partitions, topics, complete }: Owned<P>,
  set: SetSeries,
): void {
  const owned = Map.groupBy(partitions, ({ topic }) => topic);
  for (const topic of topics) {
    if (of?.(topic) === false) continue;
    const values = owned.get(topic)?.map(value);
    // What else may be owned is not known either.
    if (values !== undefined) set({ topic }, combine(complete ? values : [...values, undefined]));
    else if (complete) set({ topic }, none);
  }
}
