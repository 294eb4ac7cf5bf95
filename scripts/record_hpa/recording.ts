/**
 * A timeline of a HorizontalPodAutoscaler's controller, sync by sync, as a file of JSON lines: the first line
 * is the autoscaler, each other one a sync.
 *
 * @module
 */
import type { HpaObject } from "../../src/autoscale/hpa.ts";

/** `deleting` and `failed` pods count nowhere; `unready` ones run, and count like `ready` ones. */
export type PodState = "ready" | "unready" | "pending" | "deleting" | "failed";

/** One sync of the controller. */
export interface RecordedSync {
  /** Seconds since the first sync, by the controller's clock. */
  readonly at: number;
  /** The replicas of the scale subresource at its start. */
  readonly replicas: number;
  /**
   * How many pods there were of each kind. A kind is a state such as `pending`; of pods that run also the
   * value of each metric in the order of `spec.targets`, in whole thousandths as the metrics API has them,
   * or `-` without a sample: `ready 700 -`.
   */
  readonly pods: Readonly<Record<string, number>>;
  /** The largest proposal of a metric, and whose it is; left out when it came to none. */
  readonly wants?: number;
  readonly by?: string;
  /** The replicas that it decided on. */
  readonly sets: number;
  /** The API server refused them, because somebody else had just changed the target. */
  readonly refused?: true;
}

/** A timeline. */
export interface Recording {
  readonly spec: HpaObject;
  readonly syncs: readonly RecordedSync[];
}

/** A pod of a sync. */
export interface RecordedPod {
  readonly state: PodState;
  /** Thousandths by the metric's name. */
  readonly values: Readonly<Record<string, number | undefined>>;
}

/** The kinds of pods, and how many there are of each. */
export function kindsOf(metrics: readonly string[], pods: readonly RecordedPod[]): Record<string, number> {
  const kinds: Record<string, number> = {};
  for (const { state, values } of pods) {
    const runs = state === "ready" || state === "unready";
    const kind = [state, ...(runs ? metrics.map((metric) => values[metric] ?? "-") : [])].join(" ");
    kinds[kind] = (kinds[kind] ?? 0) + 1;
  }
  return kinds;
}

/** The pods of a sync, in no order: the other way round than {@linkcode kindsOf}. */
export function podsOf(metrics: readonly string[], kinds: Readonly<Record<string, number>>): RecordedPod[] {
  return Object.entries(kinds).flatMap(([kind, count]) => {
    const [state, ...cells] = kind.split(" ");
    const sampled = cells.flatMap((cell, i) => cell === "-" ? [] : [[metrics[i]!, Number(cell)] as const]);
    return new Array<RecordedPod>(count).fill({
      state: state as PodState,
      values: Object.fromEntries(sampled),
    });
  });
}

/** The text of a timeline's file. */
export function recordingText({ spec, syncs }: Recording): string {
  return [spec, ...syncs].map((line) => `${JSON.stringify(line)}\n`).join("");
}

/** Reads what {@linkcode recordingText} wrote. */
export function parseRecording(text: string): Recording {
  const [spec, ...syncs] = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  return { spec, syncs };
}
