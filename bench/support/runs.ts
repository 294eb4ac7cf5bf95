/**
 * One run of the comparison: a system drains the topics as a new application, and is verified and cleaned up after.
 *
 * @module
 */
import { SESSIONS_TOPIC } from "../../src/game/topics.ts";
import type { Log } from "../../src/kafka/mod.ts";
import { remove } from "../../scripts/support/cache.ts";
import { changelogTopics, type Contents, endSum, partitionsOf, readContents } from "./contents.ts";
import type { Groups } from "./groups.ts";
import { type BenchKafka, say } from "./kafka.ts";
import type { UsageReader } from "./process_usage.ts";
import { round } from "./statistics.ts";
import type { Guarantee, System, SystemName } from "./systems.ts";
import { watchDrain, type Watched } from "./watch.ts";

/** What a run is about. */
export interface RunPlan {
  readonly kafka: BenchKafka;
  readonly groups: Groups;
  readonly usage: UsageReader;
  readonly system: System;
  readonly guarantee: Guarantee;
  /** From 1 on. */
  readonly pair: number;
  readonly cacheBytes: number;
  /** Of SESSIONS. */
  readonly partitions: number;
}

/** What a run took and left. */
export interface Run extends Contents {
  readonly system: SystemName;
  readonly guarantee: Guarantee;
  readonly pair: number;
  readonly records: number;
  /** From its getting its partitions to all records being committed, in s. */
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** User and system time of the whole process in that time, in s. */
  readonly cpuSeconds: number;
  readonly recordsPerCpuSecond: number;
  /** The same from the process' start. */
  readonly cpuSecondsWithStart: number;
  readonly recordsPerCpuSecondWithStart: number;
  readonly peakRssMb: number;
}

/** Drains, verifies and cleans up. */
export async function run(plan: RunPlan): Promise<Run> {
  const { kafka, usage, system, guarantee, pair } = plan;
  const label = `${guarantee}, pair ${pair}, ${system.name}`;
  return await withProcess(plan, async (watched, stop) => {
    const drain = await watchDrain({ ...watched, report: (line) => say(`${label}: ${line}`) });
    const { peakRss } = await usage.memory(watched.child.pid);
    await stop();
    const contents = await readContents(kafka.log, watched.applicationId);
    const seconds = (drain.ended.at - drain.begun.at) / 1000;
    const cpuSeconds = drain.ended.cpuSeconds - drain.begun.cpuSeconds;
    const result: Run = {
      system: system.name,
      guarantee,
      pair,
      records: drain.records,
      seconds: round(seconds, 3),
      recordsPerSecond: Math.round(drain.records / seconds),
      cpuSeconds: round(cpuSeconds, 3),
      recordsPerCpuSecond: Math.round(drain.records / cpuSeconds),
      cpuSecondsWithStart: round(drain.ended.cpuSeconds, 3),
      recordsPerCpuSecondWithStart: Math.round(drain.records / drain.ended.cpuSeconds),
      peakRssMb: round(peakRss / 1e6, 1),
      ...contents,
    };
    say(
      `${label}: ${result.recordsPerSecond} records/s, ${result.recordsPerCpuSecond} a CPU-second, ` +
        `${result.peakRssMb} MB`,
    );
    return result;
  });
}

/** Runs `body` on a new process of the system with an empty SESSIONS; afterwards nothing is left of it. */
export async function withProcess<T>(
  plan: Omit<RunPlan, "pair">,
  body: (watched: Watched, stop: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const { kafka: { log, brokers }, groups, usage, system, guarantee, cacheBytes, partitions } = plan;
  const applicationId = `bench-${system.name}-${crypto.randomUUID().slice(0, 8)}`;
  await emptySessions(log, partitions);
  const logFile = await Deno.makeTempFile({ prefix: "kos-bench-", suffix: ".log" });
  try {
    const startedAt = performance.now();
    const child = await system.start({ brokers, applicationId, guarantee, cacheBytes, logFile });
    try {
      return await body(
        { log, groups, usage, child, applicationId, logFile, startedAt, report: say },
        () => child.stop(),
      );
    } finally {
      await child.stop();
      await log.deleteTopics(changelogTopics(applicationId));
      await groups.delete(applicationId);
    }
  } finally {
    await remove(logFile);
  }
}

/** Makes SESSIONS anew. */
async function emptySessions(log: Log, partitions: number): Promise<void> {
  await log.deleteTopics([SESSIONS_TOPIC]);
  const config = { "retention.ms": "-1" };
  await log.createTopics([{ topic: SESSIONS_TOPIC, partitions, replicationFactor: 1, config }]);
  // A topic that was just made may refuse to tell its offsets for half a second, and the watcher would miss the process' start.
  await endSum(log, await partitionsOf(log, SESSIONS_TOPIC));
}
