import { usefulCounts } from "../../src/autoscale/counts.ts";
import type { Simulation } from "../../src/autoscale/simulator.ts";
import type { Flags, ScalerName } from "./flags.ts";
import { type Outcome, outcomeOf } from "./outcome.ts";
import { maxOf } from "./settings.ts";

/** Settings that are tried, with the words of them. */
interface Try {
  readonly label: string;
  readonly flags: Flags;
}

const UP = [0, 15_000, 60_000];
const DOWN = [60_000, 120_000, 300_000];

/** What is tried of each scaler. */
const TRIES: Readonly<Record<ScalerName, (flags: Flags) => Try[]>> = {
  "fixed": (flags) =>
    usefulCounts(flags.partitions, flags.min, maxOf(flags))
      .map((max) => ({ label: `--max ${max}`, flags: { ...flags, max } })),
  "lag": (flags) =>
    [1, 3, 10, 30].flatMap((seconds) => {
      const lagTarget = seconds * flags.capacity;
      return windows({ ...flags, lagTarget }, `--lag-target ${lagTarget}`);
    }),
  "lag+rate": (flags) =>
    [0.4, 0.5, 0.6, 0.7, 0.8, 0.9].flatMap((rateTarget) =>
      windows({ ...flags, rateTarget }, `--rate-target ${rateTarget}`)
    ),
  "kos_load": (flags) =>
    [0.5, 0.6, 0.7, 0.8, 0.9, 1].flatMap((loadTarget) =>
      windows({ ...flags, loadTarget }, `--load-target ${loadTarget}`)
    ),
  "recommender": (flags) =>
    [0.7, 0.8, 0.9, 1].flatMap((target) =>
      [30_000, ...DOWN].map((windowDown) => ({
        label: `--target ${target} --window-down ${windowDown / 1_000}s`,
        flags: { ...flags, target, windowDown },
      }))
    ),
};

function windows(flags: Flags, label: string): Try[] {
  return UP.flatMap((windowUp) =>
    DOWN.map((windowDown) => ({
      label: `${label} --window-up ${windowUp / 1_000}s --window-down ${windowDown / 1_000}s`,
      flags: { ...flags, windowUp, windowDown },
    }))
  );
}

/** What came out of a sweep of one scaler. */
export interface Swept {
  readonly name: ScalerName;
  readonly tried: number;
  /** How many of them meet the SLO. */
  readonly met: number;
  /** Those that meet the SLO at the least pod-hours; where none does, those with the least lag. */
  readonly best: Outcome;
  readonly label: string;
}

/** Tries settings of a scaler. */
export function sweep(name: ScalerName, flags: Flags, settings: Simulation, fromSecond = 0): Swept {
  const tries = TRIES[name](flags).map(({ label, flags }) => ({
    label,
    outcome: outcomeOf(name, flags, settings, { fromSecond }),
  }));
  const meeting = tries.filter(({ outcome }) => outcome.meets);
  const by =
    (cost: (outcome: Outcome) => number) => (a: typeof tries[number], b: typeof tries[number]): number =>
      cost(a.outcome) - cost(b.outcome);
  const [best] = meeting.length > 0
    ? meeting.sort(by(({ verdict }) => verdict.podSeconds))
    : tries.sort(by(({ timeline, verdict }) => timeline.neverDrains ? Infinity : verdict.worstSeconds));
  return { name, tried: tries.length, met: meeting.length, best: best!.outcome, label: best!.label };
}
