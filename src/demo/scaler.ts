/**
 * The autoscaler of a demo: the algorithm of Kubernetes' own, at a pace that fits into minutes.
 *
 * @module
 */
import { decide, type HpaMemory, type HpaSpec, NO_MEMORY, type PodMetrics } from "../autoscale/hpa.ts";
import { sumOf } from "../metrics/partition_gauges.ts";
import { meanOf } from "./figures.ts";
import { paced } from "./pace.ts";
import type { DecisionSnapshot, InstanceSnapshot } from "./snapshot.ts";

/** What the replicas follow: the load, the lag alone, what the recommender says, or nothing. */
export type ScaleBy = "load" | "lag" | "recommender" | "nothing";

/** Settings of a {@linkcode Scaler}. */
export interface ScalerOptions {
  readonly by: Exclude<ScaleBy, "recommender">;
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** What one instance can process, in records a second: the lag's target is some seconds of it. */
  readonly perInstance: number;
  /** How fast it all goes: 1 for a demo of some minutes, less for a shorter one. */
  readonly pace: number;
}

/** What a scaler says. */
export interface ScalerAnswer {
  readonly wanted: number;
  /** Set when that has changed. */
  readonly decision: DecisionSnapshot | undefined;
}

/**
 * The load that an instance is to have: nine tenths of what is usable of four partitions by three instances,
 * of which one has two partitions and is at its limit at two thirds.
 */
const LOAD_TARGET = 0.6;
/** The lag that an instance is to have at most, in seconds of what it can do: the chart's, by its pods. */
const LAG_TARGET_SECONDS = 5;

/** Seconds that are the longest in a demo of full length, and the least in the shortest. */
const SECONDS = {
  upWindow: [3, 1],
  downWindow: [15, 4],
  downPeriod: [8, 2],
} as const;

/** Decides how many replicas there are to be, each time it is asked. */
export class Scaler {
  readonly #options: ScalerOptions;
  readonly #spec: HpaSpec;
  #memory: HpaMemory = NO_MEMORY;

  constructor(options: ScalerOptions) {
    this.#options = options;
    this.#spec = specOf(options);
  }

  /**
   * Looks at the instances.
   *
   * @param nowSeconds Any clock that goes on.
   * @param current The replicas wanted so far.
   */
  decide(nowSeconds: number, current: number, instances: readonly InstanceSnapshot[]): ScalerAnswer {
    const { by } = this.#options;
    if (by === "nothing") return { wanted: current, decision: undefined };
    const pods = instances.filter(({ leaving }) => !leaving).map((instance) => podOf(instance, by));
    const { replicas, memory } = decide(this.#spec, this.#memory, nowSeconds, current, pods);
    this.#memory = memory;
    if (replicas === current) return { wanted: replicas, decision: undefined };
    const mean = meanOf(pods.map(({ values }) => values[by]))!;
    const reason = this.#reason(current, replicas, by, mean);
    return { wanted: replicas, decision: { from: current, to: replicas, reason } };
  }

  #reason(from: number, to: number, by: "load" | "lag", mean: number): string {
    const target = show(by, this.#spec.targets[by]!);
    const change = `${from} → ${to}`;
    const found = `${by === "load" ? "a load" : "a lag"} of ${show(by, mean)} an instance`;
    if (to > from) return `${change}: ${found} is above the target of ${target}`;
    const { stabilizationWindowSeconds } = this.#spec.behavior.scaleDown;
    return `${change}: ${found}, with a target of ${target}; fewer have been enough for ` +
      `${Math.round(stabilizationWindowSeconds)} s`;
  }
}

function specOf({ by, minReplicas, maxReplicas, perInstance, pace }: ScalerOptions): HpaSpec {
  return {
    minReplicas,
    maxReplicas,
    targets: by === "lag" ? { lag: LAG_TARGET_SECONDS * perInstance } : { load: LOAD_TARGET },
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: paced(SECONDS.upWindow, pace),
        policies: [{ type: "Pods", value: 4, periodSeconds: 15 }],
      },
      scaleDown: {
        stabilizationWindowSeconds: paced(SECONDS.downWindow, pace),
        policies: [{ type: "Pods", value: 1, periodSeconds: paced(SECONDS.downPeriod, pace) }],
      },
    },
  };
}

function podOf({ ready, load, partitions }: InstanceSnapshot, by: "load" | "lag"): PodMetrics {
  const lag = sumOf(partitions.map(({ lag }) => lag));
  return { pending: !ready && load === undefined, values: { [by]: by === "load" ? load : lag } };
}

function show(by: string, value: number): string {
  return by === "load" ? value.toFixed(2) : `${Math.round(value).toLocaleString("en-US")} records`;
}
