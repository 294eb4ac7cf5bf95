/**
 * The tables of docs/scaling.md that come out of simulations.
 *
 * @module
 */
import type { Simulation } from "../../src/autoscale/simulator.ts";
import { judge, type Verdict } from "../../src/autoscale/timeline.ts";
import { parseArguments } from "../../src/cli/arguments.ts";
import { ScriptError } from "../support/errors.ts";
import { type Flags, type ScalerName, SCALERS, SIMULATE } from "./flags.ts";
import { type Outcome, outcomeOf, rowOf } from "./outcome.ts";
import { comparison, readRecorded } from "./recorded.ts";
import { simulationOf } from "./settings.ts";
import { sweep } from "./sweep.ts";
import { table } from "./table.ts";

/** A day of what is published, with 12 partitions of 1 M entries each. */
const DAY = ["--partitions", "12", "--state", "1000000", "--for", "24h"];
/** The first hour is not judged: one pod, and then as many as it needs. */
const FROM_SECOND = 3_600;

/** The loads of the published table. */
const WORKLOADS: Readonly<Record<string, string>> = {
  "sine": "sine:50000+-45000/2h",
  "day": "ramp:20000..8000/4h; ramp:8000..60000/5h; ramp:60000..50000/3h; ramp:50000..70000/2h; " +
    "ramp:70000..95000/4h; ramp:95000..30000/3h; ramp:30000..20000/3h; loop",
  "bursts": "burst:15000+75000/10m every 1h",
};

function flagsOf(...args: string[]): Flags {
  return parseArguments(SIMULATE, args);
}

/** The published day of a load. */
function dayOf(profile: string, ...args: string[]): { flags: Flags; settings: Simulation } {
  const flags = flagsOf(...DAY, "--profile", profile, ...args);
  return { flags, settings: simulationOf(flags) };
}

/** Each scaler as it comes; the fixed count is the least that meets the SLO, which nobody can know before. */
function workloads(): string {
  const rows = [["load", "scaler", "pod-hours", "worst lag", "p99", "turns", "meets 60 s"]];
  for (const [name, profile] of Object.entries(WORKLOADS)) {
    const { flags, settings } = dayOf(profile);
    for (const scaler of SCALERS) {
      const outcome = scaler === "fixed"
        ? sweep(scaler, flags, settings, FROM_SECOND).best
        : outcomeOf(scaler, flags, settings, { fromSecond: FROM_SECOND });
      rows.push([name, ...cells(outcome), outcome.meets ? "yes" : "no"]);
    }
  }
  return table(rows);
}

/** The best settings of each scaler for each load. */
function swept(): string {
  const rows = [["load", "scaler", "pod-hours", "worst lag", "p99", "turns", "meet 60 s", "settings"]];
  for (const [name, profile] of Object.entries(WORKLOADS)) {
    const { flags, settings } = dayOf(profile);
    for (const scaler of SCALERS) {
      const { best, met, tried, label } = sweep(scaler, flags, settings, FROM_SECOND);
      rows.push([name, ...cells(best), `${met} of ${tried}`, `\`${label}\``]);
    }
  }
  return table(rows);
}

/** The cells of a row of the swept table, from its settings alone. */
export function sweptRow(load: string, scaler: ScalerName, label: string): string[] {
  const { flags, settings } = dayOf(WORKLOADS[load]!, ...label.split(" "));
  return cells(outcomeOf(scaler, flags, settings, { fromSecond: FROM_SECOND }));
}

function cells(outcome: Outcome): string[] {
  return rowOf(outcome).slice(0, 5);
}

/** Shares of what one, two and three pods can process. */
const LOADS = [1, 2, 3].flatMap((pods) => [0.2, 0.5, 0.9, 1.2].map((share) => ({ pods, share })));

/** Ways to set an autoscaler at constant loads, with pods that all stop when one comes or goes. */
const CONSTANT = ["--capacity", "100000", "--start", "6s", "--stop-all", "--scrape", "10s", "--max", "4"];
const VARIANTS: readonly (readonly [name: string, args: readonly string[]])[] = [
  ["lag only", ["--scaler", "lag", "--lag-target", "200000", "--window-up", "0s", "--window-down", "30s"]],
  ["lag and windows", ["--scaler", "lag", "--lag-target", "200000"]],
  ["lag, rate 80 %", ["--scaler", "lag+rate", "--lag-target", "200000", "--rate-target", "0.8"]],
  ["lag, rate 60 %", ["--scaler", "lag+rate", "--lag-target", "200000", "--rate-target", "0.6"]],
  ["12 partitions, rate 80 %", [
    "--scaler",
    "lag+rate",
    "--lag-target",
    "200000",
    "--rate-target",
    "0.8",
    "--partitions",
    "12",
  ]],
  ["kos_load 70 %", ["--scaler", "kos_load"]],
  ["kos_load 47 %", ["--scaler", "kos_load", "--load-target", "0.467"]],
  ["recommender", ["--scaler", "recommender"]],
];

/** The start of a constant load is not judged. */
const SETTLED = 900;

function constantLoad(args: readonly string[], records: number): Outcome {
  const flags = flagsOf(...CONSTANT, ...args, "--for", "1h", "--profile", `step:${records}@1h`);
  const scaler = flags.scaler as Exclude<Flags["scaler"], "all">;
  return outcomeOf(scaler, flags, simulationOf(flags), { fromSecond: SETTLED });
}

