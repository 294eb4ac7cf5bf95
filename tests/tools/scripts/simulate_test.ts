import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { simulateTask } from "../../../scripts/simulate.ts";
import { type Flags, SCALERS, SIMULATE } from "../../../scripts/simulate/flags.ts";
import { outcomeOf } from "../../../scripts/simulate/outcome.ts";
import { bars, csv, picture } from "../../../scripts/simulate/plots.ts";
import { loadOf, readRecorded } from "../../../scripts/simulate/recorded.ts";
import { simulationOf } from "../../../scripts/simulate/settings.ts";
import { sweep } from "../../../scripts/simulate/sweep.ts";
import {
  published,
  RECORDED,
  recordedRun,
  sweptRow,
  TABLE_NAMES,
  tableIn,
} from "../../../scripts/simulate/tables.ts";
import { parseArguments, UsageError } from "../../../src/cli/arguments.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const DOCUMENT = await Deno.readTextFile(new URL("../../../docs/scaling.md", import.meta.url));

function flagsOf(...args: string[]): Flags {
  return parseArguments(SIMULATE, args);
}

/** The cells of a table's rows. */
function rowsOf(table: string): string[][] {
  return table.split("\n").slice(2).map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
}

Deno.test("docs/scaling.md has the tables that deno task simulate --publish writes", () => {
  const quick = TABLE_NAMES.filter((name) => name !== "swept");
  assertEquals(published(DOCUMENT, quick), DOCUMENT, "write them again");
  // A sweep takes long; its winners are looked at.
  const swept = rowsOf(tableIn(DOCUMENT, "swept"));
  assertEquals(swept.length, 3 * SCALERS.length);
  for (const [load, scaler, ...cells] of swept) {
    const settings = cells.at(-1)!.replaceAll("`", "");
    const row = sweptRow(load!, SCALERS.find((name) => name === scaler)!, settings);
    assertEquals(row, [scaler, ...cells.slice(0, -2)], `${load}, ${settings}`);
  }
});

Deno.test("by the tables the recommender meets the SLO, at fewer pod-hours than all others that do", () => {
  for (const name of ["workloads", "swept"] as const) {
    const meeting = rowsOf(tableIn(DOCUMENT, name)).filter(([, , , worst]) => parseFloat(worst!) <= 60);
    for (const load of ["sine", "day", "bursts"]) {
      const hours = meeting.filter((row) => row[0] === load)
        .map(([, scaler, podHours]) => ({ scaler, podHours: Number(podHours) }))
        .sort((a, b) => a.podHours - b.podHours);
      assertEquals(hours[0]!.scaler, "recommender", `${name}, ${load}: ${JSON.stringify(hours)}`);
    }
  }
});

Deno.test("what was recorded comes out of a simulation: worst lag within 20 %, replica-seconds within 15 %", () => {
  for (const name of Object.keys(RECORDED)) {
    const { real, simulated } = recordedRun(name);
    const error = (is: number, was: number): number => Math.abs(is / was - 1);
    assert(
      error(simulated.maxLag, real.maxLag) < 0.2,
      `${name}: ${simulated.maxLag} and ${real.maxLag} records`,
    );
    assert(
      error(simulated.podSeconds, real.podSeconds) < 0.15,
      `${name}: ${simulated.podSeconds} replica-seconds`,
    );
  }
});

Deno.test("a recording is read by its columns' names, and what is missing is named", () => {
  const demo =
    'second,phase,in,out,lag,wanted,running,load,decision\n0,calm,5,5,7,1,1,0.5,\n2,surge,9,5,15,2,1,0.9,"a, b"\n';
  const recorded = readRecorded("t.csv", demo);
  assertEquals(recorded, { second: [0, 2], load: [5, 9], replicas: [1, 2], lag: [7, 15] });
  assertEquals([0, 1, 2, 9].map(loadOf(recorded)), [5, 5, 9, 9]);
  assertThrows(
    () => readRecorded("t.csv", "second,load\n0,1\n1,1\n"),
    Error,
    "expected one named replicas or wanted",
  );
  assertThrows(
    () => readRecorded("t.csv", "second,load,replicas\n0,1,1\n1,x,1\n"),
    Error,
    'received "x" in line 3',
  );
});

