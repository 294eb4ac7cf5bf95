import { type Columns, judge } from "../../src/autoscale/timeline.ts";
import { type LinePanel, plot } from "../support/svg/plot.ts";

/** What was seen of the cluster in one second. */
export interface Sample {
  /** Since the first one. */
  readonly second: number;
  /** Records a second that the generator was told to send. */
  readonly load: number;
  /** `spec.replicas` of the Deployment. */
  readonly replicas: number;
  /** Pods that are ready. */
  readonly ready: number;
  /** What the autoscaler last asked for. */
  readonly desired: number;
  /** Each metric as the custom metrics API gives it: summed over the pods, and of how many pods there is one. */
  readonly metrics: Readonly<Record<string, { readonly sum: number; readonly pods: number }>>;
}

/** What a timeline has to hold. Times are in seconds. */
export interface Expectation {
  /** The metrics that must have a value of at least one pod in every sample. */
  readonly metrics: readonly string[];
  /** The replicas that the load has to drive it to. */
  readonly peak: number;
  /** How soon after the load was raised. */
  readonly withinSeconds: number;
  /** The replicas to come back to. */
  readonly rest: number;
  /** How often the direction of scaling may turn round. */
  readonly maxTurns: number;
  /** In how many samples a metric may be missing all the same, by its name. */
  readonly mayMiss?: Readonly<Record<string, number>>;
}

/** When the load was raised and lowered, and when the replicas had followed; `undefined` where they had not. */
export interface Reached {
  readonly raisedAt: number | undefined;
  readonly peakAt: number | undefined;
  readonly loweredAt: number | undefined;
  readonly restAt: number | undefined;
}

/** Finds the steps of the load and the answers to them. */
export function reached(samples: readonly Sample[], peak: number, rest: number): Reached {
  const step = (way: 1 | -1, from: number): number | undefined =>
    samples.find((sample, i) =>
      sample.second >= from && i > 0 && Math.sign(sample.load - samples[i - 1]!.load) === way
    )?.second;
  const raisedAt = step(1, 0);
  const peakAt = raisedAt === undefined
    ? undefined
    : samples.find(({ second, replicas }) => second >= raisedAt && replicas >= peak)?.second;
  const loweredAt = raisedAt === undefined ? undefined : step(-1, raisedAt + 1);
  const restAt = loweredAt === undefined
    ? undefined
    : samples.find(({ second, replicas }) => second > loweredAt && replicas <= rest)?.second;
  return { raisedAt, peakAt, loweredAt, restAt };
}

/** What is wrong with a timeline of one step up and one down; empty when all is as expected. */
export function complaints(samples: readonly Sample[], expected: Expectation): string[] {
  const found = gaps(samples, expected.metrics, expected.mayMiss);
  const { raisedAt, peakAt, loweredAt, restAt } = reached(samples, expected.peak, expected.rest);
  if (raisedAt === undefined) found.push("the load was never raised");
  else if (peakAt === undefined) found.push(`${expected.peak} replicas were never reached`);
  else if (peakAt - raisedAt > expected.withinSeconds) {
    found.push(
      `${expected.peak} replicas took ${
        peakAt - raisedAt
      } s after the load was raised; allowed: ${expected.withinSeconds} s`,
    );
  }
  if (loweredAt === undefined || restAt === undefined) found.push(notBack(samples, expected.rest));
  return [...found, ...turnedRound(samples, expected.metrics, expected.maxTurns)];
}

/** That it did not come back to so many replicas. */
export function notBack(samples: readonly Sample[], rest: number): string {
  return `it did not come back to ${rest}: it ended at ${samples.at(-1)?.replicas ?? 0}`;
}

/** What is wrong when scaling turned round more often than it may; up and down again is one turn. */
export function turnedRound(
  samples: readonly Sample[],
  metrics: readonly string[],
  maxTurns: number,
): string[] {
  const { turns } = judge(series(samples, metrics[0]!));
  return turns > maxTurns ? [`scaling turned round ${turns} times; allowed: ${maxTurns}`] : [];
}

