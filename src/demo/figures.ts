/**
 * What a run comes to, in a few figures.
 *
 * @module
 */
import type { Snapshot } from "./snapshot.ts";

/** The figures of a run. */
export interface Figures {
  /** The most instances that were ready at once. */
  readonly peak: number;
  /**
   * From the begin of the surge until so many were ready, in seconds; `undefined` without a surge, or when no
   * more than at first became ready.
   */
  readonly upSeconds: number | undefined;
  /** From the end of the burst until only as many as at first were there, in seconds. */
  readonly downSeconds: number | undefined;
  /** The largest lag, in records. */
  readonly worstLag: number;
  /** How long a record waited at most, in seconds. */
  readonly worstSeconds: number;
  /** Seconds in which there was a lag, of all that was not committed yet. */
  readonly laggingSeconds: number;
  /** Seconds of instances, from their start until they were gone. */
  readonly podSeconds: number;
  /** How often scaling turned round. */
  readonly turns: number;
}

/**
 * Sums up a run.
 *
 * @param behind From how large a lag on the application counts as behind, in records.
 */
export function figuresOf(run: readonly Snapshot[], behind: number): Figures {
  const first = run[0]?.instances.length ?? 0;
  const ready = ({ instances }: Snapshot): number => instances.filter((each) => each.ready).length;
  const peak = Math.max(0, ...run.map(ready));
  const surge = run.find(({ phase }) => phase === "surge");
  const burst = run.findLast(({ phase }) => phase === "burst");
  const atPeak = run.find((snapshot) => ready(snapshot) === peak)?.atMs ?? 0;
  const seconds = (
    from: Snapshot | undefined,
    holds: (snapshot: Snapshot) => boolean,
  ): number | undefined => {
    const until = from && run.find((snapshot) => snapshot.atMs >= from.atMs && holds(snapshot));
    return from && until && (until.atMs - from.atMs) / 1000;
  };
  return {
    peak,
    upSeconds: peak > first ? seconds(surge, (snapshot) => ready(snapshot) === peak) : undefined,
    downSeconds: peak > first
      ? seconds(burst, ({ atMs, instances }) => atMs >= atPeak && instances.length <= first)
      : undefined,
    worstLag: Math.max(0, ...run.map(({ lag }) => lag)),
    worstSeconds: Math.max(0, ...run.map(({ lagSeconds }) => lagSeconds)),
    laggingSeconds: integral(run, ({ lag }) => lag > behind ? 1 : 0),
    podSeconds: integral(run, ({ instances }) => instances.length),
    turns: turnsOf(run),
  };
}

/** How often an up follows a down, or a down an up. */
function turnsOf(run: readonly Snapshot[]): number {
  const directions = run.flatMap(({ decision }) => decision === undefined ? [] : decision.to - decision.from);
  return directions.filter((change, i) => i > 0 && Math.sign(change) !== Math.sign(directions[i - 1]!))
    .length;
}

/** The mean load of the instances that stay and know theirs; `undefined` when none does. */
export function meanLoad(instances: Snapshot["instances"]): number | undefined {
  return meanOf(instances.map(({ load, leaving }) => leaving ? undefined : load));
}

/** The mean of the values that are known; `undefined` when none is. */
export function meanOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The sum of a value over the seconds in which it held. */
function integral(run: readonly Snapshot[], value: (snapshot: Snapshot) => number): number {
  return run.reduce((sum, snapshot, i) => {
    const before = run[i - 1];
    return before === undefined ? sum : sum + value(before) * (snapshot.atMs - before.atMs) / 1000;
  }, 0);
}
