/**
 * `deno task scaling`: what the autoscaler makes of constant loads, simulated. See `--help`.
 *
 * @module
 */
import { join } from "@std/path";
import type { HpaSpec, ScalingRules } from "../src/autoscale/hpa.ts";
import { judge, METRICS, type Moment, simulate } from "../src/autoscale/simulator.ts";
import { parseArguments } from "../src/cli/arguments.ts";
import { main } from "../src/cli/main.ts";
import { integer, text } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { say } from "../src/cli/write.ts";
import { plot } from "./support/svg/plot.ts";

interface Flags {
  readonly capacity: number;
  readonly rebalance: number;
  readonly start: number;
  readonly sync: number;
  readonly scrape: number;
  readonly out?: string;
}

/** One way to set the autoscaler. */
interface Variant {
  readonly name: string;
  readonly partitions: number;
  /** The processing rate's target as a share of a pod's capacity; 0: no such metric. */
  readonly rateShare: number;
  readonly up: ScalingRules;
  readonly down: ScalingRules;
}

const up = (window: number): ScalingRules => ({
  stabilizationWindowSeconds: window,
  policies: [{ type: "Pods", value: 4, periodSeconds: 15 }],
});
const down = (window: number, period: number): ScalingRules => ({
  stabilizationWindowSeconds: window,
  policies: [{ type: "Pods", value: 1, periodSeconds: period }],
});

const VARIANTS: readonly Variant[] = [
  { name: "lag only", partitions: 4, rateShare: 0, up: up(0), down: down(30, 15) },
  { name: "lag and windows", partitions: 4, rateShare: 0, up: up(15), down: down(60, 60) },
  { name: "lag and rate 80 %", partitions: 4, rateShare: 0.8, up: up(0), down: down(30, 15) },
  { name: "lag, rate 80 %, windows", partitions: 4, rateShare: 0.8, up: up(15), down: down(60, 60) },
  { name: "lag, rate 60 %, windows", partitions: 4, rateShare: 0.6, up: up(15), down: down(60, 60) },
  { name: "12 partitions, rate 80 %", partitions: 12, rateShare: 0.8, up: up(15), down: down(60, 60) },
];

const LOADS = [1, 2, 3].flatMap((pods) => [0.2, 0.5, 0.9, 1.2].map((share) => ({ pods, share })));
const SECONDS = 3_600;
/** The start is not judged: one pod, and then as many as it needs. */
const SETTLED = 900;
const LAG_TARGET = 100_000;

/** The task and its flags. */
export const SCALING: Program<Flags> = {
  name: "scaling",
  task: true,
  description:
    "Simulates the autoscaler at constant loads of 20, 50, 90 and 120 % of what one, two and three pods can process, for some " +
    "ways to set it; prints what each comes to in the last 45 minutes of an hour.",
  prefix: "KOS_SCALING_",
  flags: {
    capacity: {
      value: "<rate>",
      text: "records a second that a pod can process",
      parse: integer({ min: 1 }),
      default: 100_000,
    },
    rebalance: {
      value: "<seconds>",
      text: "for which all pods stop when one comes or goes",
      parse: integer({ max: 600 }),
      default: 3,
    },
    start: { value: "<seconds>", text: "until a new pod joins", parse: integer({ max: 600 }), default: 6 },
    sync: {
      value: "<seconds>",
      text: "between two looks of the autoscaler",
      parse: integer({ min: 1, max: 600 }),
      default: 15,
    },
    scrape: {
      value: "<seconds>",
      text: "between two looks of Prometheus",
      parse: integer({ min: 1, max: 600 }),
      default: 10,
    },
    out: {
      value: "<dir>",
      text: "also write simulated.csv and simulated.svg there",
      parse: text("a folder"),
    },
  },
};

