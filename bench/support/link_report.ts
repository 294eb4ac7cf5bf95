/**
 * What the runs over a long way came to, and whether that is enough.
 *
 * @module
 */
import type { Guarantee, SystemName } from "./systems.ts";
import { round } from "./statistics.ts";
import { table } from "./table.ts";

/** Records a second to write. */
export type Rate = number | "max";

/** What writing came to. */
export interface WriteRun {
  readonly system: "gen" | "kafka-producer-perf-test";
  /** Added each way, in ms. */
  readonly delayMs: number;
  readonly rate: Rate;
  readonly recordsPerSecond: number;
  readonly sent: number;
  /** Told lost, or told sent and not there. */
  readonly lost: number;
  readonly retries?: number;
  /** From the send to its acknowledgement, where the system tells. */
  readonly latencyMs?: { readonly median: number; readonly p99: number };
}

/** What a drain came to. */
export interface DrainRun {
  readonly system: SystemName;
  readonly guarantee: Guarantee;
  readonly delayMs: number;
  readonly recordsPerSecond: number;
  readonly peakRssMb: number;
}

/** The delay that the targets are for, in ms each way. */
export const TARGET_DELAY_MS = 25;
/** A rate is held when so much of it is reached. */
const HELD = 0.97;
/** Of the other's full rate. */
const OF_MOST = 0.95;
/** Of a drain without delay. */
const OF_SHORT = 0.8;

/** The runs as two tables; one without rows is left out. */
export function linkTables(writes: readonly WriteRun[], drains: readonly DrainRun[]): string {
  const written = table(
    ["ms each way", "records/s to write", "writes", "records/s", "sent", "lost", "median ms", "p99 ms"],
    writes.map((run) => [
      run.delayMs,
      run.rate === "max" ? "max" : run.rate.toLocaleString("en-US"),
      run.system,
      run.recordsPerSecond,
      run.sent,
      run.lost,
      run.latencyMs?.median ?? "",
      run.latencyMs?.p99 ?? "",
    ]),
  );
  const drained = table(
    ["ms each way", "drains", "guarantee", "records/s", "of 0 ms", "peak RSS MB"],
    drains.map((run) => [
      run.delayMs,
      run.system,
      run.guarantee,
      run.recordsPerSecond,
      ratioToShort(run, drains)?.toFixed(2) ?? "",
      round(run.peakRssMb, 0),
    ]),
  );
  return [writes.length > 0 ? written : "", drains.length > 0 ? drained : ""].filter((text) => text !== "")
    .join("\n");
}

/** A drain's rate by that of the same without delay; `undefined` when there is no such run. */
export function ratioToShort(run: DrainRun, drains: readonly DrainRun[]): number | undefined {
  const short = drains.find((each) =>
    each.delayMs === 0 && each.system === run.system && each.guarantee === run.guarantee
  );
  return short === undefined ? undefined : run.recordsPerSecond / short.recordsPerSecond;
}

/** A line for each target that was missed; none when all is well. Targets whose runs were left out are not looked at. */
export function missedTargets(writes: readonly WriteRun[], drains: readonly DrainRun[]): string[] {
  const lines: string[] = [];
  for (const { system, delayMs, rate, lost, sent } of writes) {
    if (lost > 0 && system === "gen") {
      lines.push(`gen at ${delayMs} ms and ${rate}/s: lost ${lost} of ${sent}`);
    }
  }
  for (const java of writes) {
    if (java.system === "gen" || java.delayMs !== TARGET_DELAY_MS) continue;
    const gen = writes.find(({ system, delayMs, rate }) =>
      system === "gen" && delayMs === java.delayMs && rate === java.rate
    );
    const least = leastOf(java);
    if (gen === undefined || gen.recordsPerSecond >= least) continue;
    lines.push(
      `gen at ${TARGET_DELAY_MS} ms and ${java.rate}/s: reached ${gen.recordsPerSecond}/s of ${
        Math.round(least)
      }/s; kafka-producer-perf-test reached ${java.recordsPerSecond}/s`,
    );
  }
  for (const run of drains) {
    const ratio = ratioToShort(run, drains);
    // Exactly once waits for the end of each task's transaction: measured, without a target.
    if (run.system !== "kos" || run.guarantee !== "at_least_once" || run.delayMs !== TARGET_DELAY_MS) {
      continue;
    }
    if (ratio === undefined || ratio >= OF_SHORT) continue;
    lines.push(
      `a drain at ${TARGET_DELAY_MS} ms: reached ${ratio.toFixed(2)} of 0 ms; the target is ${OF_SHORT}`,
    );
  }
  return lines;
}

/** What gen has to reach beside this run of the other: the rate, or about as much as that one where it did not hold it either. */
function leastOf({ rate, recordsPerSecond }: WriteRun): number {
  const asTheOther = OF_MOST * recordsPerSecond;
  return rate === "max" ? asTheOther : Math.min(HELD * rate, asTheOther);
}
