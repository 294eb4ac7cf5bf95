/**
 * The comparison's result: medians and ratios, as tables and as a plot.
 *
 * @module
 */
import type { Run } from "./runs.ts";
import type { Start } from "./start_and_idle.ts";
import { median, medianRatio, round } from "./statistics.ts";
import type { Guarantee, SystemName } from "./systems.ts";
import { table } from "./table.ts";
import { plot } from "../../scripts/support/svg/plot.ts";

/** The medians of a system's runs with a guarantee. */
export interface Medians {
  readonly guarantee: Guarantee;
  readonly system: SystemName;
  readonly recordsPerSecond: number;
  readonly recordsPerCpuSecond: number;
  readonly recordsPerCpuSecondWithStart: number;
  readonly peakRssMb: number;
}

/** How many times as much kos has as Kafka Streams: the medians of the pairs' ratios. */
export interface Ratios {
  readonly guarantee: Guarantee;
  readonly recordsPerCpuSecond: number;
  readonly recordsPerCpuSecondWithStart: number;
  readonly recordsPerSecond: number;
  readonly peakRss: number;
}

/** The same for starts, and for idle processes where they were measured. */
export interface StartRatios {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly idleRss?: number;
  readonly idleCpu?: number;
}

const SYSTEMS: readonly SystemName[] = ["kos", "kafka-streams"];

/** The medians by guarantee and system, in the runs' order. */
export function mediansOf(runs: readonly Run[]): Medians[] {
  return guarantees(runs).flatMap((guarantee) =>
    SYSTEMS.map((system) => {
      const mine = select(runs, guarantee, system);
      const of = (value: (run: Run) => number): number => round(median(mine.map(value)), 1);
      return {
        guarantee,
        system,
        recordsPerSecond: of((run) => run.recordsPerSecond),
        recordsPerCpuSecond: of((run) => run.recordsPerCpuSecond),
        recordsPerCpuSecondWithStart: of((run) => run.recordsPerCpuSecondWithStart),
        peakRssMb: of((run) => run.peakRssMb),
      };
    })
  );
}

/** The ratios by guarantee. */
export function ratiosOf(runs: readonly Run[]): Ratios[] {
  return guarantees(runs).map((guarantee) => {
    const [ours, theirs] = SYSTEMS.map((system) => select(runs, guarantee, system)) as [Run[], Run[]];
    const of = (value: (run: Run) => number): number =>
      round(medianRatio(ours.map(value), theirs.map(value)), 3);
    return {
      guarantee,
      recordsPerCpuSecond: of((run) => run.recordsPerCpuSecond),
      recordsPerCpuSecondWithStart: of((run) => run.recordsPerCpuSecondWithStart),
      recordsPerSecond: of((run) => run.recordsPerSecond),
      peakRss: of((run) => run.peakRssMb),
    };
  });
}

/** The ratios of starts. */
export function startRatiosOf(starts: readonly Start[]): StartRatios {
  const [ours, theirs] = SYSTEMS.map((system) => starts.filter((start) => start.system === system)) as [
    Start[],
    Start[],
  ];
  const of = (value: (start: Start) => number): number =>
    round(medianRatio(ours.map(value), theirs.map(value)), 3);
  const idle = (value: (start: Start) => number | undefined): number | undefined => {
    const values = (list: Start[]): number[] => list.map(value).filter((each) => each !== undefined);
    return values(ours).length === 0 ? undefined : round(medianRatio(values(ours), values(theirs)), 3);
  };
  const idleRss = idle((start) => start.idle?.rssMb);
  const idleCpu = idle((start) => start.idle?.cpuPercent);
  return {
    seconds: of((start) => start.seconds),
    cpuSeconds: of((start) => start.cpuSeconds),
    ...(idleRss === undefined ? {} : { idleRss }),
    ...(idleCpu === undefined ? {} : { idleCpu }),
  };
}

