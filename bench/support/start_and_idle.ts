/**
 * How soon a system is at work, and what it takes when there is none.
 *
 * @module
 */
import { say } from "./kafka.ts";
import { type RunPlan, withProcess } from "./runs.ts";
import { round } from "./statistics.ts";
import type { SystemName } from "./systems.ts";
import { assertRuns, momentOf, sleep, watchDrain } from "./watch.ts";

/** What a start took. */
export interface Start {
  readonly system: SystemName;
  readonly pair: number;
  /** From the start of the process to its first record in SESSIONS, in s. */
  readonly seconds: number;
  /** User and system time of the process until then, in s. */
  readonly cpuSeconds: number;
  /** Left out where it was not waited for. */
  readonly idle?: Idle;
}

/** What a process takes that has nothing to do. */
export interface Idle {
  readonly rssMb: number;
  /** Of one core, in %. */
  readonly cpuPercent: number;
}

/** So long after the drain a process counts as idle, in ms: garbage has been collected by then. */
const SETTLE_MS = 10_000;

/**
 * Starts a system on topics that hold records, and sees how long the first result takes.
 *
 * @param idleSeconds How long it is watched afterwards, when it is idle; 0: not at all.
 */
export async function start(plan: RunPlan, idleSeconds: number): Promise<Start> {
  const { system, pair, usage } = plan;
  return await withProcess(plan, async (watched) => {
    const { firstOutput } = await watchDrain(watched);
    const seconds = round((firstOutput.at - watched.startedAt) / 1000, 3);
    const cpuSeconds = round(firstOutput.cpuSeconds, 3);
    say(`start, pair ${pair}, ${system.name}: ${seconds} s, ${cpuSeconds} CPU-seconds`);
    if (idleSeconds === 0) return { system: system.name, pair, seconds, cpuSeconds };
    await sleep(SETTLE_MS);
    const from = await momentOf(watched);
    const { rss } = await usage.memory(watched.child.pid);
    await sleep(idleSeconds * 1000);
    await assertRuns(watched);
    const to = await momentOf(watched);
    const idle: Idle = {
      rssMb: round(rss / 1e6, 1),
      cpuPercent: round((to.cpuSeconds - from.cpuSeconds) / (to.at - from.at) * 1e5, 2),
    };
    say(`idle, ${system.name}: ${idle.rssMb} MB, ${idle.cpuPercent} % of a core`);
    return { system: system.name, pair, seconds, cpuSeconds, idle };
  });
}
