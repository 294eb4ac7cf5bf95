import type { HpaSpec } from "../../src/autoscale/hpa.ts";
import { fixed, hpa, METRICS, recommender, type Scaler } from "../../src/autoscale/scaler.ts";
import type { Simulation } from "../../src/autoscale/simulator.ts";
import { UsageError } from "../../src/cli/arguments.ts";
import type { Flags, ScalerName } from "./flags.ts";
import { loadOf, type Recorded } from "./recorded.ts";

/** How many periods of a load that goes on for ever are simulated. */
const PERIODS = 10;

/** What is simulated, of the flags and what was recorded. */
export function simulationOf(flags: Flags, recorded?: Recorded): Simulation {
  const { profile } = flags;
  const load = recorded === undefined ? (second: number) => profile.rateAt(second * 1_000) : loadOf(recorded);
  const repeats = recorded === undefined
    ? { fromSecond: profile.repeats.fromMs / 1_000, periodSeconds: profile.repeats.periodMs / 1_000 }
    : undefined;
  return {
    load,
    repeats,
    seconds: secondsOf(flags, recorded),
    partitions: flags.partitions,
    skew: flags.skew,
    capacity: flags.capacity,
    startSeconds: Math.ceil(flags.start / 1_000),
    rebalanceSeconds: flags.rebalance / 1_000,
    stopAll: flags.stopAll,
    stateEntries: flags.state,
    restoreRate: flags.restoreRate,
    warmUp: flags.warmUp,
    scrapeSeconds: Math.round(flags.scrape / 1_000),
    windowSeconds: Math.round(flags.rateWindow / 1_000),
    syncSeconds: Math.round(flags.sync / 1_000),
    catchUpSeconds: flags.catchUp / 1_000,
  };
}

/** A month: what is noted of each second has to fit into memory. */
const MOST_SECONDS = 31 * 86_400;

function secondsOf(flags: Flags, recorded: Recorded | undefined): number {
  const seconds = lengthOf(flags, recorded);
  if (seconds <= MOST_SECONDS) return seconds;
  throw new UsageError(
    `Cannot simulate ${seconds} s: expected at most ${MOST_SECONDS / 3_600}h; say --for 24h`,
  );
}

function lengthOf({ profile, for: given }: Flags, recorded: Recorded | undefined): number {
  if (given !== undefined) return Math.ceil(given / 1_000);
  if (recorded !== undefined) return Math.round(recorded.second.at(-1)! - recorded.second[0]!) + 1;
  const { fromMs, periodMs } = profile.repeats;
  return Math.ceil((profile.lengthMs < Infinity ? profile.lengthMs : fromMs + PERIODS * periodMs) / 1_000);
}

/** What the recommender said, and when. */
export type Told = (second: number, reason: string) => void;

/**
 * A scaler with the flags' settings, that has seen nothing yet.
 *
 * @throws {UsageError} When settings contradict each other, or a target is none.
 */
export function scalerOf(name: ScalerName, flags: Flags, told?: Told): Scaler {
  try {
    return make(name, flags, told);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** The most pods that there may be. */
export function maxOf({ max, partitions }: Flags): number {
  return max ?? partitions;
}

function make(name: ScalerName, flags: Flags, told?: Told): Scaler {
  const { capacity, lagTarget = 10 * capacity, rateTarget, loadTarget, min } = flags;
  const lag = { [METRICS.lag]: lagTarget };
  if (min > maxOf(flags)) {
    throw new RangeError(`Cannot scale: received --min ${min} and --max ${maxOf(flags)}`);
  }
  switch (name) {
    case "fixed":
      return fixed(maxOf(flags));
    case "lag":
      return hpa(specOf(flags, lag));
    case "lag+rate":
      return hpa(specOf(flags, { ...lag, [METRICS.rate]: rateTarget * capacity }));
    case "kos_load":
      return hpa(specOf(flags, { [METRICS.load]: loadTarget }));
    case "recommender":
      return recommender({
        minReplicas: min,
        maxReplicas: maxOf(flags),
        sloSeconds: flags.sloSeconds,
        catchUpSeconds: flags.catchUp / 1_000,
        target: flags.target,
        holdSeconds: flags.windowDown / 1_000,
        startSeconds: flags.start / 1_000,
        rebalanceSeconds: flags.rebalance / 1_000,
        warmUp: flags.warmUp,
      }, told);
  }
}

/** The chart's steps: up at once, down one pod after the other. */
function specOf(flags: Flags, targets: HpaSpec["targets"]): HpaSpec {
  return {
    minReplicas: flags.min,
    maxReplicas: maxOf(flags),
    targets,
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: flags.windowUp / 1_000,
        policies: [{ type: "Pods", value: 4, periodSeconds: 15 }],
      },
      scaleDown: {
        stabilizationWindowSeconds: flags.windowDown / 1_000,
        policies: [{ type: "Pods", value: 1, periodSeconds: flags.stepDown / 1_000 }],
      },
    },
  };
}
