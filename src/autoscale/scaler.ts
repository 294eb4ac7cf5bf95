import { checkBounds, decide, type HpaMemory, type HpaSpec, NO_MEMORY } from "./hpa.ts";
import { Recommender, type RecommenderSettings } from "./recommender.ts";
import type { InstanceView, Snapshot } from "./snapshot.ts";

/** The metrics of the model; an autoscaler may have targets for any of them. */
export const METRICS = {
  /** Records left to process. */
  lag: "lag",
  /** Records processed a second. */
  rate: "rate",
  /** What comes in and what is left, as a share of what a pod can process: `kos_load`. */
  load: "kos_load",
} as const;

/** A pod as the last scrape saw it. */
export interface PodSample {
  readonly name: string;
  /** It does not belong to the group yet. */
  readonly pending: boolean;
  readonly partitions: readonly number[];
  /** By the metric's name; what is not known is left out. */
  readonly values: Readonly<Record<string, number | undefined>>;
  readonly capacity: number | undefined;
  /** The share of the time since the last scrape in which it worked. */
  readonly busy: number;
}

/** A group as the last scrape saw it. */
export interface GroupSample {
  readonly partitions: number;
  readonly pods: readonly PodSample[];
  /** Records left of a partition; `undefined` while it rests. */
  lagOf(partition: number): number | undefined;
  /** Records a second that come to a partition. */
  arrivalOf(partition: number): number | undefined;
  readonly stateEntries: number;
  readonly restoreRate: number;
}

/** What decides how many replicas there are. */
export interface Scaler {
  /** Replicas at the start. */
  readonly initial: number;
  /** How many there should be. */
  decide(second: number, replicas: number, sample: GroupSample): number;
}

/** As many for ever. */
export function fixed(replicas: number): Scaler {
  if (!(Number.isInteger(replicas) && replicas >= 1)) {
    throw new RangeError(`Cannot run: received ${replicas} replicas; expected at least 1`);
  }
  return { initial: replicas, decide: () => replicas };
}

/**
 * Kubernetes' autoscaler.
 *
 * @throws {RangeError} When bounds contradict each other, or a target is none.
 */
export function hpa(spec: HpaSpec): Scaler {
  checkBounds(spec);
  for (const [metric, target] of Object.entries(spec.targets)) {
    if (!(target > 0)) {
      throw new RangeError(`Cannot scale: received the target ${target} for ${metric}; expected more than 0`);
    }
  }
  let memory: HpaMemory = NO_MEMORY;
  return {
    initial: spec.minReplicas,
    decide: (second, replicas, { pods }) => {
      const decision = decide(spec, memory, second, replicas, pods);
      memory = decision.memory;
      return decision.replicas;
    },
  };
}

/**
 * The recommender, with what it says to each change.
 *
 * @param told Called with each decision that changes the count.
 * @throws {RangeError} Naming a setting that can't be.
 */
export function recommender(
  settings: RecommenderSettings,
  told: (second: number, reason: string) => void = () => {},
): Scaler {
  checkBounds(settings);
  const own = new Recommender(settings);
  return {
    initial: settings.minReplicas,
    decide: (second, count, sample) => {
      const { replicas, reason } = own.observe(snapshotOf(second, sample));
      if (replicas !== count) told(second, reason);
      return replicas;
    },
  };
}

function snapshotOf(second: number, sample: GroupSample): Snapshot {
  const pending = sample.pods.filter((pod) => pod.pending).length;
  return {
    atMs: second * 1_000,
    running: sample.pods.length - pending,
    pending,
    partitions: sample.partitions,
    stateEntries: sample.stateEntries * sample.partitions,
    restoreRate: sample.restoreRate,
    instances: sample.pods.map((pod): InstanceView => ({
      name: pod.name,
      ready: !pod.pending,
      capacity: pod.capacity,
      busy: pod.busy,
      partitions: pod.partitions.map((partition) => ({
        topic: "input",
        partition,
        lag: sample.lagOf(partition),
        arrival: sample.arrivalOf(partition),
      })),
    })),
  };
}