/** Runs the command line. @returns The exit code. */
export async function scaling(args: readonly string[]): Promise<number> {
  const flags = parseArguments(SCALING, args);
  say(
    "Each cell: replicas on average, turns of direction an hour, largest lag of a topic in thousands of records.\n",
  );
  say(`| variant | ${LOADS.map(({ pods, share }) => `${share * 100} % × ${pods}`).join(" | ")} |`);
  say(`| --- |${" --- |".repeat(LOADS.length)}`);
  const rows = ["variant,load,seconds_from,replicas_end,replicas_average,changes,turns,max_lag,end_lag"];
  for (const variant of VARIANTS) {
    const cells = LOADS.map(({ pods, share }) => {
      const verdict = judge(timeline(variant, pods * share, flags), SETTLED);
      const span = SECONDS - SETTLED;
      const average = verdict.podSeconds / span;
      rows.push([
        `"${variant.name}"`,
        `${share * 100}% x ${pods}`,
        SETTLED,
        verdict.replicas,
        average.toFixed(2),
        verdict.changes,
        verdict.turns,
        Math.round(verdict.maxLag),
        Math.round(verdict.endLag),
      ].join(","));
      const turns = Math.round(verdict.turns * 3_600 / span);
      return `${average.toFixed(1)}, ${turns}, ${Math.round(verdict.maxLag / 1000)}`;
    });
    say(`| ${variant.name} | ${cells.join(" | ")} |`);
  }
  sayWindows(flags);
  if (flags.out !== undefined) {
    await Deno.mkdir(flags.out, { recursive: true });
    await Deno.writeTextFile(join(flags.out, "simulated.csv"), rows.join("\n") + "\n");
    await Deno.writeTextFile(join(flags.out, "simulated.svg"), picture(flags));
  }
  return 0;
}

function timeline(variant: Variant, loadShare: number, flags: Flags, seconds: number = SECONDS): Moment[] {
  const { capacity } = flags;
  const targets: Record<string, number> = { [METRICS.responses]: LAG_TARGET, [METRICS.requests]: LAG_TARGET };
  if (variant.rateShare > 0) targets[METRICS.rate] = variant.rateShare * capacity;
  const hpa: HpaSpec = {
    minReplicas: 1,
    maxReplicas: 4,
    targets,
    behavior: { scaleUp: variant.up, scaleDown: variant.down },
  };
  return simulate({
    hpa,
    capacity,
    partitions: variant.partitions,
    load: () => loadShare * capacity,
    seconds,
    rebalanceSeconds: flags.rebalance,
    startSeconds: flags.start,
    scrapeSeconds: flags.scrape,
    rateWindowSeconds: 60,
    syncSeconds: flags.sync,
  });
}

/** How long a pause the window up has to be for: of the loads, how many turn round with lag, rate 60 % and four partitions. */
function sayWindows(flags: Flags): void {
  const pauses = [3, 6, 8, 10, 15];
  say(
    "\nLag, rate 60 %: how many of the 12 loads turn round, by the window up and the pause of a rebalance.\n",
  );
  say(`| window up | ${pauses.map((pause) => `${pause} s`).join(" | ")} |`);
  say(`| --- |${" --- |".repeat(pauses.length)}`);
  for (const window of [15, 30, 45, 60, 90]) {
    const variant = { name: "", partitions: 4, rateShare: 0.6, up: up(window), down: down(60, 60) };
    const counts = pauses.map((rebalance) =>
      LOADS.filter(({ pods, share }) =>
        judge(timeline(variant, pods * share, { ...flags, rebalance }), SETTLED).turns > 0
      ).length
    );
    say(`| ${window} s | ${counts.join(" | ")} |`);
  }
}

/** The replicas of all variants at the load that tells them apart best: 120 % of two pods. */
function picture(flags: Flags): string {
  const colors = ["#d62728", "#ff7f0e", "#8c564b", "#9467bd", "#2ca02c", "#1f77b4"];
  const panels = VARIANTS.map((variant, i) => ({
    title: variant.name,
    series: [{
      name: "replicas",
      color: colors[i % colors.length]!,
      points: timeline(variant, 2.4, flags, 1_200).map(({ second, replicas }) => [second, replicas] as const),
      steps: true,
    }],
  }));
  return plot("Simulated: constant load, 120 % of what two pods can process", panels);
}

if (import.meta.main) await main("scaling", () => scaling(Deno.args));
