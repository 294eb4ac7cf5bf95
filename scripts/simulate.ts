/**
 * `deno task simulate`: an application under a load and a scaler, before it is deployed. See `--help`.
 *
 * @module
 */
import { join } from "@std/path";
import type { Simulation } from "../src/autoscale/simulator.ts";
import { judge } from "../src/autoscale/timeline.ts";
import { parseArguments } from "../src/cli/arguments.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { terminalWidth } from "../src/cli/terminal.ts";
import { say } from "../src/cli/write.ts";
import { type Flags, type ScalerName, SCALERS, SIMULATE } from "./simulate/flags.ts";
import { checkPossible, HEADER, type Outcome, outcomeOf, podHours, rowOf } from "./simulate/outcome.ts";
import { bars, csv, picture } from "./simulate/plots.ts";
import { comparison, readRecorded, type Recorded } from "./simulate/recorded.ts";
import { scalerOf, simulationOf } from "./simulate/settings.ts";
import { sweep, type Swept } from "./simulate/sweep.ts";
import { table } from "./simulate/table.ts";
import { published } from "./simulate/tables.ts";

const DOCUMENT = new URL("../docs/scaling.md", import.meta.url);

/** Runs the command line. @returns The exit code. */
export async function simulateTask(args: readonly string[]): Promise<number> {
  const flags = parseArguments(SIMULATE, args);
  if (flags.publish) {
    await Deno.writeTextFile(DOCUMENT, published(await Deno.readTextFile(DOCUMENT)));
    say("wrote the tables of docs/scaling.md");
    return EXIT.ok;
  }
  const recorded = flags.timeline === undefined
    ? undefined
    : readRecorded(flags.timeline, await Deno.readTextFile(flags.timeline));
  const settings = simulationOf(flags, recorded);
  const names = flags.scaler === "all" ? SCALERS : [flags.scaler];
  // Settings that can't be are named before anything runs.
  for (const name of names) scalerOf(name, flags);
  checkPossible(flags, settings);
  return flags.sweep ? sweepAll(names, flags, settings) : await runAll(names, flags, settings, recorded);
}

async function runAll(
  names: readonly ScalerName[],
  flags: Flags,
  settings: Simulation,
  recorded: Recorded | undefined,
): Promise<number> {
  const reasons: string[] = [];
  const outcomes = names.map((name) =>
    outcomeOf(name, flags, settings, { told: (second, reason) => reasons.push(`${second} s  ${reason}`) })
  );
  say(table([HEADER, ...outcomes.map(rowOf)]));
  for (const { name, timeline } of outcomes) say(`\n${name}\n${bars(timeline, terminalWidth())}`);
  if (reasons.length > 0) say(`\n${some(reasons).join("\n")}`);
  if (recorded !== undefined) { for (const outcome of outcomes) say(`\n${compared(outcome, recorded)}`); }
  if (flags.out !== undefined) await write(flags.out, outcomes);
  const stuck = outcomes.filter(({ timeline }) => timeline.neverDrains);
  for (const { name, timeline } of stuck) {
    say(
      `\n${name} never drains: its lag only grew, so that it was stopped after ${timeline.second.length} s`,
    );
  }
  return stuck.length > 0 ? EXIT.failure : EXIT.ok;
}

/** The first and the last of many. */
function some(lines: readonly string[]): string[] {
  const SHOWN = 8;
  if (lines.length <= 2 * SHOWN) return [...lines];
  return [...lines.slice(0, SHOWN), `… ${lines.length - 2 * SHOWN} more …`, ...lines.slice(-SHOWN)];
}

/** What was recorded beside what was simulated, with the error. */
function compared({ name, verdict }: Outcome, recorded: Recorded): string {
  const real = judge(recorded);
  return table([
    [name, "recorded", "simulated", "error"],
    ["worst lag in records", ...comparison(real.maxLag, verdict.maxLag)],
    ["replica-seconds", ...comparison(real.podSeconds, verdict.podSeconds)],
    ["turns", ...comparison(real.turns, verdict.turns)],
  ]);
}

async function write(folder: string, outcomes: readonly Outcome[]): Promise<void> {
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(join(folder, "simulated.csv"), csv(outcomes));
  await Deno.writeTextFile(join(folder, "simulated.svg"), picture("Simulated", outcomes));
  say(`\nsimulated.csv and simulated.svg are in ${folder}`);
}

function sweepAll(names: readonly ScalerName[], flags: Flags, settings: Simulation): number {
  const swept = names.map((name) => sweep(name, flags, settings));
  const cells = ({ name, tried, met, best, label }: Swept): string[] => [
    ...rowOf({ ...best, name }),
    `${met} of ${tried}`,
    label,
  ];
  say(table([[...HEADER, "meet the SLO", "settings"], ...swept.map(cells)]));
  const [cheapest] = swept.filter(({ met }) => met > 0)
    .sort((a, b) => a.best.verdict.podSeconds - b.best.verdict.podSeconds);
  if (cheapest === undefined) {
    say(`\nNone keeps the oldest record below ${flags.sloSeconds} s; those with the least lag are shown.`);
    return EXIT.failure;
  }
  const { name, label, best } = cheapest;
  say(
    `\n--scaler ${name} ${label} keeps it below ${flags.sloSeconds} s at ${
      podHours(best.verdict)
    } pod-hours.`,
  );
  return EXIT.ok;
}

if (import.meta.main) await main("simulate", () => simulateTask(Deno.args));
