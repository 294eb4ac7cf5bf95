/**
 * The flags of `deno task simulate`.
 *
 * @module
 */
import { choice, duration, integer, InvalidValue, text, type ValueParser } from "../../src/cli/parsers.ts";
import { type Program, toggle } from "../../src/cli/program.ts";
import { parseProfile, type Profile, ProfileError } from "../../src/datagen/profile.ts";

/** What decides how many pods there are. */
export const SCALERS = ["fixed", "lag", "lag+rate", "kos_load", "recommender"] as const;
/** The name of one of them. */
export type ScalerName = typeof SCALERS[number];

/** What is simulated. Times are in ms. */
export interface Flags {
  readonly profile: Profile;
  readonly timeline?: string;
  readonly for?: number;
  readonly partitions: number;
  readonly skew: number;
  readonly capacity: number;
  readonly start: number;
  readonly rebalance: number;
  readonly stopAll: boolean;
  readonly state: number;
  readonly restoreRate: number;
  readonly warmUp: boolean;
  readonly scaler: ScalerName | "all";
  readonly min: number;
  readonly max?: number;
  readonly lagTarget?: number;
  readonly rateTarget: number;
  readonly loadTarget: number;
  readonly target?: number;
  readonly windowUp: number;
  readonly windowDown: number;
  readonly stepDown: number;
  readonly sloSeconds: number;
  readonly catchUp: number;
  readonly scrape: number;
  readonly sync: number;
  readonly rateWindow: number;
  readonly sweep: boolean;
  readonly out?: string;
  readonly publish: boolean;
}

/** A number from 0 on, with decimals. */
function decimal(max = Infinity): ValueParser<number> {
  const allowed = max === Infinity
    ? "a number from 0 on, such as 0.7"
    : `a number from 0 to ${max}, such as 0.7`;
  return (typed) => {
    const value = Number(typed);
    if (!/^\d+(\.\d+)?$/.test(typed) || value > max) throw new InvalidValue(`expected ${allowed}`);
    return value;
  };
}

function profile(): ValueParser<Profile> {
  return (typed) => {
    try {
      return parseProfile(typed);
    } catch (error) {
      if (error instanceof ProfileError) throw new InvalidValue(error.message);
      throw error;
    }
  };
}

const LOAD = "What comes in";
const PODS = "Pods";
const SCALER = "Scaler";
const SEEN = "What the scaler sees";
const RESULT = "Result";

