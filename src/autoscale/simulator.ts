/**
 * A stream processor under an autoscaler, second by second: load comes in, pods work it off, rebalances stop
 * them, and the autoscaler sees it as late and as coarsely as Prometheus does. For choosing targets and
 * windows before a cluster is asked.
 *
 * @module
 */
import { decide, type HpaMemory, type HpaSpec, NO_MEMORY, type PodMetrics } from "./hpa.ts";

/** The metrics that the simulator feeds to the autoscaler; a spec may have targets for any of them. */
export const METRICS = {
  /** Records of the requests' topic left to process. */
  requests: "consumer_lag_game_frame_rq",
  /** Records of the responses' topic left to process. */
  responses: "consumer_lag_game_frame_rs",
  /** Records processed a second, of both topics. */
  rate: "kos_streams_records_processed_per_second",
} as const;

/** What is simulated. */
export interface Simulation {
  readonly hpa: HpaSpec;
  /** Records a second that one pod can process, of both topics together. */
  readonly capacity: number;
  /** How many partitions each topic has; load is spread over them evenly. */
  readonly partitions: number;
  /** Records a second at a time, of both topics together. */
  readonly load: (second: number) => number;
  readonly seconds: number;
  /** For so long all pods stop when one joins or leaves, in seconds. */
  readonly rebalanceSeconds: number;
  /** From the decision until a new pod joins, in seconds. */
  readonly startSeconds: number;
  /** How often Prometheus looks, in seconds. */
  readonly scrapeSeconds: number;
  /** Over what the rate is averaged, in seconds. */
  readonly rateWindowSeconds: number;
  /** How often the autoscaler looks, in seconds: 15 by default in Kubernetes. */
  readonly syncSeconds: number;
  /** Replicas at the start. Default the least. */
  readonly replicas?: number;
}

/** One second of a timeline. */
export interface Moment {
  readonly second: number;
  readonly load: number;
  readonly replicas: number;
  /** Pods that have started and belong to the group. */
  readonly ready: number;
  /** Records left to process of each topic. */
  readonly lag: number;
  /** Records that were processed in this second, of both topics together. */
  readonly processed: number;
}

interface Pod {
  joinsAt: number;
  /** Records processed in all, at each second since it joined. */
  readonly totals: number[];
}

/**
 * The share of its pods' capacity that a group can use: partitions are not divided, so the pod with the most
 * of them falls behind first. With four partitions three pods carry no more than two.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { usableShare } from "./simulator.ts";
 *
 * assertEquals([1, 2, 3, 4].map((pods) => usableShare(4, pods)), [1, 1, 2 / 3, 1]);
 * assertEquals([1, 2, 3, 4].map((pods) => usableShare(12, pods)), [1, 1, 1, 1]);
 * ```
 */
export function usableShare(partitions: number, pods: number): number {
  return partitions / (pods * Math.ceil(partitions / pods));
}

