/**
 * Watches a process from outside while it drains the input topics: by what its group has committed, what the topics hold and what
 * /proc says, so that any system is measured the same way.
 *
 * @module
 */
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../../src/game/topics.ts";
import type { Log } from "../../src/kafka/mod.ts";
import type { Child } from "../../scripts/support/processes.ts";
import { endSum, partitionsOf } from "./contents.ts";
import type { Groups } from "./groups.ts";
import type { UsageReader } from "./process_usage.ts";

/** A process to watch. */
export interface Watched {
  readonly log: Log;
  readonly groups: Groups;
  readonly usage: UsageReader;
  readonly child: Child;
  readonly applicationId: string;
  /** Where its output goes, for the error when it ends by itself. */
  readonly logFile: string;
  /** When it was started, by `performance.now()`. */
  readonly startedAt: number;
  /** Told of the progress, about once a second. */
  readonly report: (line: string) => void;
}

/** A moment and what the process had used by then. */
export interface Moment {
  /** By `performance.now()`, in ms. */
  readonly at: number;
  readonly cpuSeconds: number;
}

/** What a drain took. */
export interface Drain {
  /** Just before the last look at which it had no partitions yet: what comes after it is the drain, what came before the start. */
  readonly begun: Moment;
  /** The look that found the first record in SESSIONS. */
  readonly firstOutput: Moment;
  /** The look that found all committed. */
  readonly ended: Moment;
  /** Records in the input topics. */
  readonly records: number;
}

/** Time between two looks, in ms. */
const LOOK_MS = 50;
/** The same until the first output. */
const FIRST_LOOK_MS = 10;
/** No progress for so long is taken for a failure, in ms. */
const STALLED_MS = 120_000;

/** Resolves when the group has committed all of the input. @throws {Error} When the process ends before, or makes no progress any more. */
export async function watchDrain(watched: Watched): Promise<Drain> {
  const { log, groups, applicationId, report } = watched;
  const inputs = [...await partitionsOf(log, REQUESTS_TOPIC), ...await partitionsOf(log, RESPONSES_TOPIC)];
  const sessions = await partitionsOf(log, SESSIONS_TOPIC);
  const records = await endSum(log, inputs);
  let begun: Moment | undefined;
  let stable = false;
  let firstOutput: Moment | undefined;
  let best = 0;
  let progressAt = performance.now();
  let reportedAt = progressAt;
  for (;;) {
    const lookedAt = performance.now();
    if (!stable) {
      // Before the look, as the answer may take its time: what it does not show has not happened by now.
      const before = await momentOf(watched);
      stable = await groups.isStable(applicationId);
      if (!stable || begun === undefined) begun = before;
    }
    const committed = (await log.committed(applicationId, inputs)).reduce<number>((n, o) => n + (o ?? 0), 0);
    const sessionsEnd = firstOutput === undefined ? await endSum(log, sessions) : 1;
    const now = await momentOf(watched);
    if (sessionsEnd > 0) firstOutput ??= now;
    if (committed >= records && firstOutput !== undefined && begun !== undefined) {
      return { begun, firstOutput, ended: now, records };
    }
    if (committed > best) {
      best = committed;
      progressAt = now.at;
    }
    if (now.at - progressAt > STALLED_MS) {
      throw new Error(
        `Cannot measure ${applicationId}: received no progress for ${
          STALLED_MS / 1000
        } s at ${committed} of ` +
          `${records} records: ${await tail(watched.logFile)}`,
      );
    }
    if (now.at - reportedAt > 1_000) {
      reportedAt = now.at;
      report(`${committed} of ${records} records`);
    }
    const every = firstOutput === undefined ? FIRST_LOOK_MS : LOOK_MS;
    await sleep(Math.max(1, every - (performance.now() - lookedAt)));
    await assertRuns(watched);
  }
}

/** What the process has used until now. */
export async function momentOf({ usage, child }: Pick<Watched, "usage" | "child">): Promise<Moment> {
  return { cpuSeconds: await usage.cpuSeconds(child.pid), at: performance.now() };
}

/** @throws {Error} When the process has ended, with the end of its log. */
export async function assertRuns({ child, applicationId, logFile }: Watched): Promise<void> {
  const ended = child.ended();
  if (ended === undefined) return;
  throw new Error(`Cannot measure ${applicationId}: received ${ended}: ${await tail(logFile)}`);
}

/** Resolves after so many ms. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function tail(logFile: string): Promise<string> {
  return (await Deno.readTextFile(logFile)).trim().slice(-2_000);
}
