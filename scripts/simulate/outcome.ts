import { impossible } from "../../src/autoscale/impossible.ts";
import { simulate, type Simulation, type Timeline } from "../../src/autoscale/simulator.ts";
import { judge, type Verdict } from "../../src/autoscale/timeline.ts";
import { UsageError } from "../../src/cli/arguments.ts";
import type { Flags, ScalerName } from "./flags.ts";
import { maxOf, scalerOf, type Told } from "./settings.ts";

/** What became of one scaler. */
export interface Outcome {
  readonly name: string;
  readonly timeline: Timeline;
  readonly verdict: Verdict;
  /** Whether the oldest record was young enough all the time, and lag went. */
  readonly meets: boolean;
}

/** Runs a simulation with a scaler that has seen nothing yet. */
export function outcomeOf(
  name: ScalerName,
  flags: Flags,
  settings: Simulation,
  { fromSecond = 0, told }: { fromSecond?: number; told?: Told } = {},
): Outcome {
  const timeline = simulate(settings, scalerOf(name, flags, told));
  const verdict = judge(timeline, fromSecond);
  const meets = !timeline.neverDrains && verdict.worstSeconds <= flags.sloSeconds;
  return { name, timeline, verdict, meets };
}

/**
 * Refuses a load that no number of pods carries.
 *
 * @throws {UsageError} Saying which, and what would help.
 */
export function checkPossible(flags: Flags, settings: Simulation): void {
  const why = impossible(settings, maxOf(flags));
  if (why === undefined) return;
  throw new UsageError(
    `Cannot simulate what never drains: received ${why}; raise --max, --partitions or --capacity, or lower the load`,
  );
}

/** The columns of the table. */
export const HEADER: readonly string[] = ["scaler", "pod-hours", "worst lag", "p99", "turns", "changes"];

/** A row of the table. */
export function rowOf({ name, timeline, verdict }: Outcome): string[] {
  const seconds = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} s`;
  return [
    name,
    podHours(verdict),
    timeline.neverDrains ? "never drains" : seconds(verdict.worstSeconds),
    timeline.neverDrains ? "–" : seconds(verdict.p99Seconds),
    String(verdict.turns),
    String(verdict.changes),
  ];
}

/** Hours of pods, short ones to the hundredth. */
export function podHours({ podSeconds }: Verdict): string {
  const hours = podSeconds / 3_600;
  return hours < 100 ? hours.toFixed(hours < 10 ? 2 : 1) : String(Math.round(hours));
}
