/**
 * One drain at a number of partitions and of records, with topics of its own.
 *
 * @module
 */
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../../src/game/topics.ts";
import type { Log } from "../../src/kafka/mod.ts";
import { sumOfSeries } from "../../src/metrics/metrics_text.ts";
import { freePort } from "../../scripts/support/ports.ts";
import { preload } from "../preload.ts";
import { CHANGELOGS, endSum, partitionsOf } from "./contents.ts";
import { countDifferences } from "./differences.ts";
import { say } from "./kafka.ts";
import { type RunPlan, withProcess } from "./runs.ts";
import type { ScaleRun, ScaleSetting } from "./scaling.ts";
import { round } from "./statistics.ts";
import { startKos, type System } from "./systems.ts";
import { watchDrain } from "./watch.ts";

/** What a drain is about. */
export interface ScalePlan
  extends ScaleSetting, Omit<RunPlan, "pair" | "system" | "guarantee" | "partitions"> {
  /** From 1 on. */
  readonly round: number;
  readonly seed: number;
}

/** What a drain took, and whether it left what it should. */
export interface CheckedScaleRun extends ScaleRun {
  /** A line for each number of records that is not what it should be. */
  readonly wrong: readonly string[];
}

/** Preloads, drains, counts what came out and removes the topics. */
export async function scaleRun(plan: ScalePlan): Promise<CheckedScaleRun> {
  const { kafka: { log }, usage, partitions, records, round: ofRound, seed, cacheBytes } = plan;
  const label = `round ${ofRound}, ${partitions} partitions, ${records} records`;
  const frames = records / 2;
  const metricsPort = freePort();
  const system: System = { name: "kos", start: (settings) => startKos(settings, metricsPort) };
  try {
    say(`${label}: preloading`);
    const { hits } = await preload(log, frames, partitions, seed, Date.now() - frames);
    return await withProcess({ ...plan, system, guarantee: "at_least_once" }, async (watched, stop) => {
      const drain = await watchDrain({ ...watched, report: (line) => say(`${label}: ${line}`) });
      const { peakRss } = await usage.memory(watched.child.pid);
      const stateBytes = await storeBytes(metricsPort);
      await stop();
      const counts = await countsOf(log, watched.applicationId);
      const seconds = (drain.ended.at - drain.begun.at) / 1000;
      const cpuSeconds = drain.ended.cpuSeconds - drain.begun.cpuSeconds;
      const result: CheckedScaleRun = {
        partitions,
        records,
        round: ofRound,
        seconds: round(seconds, 3),
        recordsPerSecond: Math.round(records / seconds),
        cpuSeconds: round(cpuSeconds, 3),
        recordsPerCpuSecond: Math.round(records / cpuSeconds),
        peakRssMb: round(peakRss / 1e6, 1),
        stateMb: round(stateBytes / 1e6, 1),
        wrong: countDifferences(label, counts, { frames, hits, cacheBytes }),
      };
      say(
        `${label}: ${result.recordsPerSecond} records/s, ${result.recordsPerCpuSecond} a CPU-second, ` +
          `${result.peakRssMb} MB`,
      );
      return result;
    });
  } finally {
    await log.deleteTopics([REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC]);
  }
}

/** @throws {Error} When the process does not say. */
async function storeBytes(metricsPort: number): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  const bytes = sumOfSeries(await answer.text(), "kos_streams_store_bytes");
  if (bytes === undefined) {
    throw new Error(
      `Cannot tell the stores' size: received status ${answer.status} and no kos_streams_store_bytes`,
    );
  }
  return bytes;
}

/** How many records the process wrote to each topic, by their offsets, which is exact where no transaction leaves its markers. */
async function countsOf(log: Log, applicationId: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {
    [SESSIONS_TOPIC]: await endSum(log, await partitionsOf(log, SESSIONS_TOPIC)),
  };
  for (const name of CHANGELOGS) {
    counts[name] = await endSum(log, await partitionsOf(log, `${applicationId}-${name}`));
  }
  return counts;
}