Deno.test("settings that can't be are named before anything runs", async () => {
  const refused = (args: string, message: string): Promise<unknown> =>
    assertRejects(() => simulateTask(args.split(" ")), UsageError, message);
  await refused("--min 5 --max 4", "received --min 5 and --max 4");
  await refused("--scaler kos_load --load-target 0", "received the target 0 for kos_load");
  await refused("--scaler lag --lag-target 0", "received the target 0 for lag");
  await refused("--target 0", "received target 0");
  await refused("--profile step:max@1m,5@1m", "a rate of max");
  await refused("--profile flat:7", "Cannot read the profile: received 'flat:7'");
  await refused("--partitions 10001", "from 1 to 10000");
  await refused("--skew -1", "a number from 0");
  await refused("--for 400d", "a time with its unit");
  await refused("--for 2000h", "at most");
  await refused("--timeline a.csv --profile step:1@1s", "--timeline");
  await refused(
    "--profile step:50000@1m",
    "50,000 records/s for ever, where 4 pods of 10,000 process no more than 40,000",
  );
  await refused("--profile step:25000@1m --max 3", "(one of them has 2 of 4 partitions)");
  await refused("--profile step:30000@1m --skew 2", "records/s for ever in partition 0");
  await refused("--profile sine:45000+-40000/1h", "never drains");
});

Deno.test("what never drains is stopped, and says so by exit code 1", async () => {
  // One pod is enough for what comes on average, but no autoscaler on a lag that is never reached asks for more.
  const args = "--scaler lag --lag-target 900000000000 --profile step:15000@1m --for 24h".split(" ");
  assertEquals(await simulateTask(args), 1);
  const flags = flagsOf(...args);
  const { timeline } = outcomeOf("lag", flags, simulationOf(flags));
  assertEquals([timeline.neverDrains, timeline.second.length], [true, 60 + 3 * 600]);
});

Deno.test("a sweep finds the settings with the least pod-hours of those that meet the SLO, or says that none does", () => {
  const flags = flagsOf("--partitions", "4", "--profile", "step:5000@5m,35000@5m,5000@20m");
  const settings = simulationOf(flags);
  const { best, met, tried, label } = sweep("fixed", flags, settings);
  assertEquals([tried, met, label, best.verdict.replicas], [3, 1, "--max 4", 4]);
  const strict = sweep("recommender", { ...flags, sloSeconds: 1 }, settings);
  assertEquals([strict.met, strict.best.meets], [0, false]);
  const own = sweep("recommender", flags, settings);
  assert(own.met > 0 && own.best.verdict.podSeconds < best.verdict.podSeconds);
});

Deno.test("timelines are drawn for a terminal and as a picture, and written as a table", async () => {
  const flags = flagsOf("--profile", "step:5000@2m,15000@3m,5000@5m");
  const outcome = outcomeOf("recommender", flags, simulationOf(flags));
  const lines = bars(outcome.timeline, 80).split("\n");
  assertEquals(lines.map((line) => line.slice(0, 14)), [
    "records/s     ",
    "replicas      ",
    "lag in seconds",
  ]);
  assert(lines.every((line) => line.length <= 80));
  assertStringIncludes(lines[1]!, "▅");
  assertStringIncludes(picture("A load", [outcome]), ">recommender</text>");
  assertEquals(csv([outcome]).split("\n").slice(0, 2), [
    "scaler,second,load,replicas,ready,lag,lag_seconds",
    "recommender,0,5000,1,1,0,0.0",
  ]);
  await withDirectoryWhile(async (folder) => {
    assertEquals(await simulateTask(["--profile", "step:5000@1m", "--scaler", "all", "--out", folder]), 0);
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(names, ["simulated.csv", "simulated.svg"]);
  });
});