function constant(): string {
  const header = ["variant", ...LOADS.map(({ pods, share }) => `${Math.round(share * 100)} % × ${pods}`)];
  const rows = VARIANTS.map(([name, args]) => [
    name,
    ...LOADS.map(({ pods, share }) => {
      const { verdict } = constantLoad(args, Math.round(pods * share * 100_000));
      const span = 3_600 - SETTLED;
      const turns = Math.round(verdict.turns * 3_600 / span);
      return `${(verdict.podSeconds / span).toFixed(1)}, ${turns}, ${Math.round(verdict.worstSeconds)}`;
    }),
  ]);
  return table([header, ...rows]);
}

const PAUSES = [3, 6, 8, 10, 15];

function windowsUp(): string {
  const rows = [15, 30, 45, 60, 90].map((window) => [
    `${window} s`,
    ...PAUSES.map((pause) => {
      const args = ["--scaler", "lag+rate", "--lag-target", "200000", "--rebalance", `${pause}s`];
      const turns = ({ pods, share }: typeof LOADS[number]): number =>
        constantLoad([...args, "--window-up", `${window}s`], Math.round(pods * share * 100_000)).verdict
          .turns;
      return String(LOADS.filter((load) => turns(load) > 0).length);
    }),
  ]);
  return table([["window up", ...PAUSES.map((pause) => `${pause} s`)], ...rows]);
}

/** A recorded run. */
interface Run {
  /** What it ran on, and what scaled it. */
  readonly args: string;
  /** Whether start and moves were chosen to match it. */
  readonly fitted?: boolean;
  /** What was recorded, as seen from {@linkcode RECORDINGS}; by default the file of its name. */
  readonly csv?: string;
}

const LAB = "--start 15s --rebalance 4s --sync 5s --scrape 5s --max 4";
const TENTH = `${LAB} --capacity 19333 --lag-target 200000 --scaler lag+rate`;
const CONSTANT_LAB = `${LAB} --capacity 15833 --lag-target 32000`;
/** Processes of one machine, with the demo's own autoscaler, which looks each second. */
const DEMO = "--start 2s --rebalance 2s --sync 1s --scrape 1s --rate-window 5s --max 4 --capacity 3000 " +
  "--window-up 3s --window-down 15s --step-down 8s";

/** The recorded runs, of the cluster and of the demo. */
export const RECORDED: Readonly<Record<string, Run>> = {
  "step": { args: TENTH, fitted: true },
  "two-partitions": { args: `${TENTH} --partitions 2` },
  "constant-rate-60": { args: `${CONSTANT_LAB} --scaler lag+rate` },
  "constant-rate-80": { args: `${CONSTANT_LAB} --scaler lag+rate --rate-target 0.8` },
  "constant-lag-only": { args: `${CONSTANT_LAB} --scaler lag --window-down 30s` },
  "demo-lag": { args: `${DEMO} --scaler lag --lag-target 15000`, fitted: true, csv: "../demo/lag.csv" },
  "demo-load": { args: `${DEMO} --scaler kos_load --load-target 0.6`, csv: "../demo/load.csv" },
};

/** What was recorded of a run and what is simulated of it. */
export function recordedRun(name: string): { real: Verdict; simulated: Verdict } {
  const { args, csv = `${name}.csv` } = RECORDED[name]!;
  const recorded = readRecorded(name, Deno.readTextFileSync(new URL(csv, RECORDINGS)));
  const flags = flagsOf(...args.split(" "));
  const { verdict } = outcomeOf(flags.scaler as ScalerName, flags, simulationOf(flags, recorded));
  return { real: judge(recorded), simulated: verdict };
}

const RECORDINGS = new URL("../../docs/scaling/", import.meta.url);

function recordings(): string {
  const rows = [
    ["run", "fitted to", "worst lag", "simulated", "error", "replica-seconds", "simulated", "error", "turns"],
  ];
  for (const [name, { fitted }] of Object.entries(RECORDED)) {
    const { real, simulated } = recordedRun(name);
    const lag = comparison(real.maxLag, simulated.maxLag);
    const pods = comparison(real.podSeconds, simulated.podSeconds);
    rows.push([name, fitted ? "yes" : "no", ...lag, ...pods, `${real.turns}, ${simulated.turns}`]);
  }
  return table(rows);
}

/** The tables of the document. */
export const TABLE_NAMES = ["workloads", "swept", "recorded", "constant", "windows"] as const;
/** The name of one of them. */
export type TableName = typeof TABLE_NAMES[number];

/** The tables by their name in the document. */
const TABLES: Readonly<Record<TableName, () => string>> = {
  workloads,
  swept,
  recorded: recordings,
  constant,
  windows: windowsUp,
};

/**
 * The document with these tables made anew: each stands between two comments with its name.
 *
 * @throws {ScriptError} When the document has no place for one.
 */
export function published(document: string, names: readonly TableName[] = TABLE_NAMES): string {
  return names.reduce((text, name) => {
    const [from, to] = placeOf(text, name);
    return `${text.slice(0, from)}${TABLES[name]()}${text.slice(to)}`;
  }, document);
}

/** The table as the document has it. */
export function tableIn(document: string, name: TableName): string {
  return document.slice(...placeOf(document, name));
}

function placeOf(text: string, name: string): [from: number, to: number] {
  const begin = `<!-- simulated: ${name} -->\n\n`;
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf(`\n\n<!-- end: ${name} -->`);
  if (from < begin.length || to < from) {
    throw new ScriptError(`Cannot write docs/scaling.md: it has no comments around a table ${name}`);
  }
  return [from, to];
}