/** All runs, their medians, and what they left. */
export function drainTables(runs: readonly Run[]): string {
  const perRun = runs.map((run) => [
    run.guarantee,
    String(run.pair),
    run.system,
    run.recordsPerSecond,
    run.recordsPerCpuSecond,
    run.recordsPerCpuSecondWithStart,
    run.peakRssMb,
  ]);
  const medians = mediansOf(runs).map((row) => [
    row.guarantee,
    "median",
    row.system,
    row.recordsPerSecond,
    row.recordsPerCpuSecond,
    row.recordsPerCpuSecondWithStart,
    row.peakRssMb,
  ]);
  const head = ["guarantee", "pair", "system", "records/s", "a CPU-s", "with start", "peak MB"];
  return table(head, [...perRun, ...medians]) + "\n" + countsTable(runs) + "\n" + ratiosTable(ratiosOf(runs));
}

function countsTable(runs: readonly Run[]): string {
  const topics = Object.keys(runs[0]!.counts);
  // One line for all that are the same, as they should be.
  const lines = new Map<string, { runs: number; row: (string | number)[] }>();
  for (const run of runs) {
    const row = [...topics.map((topic) => run.counts[topic]!), run.keys, run.digest];
    const line = lines.get(row.join()) ?? { runs: 0, row };
    line.runs++;
    lines.set(row.join(), line);
  }
  const short = topics.map((topic) => topic.replace(/^KSTREAM-/, "").replace(/-\d+.*$/, ""));
  return table(
    ["runs", ...short, "keys", "final values"],
    [...lines.values()].map(({ runs, row }) => [runs, ...row]),
  );
}

function ratiosTable(ratios: readonly Ratios[]): string {
  return table(
    ["kos / Kafka Streams", "a CPU-s", "with start", "records/s", "peak MB"],
    ratios.map((row) => [
      row.guarantee,
      times(row.recordsPerCpuSecond),
      times(row.recordsPerCpuSecondWithStart),
      times(row.recordsPerSecond),
      times(row.peakRss),
    ]),
  );
}

/** All starts, and what was measured when idle. */
export function startTables(starts: readonly Start[]): string {
  const rows = starts.map(({ system, pair, seconds, cpuSeconds, idle }) => [
    String(pair),
    system,
    seconds,
    cpuSeconds,
    ...(idle === undefined ? [] : [idle.rssMb, idle.cpuPercent]),
  ]);
  const { seconds, cpuSeconds, idleRss, idleCpu } = startRatiosOf(starts);
  const ratio = (value: number | undefined): string => value === undefined ? "" : times(value);
  return table(
    ["pair", "system", "first record s", "CPU-s until then", "idle MB", "idle % of a core"],
    rows,
  ) +
    "\n" +
    table(
      ["kos / Kafka Streams", "first record s", "CPU-s until then", "idle MB", "idle % of a core"],
      [["", ratio(seconds), ratio(cpuSeconds), ratio(idleRss), ratio(idleCpu)]],
    );
}

/** The medians as a plot, in SVG. */
export function comparisonPlot(title: string, runs: readonly Run[]): string {
  const medians = mediansOf(runs);
  const panel = (name: string, value: (row: Medians) => number) => ({
    title: name,
    groups: guarantees(runs).map((guarantee) => ({
      name: guarantee.replaceAll("_", " "),
      bars: medians.filter((row) => row.guarantee === guarantee).map((row) => ({
        name: row.system === "kos" ? "kos" : "Kafka Streams",
        color: row.system === "kos" ? "#1f77b4" : "#ff7f0e",
        value: value(row),
      })),
    })),
  });
  return plot(title, [
    panel("records per CPU-second", (row) => row.recordsPerCpuSecond),
    panel("records per second", (row) => row.recordsPerSecond),
    panel("peak resident memory, MB", (row) => row.peakRssMb),
  ]);
}

function times(ratio: number): string {
  return `${ratio.toFixed(2)} ×`;
}

function guarantees(runs: readonly Run[]): Guarantee[] {
  return [...new Set(runs.map(({ guarantee }) => guarantee))];
}

function select(runs: readonly Run[], guarantee: Guarantee, system: SystemName): Run[] {
  return runs.filter((run) => run.guarantee === guarantee && run.system === system);
}