/** Runs a simulation; the same settings always give the same timeline. */
export function simulate(settings: Simulation): Moment[] {
  const { hpa, capacity, partitions, seconds } = settings;
  let replicas = settings.replicas ?? hpa.minReplicas;
  let memory: HpaMemory = NO_MEMORY;
  let pods: Pod[] = Array.from({ length: replicas }, () => ({ joinsAt: 0, totals: [] }));
  let group = pods.length;
  let stoppedUntil = 0;
  // The two topics are alike, so one lag a partition does for both.
  const lags = new Array<number>(partitions).fill(0);
  let seen: PodMetrics[] = [];
  const timeline: Moment[] = [];

  for (let second = 0; second < seconds; second++) {
    const ready = pods.filter(({ joinsAt }) => joinsAt <= second);
    if (ready.length !== group) {
      group = ready.length;
      stoppedUntil = second + settings.rebalanceSeconds;
    }
    const load = settings.load(second);
    for (let p = 0; p < partitions; p++) lags[p]! += load / 2 / partitions;
    let processed = 0;
    ready.forEach((pod, i) => {
      const done = second < stoppedUntil ? 0 : work(lags, i, ready.length, capacity);
      processed += done;
      pod.totals.push((pod.totals.at(-1) ?? 0) + done);
    });
    if (second % settings.scrapeSeconds === 0) {
      seen = pods.map((pod) => scrape(pod, ready.indexOf(pod), ready.length, lags, settings));
    }
    timeline.push({ second, load, replicas, ready: ready.length, lag: sum(lags), processed });
    if (second % settings.syncSeconds !== 0) continue;
    const decision = decide(hpa, memory, second, replicas, seen);
    memory = decision.memory;
    if (decision.replicas > replicas) {
      for (let i = replicas; i < decision.replicas; i++) {
        pods.push({ joinsAt: second + settings.startSeconds, totals: [] });
        seen.push({ pending: true, values: {} });
      }
    }
    // The youngest go first, as the ReplicaSet's controller has it.
    pods = pods.slice(0, decision.replicas);
    seen = seen.slice(0, decision.replicas);
    replicas = decision.replicas;
  }
  return timeline;
}

/**
 * One second of one pod: its capacity goes round its partitions until it or they are used up.
 * @returns Records of both topics.
 */
function work(lags: number[], pod: number, pods: number, capacity: number): number {
  let left = capacity / 2;
  const own = owned(lags.length, pod, pods).sort((a, b) => lags[a]! - lags[b]!);
  own.forEach((partition, i) => {
    const done = Math.min(lags[partition]!, left / (own.length - i));
    lags[partition]! -= done;
    left -= done;
  });
  return capacity - 2 * left;
}

function owned(partitions: number, pod: number, pods: number): number[] {
  return Array.from({ length: partitions }, (_, p) => p).filter((p) => p % pods === pod);
}

function scrape(
  pod: Pod,
  index: number,
  pods: number,
  lags: readonly number[],
  settings: Simulation,
): PodMetrics {
  if (index < 0) return { pending: true, values: {} };
  const lag = sum(owned(lags.length, index, pods).map((p) => lags[p]!));
  const values: Record<string, number | undefined> = { [METRICS.requests]: lag, [METRICS.responses]: lag };
  // PromQL's rate needs two samples, so a pod that has just started has none.
  const { totals } = pod;
  if (totals.length > settings.scrapeSeconds) {
    const span = Math.min(totals.length - 1, settings.rateWindowSeconds);
    values[METRICS.rate] = (totals.at(-1)! - totals.at(-1 - span)!) / span;
  }
  return { values };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** How a timeline went. */
export interface Verdict {
  /** Replicas at its end. */
  readonly replicas: number;
  /** How often the number of replicas changed. */
  readonly changes: number;
  /** How often it turned round: up after down, or down after up. */
  readonly turns: number;
  /** Seconds of replicas, as they are paid. */
  readonly podSeconds: number;
  /** The largest lag of one topic, in records. */
  readonly maxLag: number;
  readonly endLag: number;
}

/** Sums up a timeline from a second on. */
export function judge(
  timeline: readonly Pick<Moment, "second" | "replicas" | "lag">[],
  fromSecond = 0,
): Verdict {
  const part = timeline.filter(({ second }) => second >= fromSecond);
  let changes = 0;
  let turns = 0;
  let last = 0;
  let podSeconds = 0;
  let maxLag = 0;
  part.forEach((moment, i) => {
    const before = part[i - 1];
    if (before !== undefined) podSeconds += before.replicas * (moment.second - before.second);
    maxLag = Math.max(maxLag, moment.lag);
    const change = before === undefined ? 0 : Math.sign(moment.replicas - before.replicas);
    if (change === 0) return;
    changes++;
    if (last !== 0 && change !== last) turns++;
    last = change;
  });
  const end = part.at(-1);
  return { replicas: end?.replicas ?? 0, changes, turns, podSeconds, maxLag, endLag: end?.lag ?? 0 };
}