/** The samples in which no pod was ready, or a metric had no value of any pod. */
export function gaps(
  samples: readonly Sample[],
  metrics: readonly string[],
  mayMiss: Readonly<Record<string, number>> = {},
): string[] {
  if (samples.length === 0) return ["nothing was recorded"];
  const unready = samples.filter(({ ready }) => ready === 0);
  const rested = unready.length === 0 ? [] : [
    `no pod was ready in ${unready.length} of ${samples.length} samples, first after ${unready[0]!.second} s`,
  ];
  return rested.concat(metrics.flatMap((metric) => {
    const missing = samples.filter((sample) => (sample.metrics[metric]?.pods ?? 0) === 0);
    return missing.length <= (mayMiss[metric] ?? 0) ? [] : [
      `${metric} had no value in ${missing.length} of ${samples.length} samples, first after ${
        missing[0]!.second
      } s`,
    ];
  }));
}

/** The samples with one metric as the lag, for the judge of simulated timelines. */
export function series(samples: readonly Sample[], metric: string): Columns {
  return {
    second: samples.map(({ second }) => second),
    replicas: samples.map(({ replicas }) => replicas),
    lag: samples.map(({ metrics }) => metrics[metric]?.sum ?? 0),
  };
}

/** The timeline as a table with a header, a line a sample. */
export function toCsv(samples: readonly Sample[], metrics: readonly string[]): string {
  const header = ["second", "load", "replicas", "ready", "desired"];
  for (const metric of metrics) header.push(metric, `${metric}_pods`);
  const lines = samples.map((s) => {
    const cells: (number | string)[] = [s.second, s.load, s.replicas, s.ready, s.desired];
    for (const metric of metrics) {
      const value = s.metrics[metric];
      cells.push(value === undefined || value.pods === 0 ? "" : rounded(value.sum), value?.pods ?? 0);
    }
    return cells.join(",");
  });
  return [header.join(","), ...lines].join("\n") + "\n";
}

/** A share to the thousandth, a number of records to a whole one. */
function rounded(value: number): number {
  return Math.abs(value) < 100 ? Math.round(1000 * value) / 1000 : Math.round(value);
}

/** Which metrics a picture has, by what they are; those that no sample has are left out. */
export interface Drawn {
  readonly lags: readonly string[];
  readonly rate: string;
  readonly load: string;
}

/** The timeline as a picture: replicas, load, lags, rate. */
export function toSvg(title: string, samples: readonly Sample[], { lags, rate, load }: Drawn): string {
  const line = (value: (sample: Sample) => number): (readonly [number, number])[] =>
    samples.map((sample) => [sample.second, value(sample)]);
  const ofMetric = (metric: string): (readonly [number, number])[] =>
    samples.flatMap((s) =>
      (s.metrics[metric]?.pods ?? 0) > 0 ? [[s.second, s.metrics[metric]!.sum] as const] : []
    );
  const has = (metric: string): boolean => samples.some(({ metrics }) => metric in metrics);
  const colors = ["#d62728", "#ff7f0e"];
  const panels: LinePanel[] = [
    {
      title: "Replicas",
      series: [
        { name: "asked for", color: "#1f77b4", points: line((s) => s.replicas), steps: true },
        { name: "ready", color: "#2ca02c", points: line((s) => s.ready), steps: true },
      ],
    },
    ...(has(load)
      ? [{
        title: "Load of all pods, in pods",
        series: [{ name: load, color: "#17becf", points: ofMetric(load) }],
      }]
      : []),
    {
      title: "Lag in records",
      series: lags.map((lag, i) => ({ name: lag, color: colors[i % 2]!, points: ofMetric(lag) })),
    },
    {
      title: "Records a second",
      series: [
        { name: "sent", color: "#7f7f7f", points: line((s) => s.load), steps: true },
        ...(has(rate) ? [{ name: "processed", color: "#9467bd", points: ofMetric(rate) }] : []),
      ],
    },
  ];
  return plot(title, panels);
}