/** The task and its flags. */
export const SIMULATE: Program<Flags> = {
  name: "simulate",
  task: true,
  description: [
    "Simulates an application under a load and whatever scales it, a day in a fraction of a second: replicas, the " +
    "age of the oldest record, pod-hours, and how often scaling turns round.",
    "The same settings always give the same result. What can't be ends with exit code 2; a lag that only grows " +
    "ends the simulation, with exit code 1.",
  ],
  prefix: "KOS_SIMULATE_",
  flags: {
    profile: {
      value: "<profile>",
      text: "records a second over time, as deno task gen takes it",
      parse: profile(),
      default: () => parseProfile("step:5000@5m,35000@5m,5000@10m"),
      defaultText: "step:5000@5m,35000@5m,5000@10m",
      excludes: ["timeline"],
      group: LOAD,
    },
    timeline: {
      value: "<file>",
      text: "a timeline.csv of the demo or of e2e:cluster instead; what was recorded is compared",
      parse: text("a file"),
      group: LOAD,
    },
    for: {
      value: "<time>",
      text: "that is simulated",
      parse: duration({ min: 1_000 }),
      defaultText: "to the profile's or recording's end, or for ten of its periods",
      group: LOAD,
    },
    partitions: {
      value: "<count>",
      text: "of the input, 1 to 10,000",
      parse: integer({ min: 1, max: 10_000 }),
      default: 4,
      group: LOAD,
    },
    skew: {
      value: "<power>",
      text: "0 for partitions that are alike; else partition n gets 1 / (n + 1) to that power",
      parse: decimal(10),
      default: 0,
      group: LOAD,
    },
    capacity: {
      value: "<rate>",
      text: "records a second that a pod can process",
      parse: integer({ min: 1 }),
      default: 10_000,
      group: PODS,
    },
    start: {
      value: "<time>",
      text: "until a new pod joins",
      parse: duration(),
      default: 30_000,
      group: PODS,
    },
    rebalance: {
      value: "<time>",
      text: "for which a partition that moves rests, without its restore",
      parse: duration(),
      default: 3_000,
      group: PODS,
    },
    stopAll: toggle("all partitions rest in a rebalance, not only those that move", { group: PODS }),
    state: {
      value: "<entries>",
      text: "of state that a partition has",
      parse: integer(),
      default: 0,
      group: PODS,
    },
    restoreRate: {
      value: "<entries/s>",
      text: "that a pod restores",
      parse: integer({ min: 1 }),
      default: 100_000,
      group: PODS,
    },
    warmUp: toggle("pods restore what they are to get while who has it goes on", { group: PODS }),
    scaler: {
      value: "<name>",
      text: "fixed, lag, lag+rate or kos_load (an HPA on these), recommender, or all of them",
      parse: choice(...SCALERS, "all"),
      default: "recommender",
      group: SCALER,
    },
    min: {
      value: "<count>",
      text: "of pods at least",
      parse: integer({ min: 1, max: 10_000 }),
      default: 1,
      group: SCALER,
    },
    max: {
      value: "<count>",
      text: "of pods at most, which fixed has",
      parse: integer({ min: 1, max: 10_000 }),
      defaultText: "as many as partitions",
      group: SCALER,
    },
    lagTarget: {
      value: "<records>",
      text: "of lag a pod, of all topics",
      parse: integer(),
      defaultText: "what it does in 10 s",
      group: SCALER,
    },
    rateTarget: {
      value: "<share>",
      text: "of a pod's capacity that it processes",
      parse: decimal(1),
      default: 0.6,
      group: SCALER,
    },
    loadTarget: {
      value: "<load>",
      text: "of a pod",
      parse: decimal(),
      default: 0.7,
      group: SCALER,
    },
    target: {
      value: "<share>",
      text: "of its capacity that the recommender gives the most loaded pod",
      parse: decimal(1),
      defaultText: "1, or 0.9 where help takes longer than the SLO",
      group: SCALER,
    },
    windowUp: {
      value: "<time>",
      text: "the HPA's stabilization window up",
      parse: duration(),
      default: 15_000,
      group: SCALER,
    },
    windowDown: {
      value: "<time>",
      text: "the HPA's stabilization window down, and how long the recommender waits",
      parse: duration(),
      default: 60_000,
      group: SCALER,
    },
    stepDown: {
      value: "<time>",
      text: "between two pods that the HPA takes away",
      parse: duration({ min: 1_000 }),
      default: 60_000,
      group: SCALER,
    },
    sloSeconds: {
      value: "<seconds>",
      text: "that the oldest record may be old",
      parse: integer({ min: 1 }),
      default: 60,
      group: SCALER,
    },
    catchUp: {
      value: "<time>",
      text: "in which lag is to be worked off",
      parse: duration({ min: 1_000 }),
      default: 60_000,
      group: SCALER,
    },
    scrape: {
      value: "<time>",
      text: "between two looks of Prometheus",
      parse: duration({ min: 1_000 }),
      default: 15_000,
      group: SEEN,
    },
    sync: {
      value: "<time>",
      text: "between two looks of the scaler",
      parse: duration({ min: 1_000 }),
      default: 15_000,
      group: SEEN,
    },
    rateWindow: {
      value: "<time>",
      text: "over which rates are averaged",
      parse: duration({ min: 1_000 }),
      default: 60_000,
      group: SEEN,
    },
    sweep: toggle("try settings of each scaler, and print those that meet the SLO at the least pod-hours", {
      group: RESULT,
    }),
    out: {
      value: "<dir>",
      text: "also write simulated.csv and simulated.svg there",
      parse: text("a folder"),
      group: RESULT,
    },
    publish: toggle("write the tables of docs/scaling.md instead", { group: RESULT, variable: false }),
  },
};
