/**
 * What a soak's samples come to: slopes, percentiles, the verdict. Pure.
 *
 * @module
 */
import { seriesOf } from "../../src/metrics/metrics_text.ts";

/** One look at a process. */
export interface ProcessSample {
  /** Resident memory, in bytes. */
  readonly rss: number;
  /** Open file descriptors: sockets, files, pipes. */
  readonly handles: number;
  /** V8's heap in use, in bytes; `undefined` for a process that does not tell. */
  readonly heap?: number | undefined;
}

/** One look at everything. */
export interface Sample {
  /** Since the load began, in s. */
  readonly seconds: number;
  readonly processes: Readonly<Record<string, ProcessSample>>;
  /** Records left to process; `undefined` while the process does not know. */
  readonly lag: number | undefined;
  /** Records processed since the start. */
  readonly processed: number;
  /** Entries in the stores. */
  readonly entries: number;
}

/** A cumulative histogram as Prometheus has it: how many values were at most so large, by the bound. */
export type Buckets = ReadonlyMap<number, number>;

/**
 * The slope of the line with the least squares through the points, in units of y by units of x; 0 for fewer than two different x.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { slope } from "./analysis.ts";
 *
 * assertEquals(slope([[0, 1], [1, 3], [2, 5]]), 2);
 * ```
 */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  let products = 0;
  let squares = 0;
  for (const [x, y] of points) {
    products += (x - meanX) * (y - meanY);
    squares += (x - meanX) ** 2;
  }
  return squares === 0 ? 0 : products / squares;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The buckets of a histogram in Prometheus' text format, its series added up; empty when there is none of that name. */
export function bucketsOf(text: string, name: string): Buckets {
  const buckets = new Map<number, number>();
  for (const { labels: { le: bound }, value } of seriesOf(text, `${name}_bucket`)) {
    const le = bound === "+Inf" ? Infinity : Number(bound);
    buckets.set(le, (buckets.get(le) ?? 0) + value);
  }
  return buckets;
}

/** What came to a histogram between two looks. */
export function since(before: Buckets, after: Buckets): Buckets {
  return new Map([...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)]));
}

/**
 * The value that a share of the values does not exceed, between two bounds by proportion, as Prometheus' `histogram_quantile`;
 * `undefined` without values.
 */
export function quantile(share: number, buckets: Buckets): number | undefined {
  const sorted = [...buckets].sort(([a], [b]) => a - b);
  const total = sorted.at(-1)?.[1] ?? 0;
  if (total === 0) return undefined;
  let [below, countBelow] = [0, 0];
  for (const [bound, count] of sorted) {
    if (count >= share * total) {
      if (bound === Infinity) return below;
      return below + (bound - below) * (share * total - countBelow) / (count - countBelow);
    }
    [below, countBelow] = [bound, count];
  }
  return below;
}

/** What a soak is judged by. */
export interface Limits {
  /** Growth of the resident memory in the second half, in bytes a minute. */
  readonly rssPerMinute: number;
  /** How far the number of handles may be apart in the second half. */
  readonly handles: number;
}

/** What a process came to in the second half. */
export interface ProcessResult {
  readonly name: string;
  /** Whether the verdict is about it. */
  readonly judged: boolean;
  /** In bytes a minute. */
  readonly rssSlope: number;
  readonly heapSlope: number | undefined;
  readonly lastRss: number;
  readonly peakRss: number;
  readonly fewestHandles: number;
  readonly mostHandles: number;
}

/** What a soak came to. */
export interface Outcome {
  readonly samples: readonly Sample[];
  /** Records that gen was given acknowledgements for, and those that it gave up. */
  readonly sent: number;
  readonly lost: number;
  /** After the load has ended. */
  readonly finalLag: number | undefined;
  readonly processed: number;
}

/** The second half of the samples. */
export function secondHalf(samples: readonly Sample[]): readonly Sample[] {
  const end = samples.at(-1)?.seconds ?? 0;
  return samples.filter(({ seconds }) => seconds >= end / 2);
}

/** What each process came to in the second half. */
export function processResults(samples: readonly Sample[], judged: readonly string[]): ProcessResult[] {
  const half = secondHalf(samples);
  const names = Object.keys(half.at(-1)?.processes ?? {});
  return names.map((name) => {
    const points = half.map(({ seconds, processes }) => ({ minutes: seconds / 60, ...processes[name]! }));
    const heaps = points.filter(({ heap }) => heap !== undefined);
    const handles = points.map((point) => point.handles);
    return {
      name,
      judged: judged.includes(name),
      rssSlope: slope(points.map(({ minutes, rss }) => [minutes, rss])),
      heapSlope: heaps.length === 0 ? undefined : slope(heaps.map(({ minutes, heap }) => [minutes, heap!])),
      lastRss: points.at(-1)!.rss,
      peakRss: Math.max(...samples.map(({ processes }) => processes[name]!.rss)),
      fewestHandles: Math.min(...handles),
      mostHandles: Math.max(...handles),
    };
  });
}

/** What is wrong with a soak, each in a sentence; empty when it passed. */
export function verdict(outcome: Outcome, results: readonly ProcessResult[], limits: Limits): string[] {
  const wrong: string[] = [];
  for (const { name, judged, rssSlope, fewestHandles, mostHandles } of results) {
    if (!judged) continue;
    if (rssSlope >= limits.rssPerMinute) {
      wrong.push(
        `${name} grows by ${mb(rssSlope)} MB/min in the second half; allowed is less than ${
          mb(limits.rssPerMinute)
        }`,
      );
    }
    if (mostHandles - fewestHandles > limits.handles) {
      wrong.push(`${name} has ${fewestHandles} to ${mostHandles} open handles in the second half`);
    }
  }
  if (outcome.lost > 0) wrong.push(`gen lost ${outcome.lost} records`);
  if (outcome.finalLag !== 0) {
    wrong.push(`${outcome.finalLag ?? "an unknown number of"} records were left to process`);
  }
  if (outcome.processed !== outcome.sent) {
    wrong.push(`${outcome.processed} records were processed of ${outcome.sent} sent`);
  }
  return wrong;
}

function mb(bytes: number): string {
  return (bytes / 1e6).toFixed(2);
}
