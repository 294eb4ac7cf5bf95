import { deadline } from "@std/async/deadline";
import type { Task } from "./task.ts";

/** How long tasks that leave wait for the promises of their records, in ms: time is left to commit. */
export const LAST_CALLS_MS = 2000;

/**
 * Lets the records of tasks that leave come out of asynchronous steps, for {@linkcode LAST_CALLS_MS} at most.
 * What has not come out then is not committed.
 */
export async function settleCalls(tasks: readonly Task[]): Promise<void> {
  const until = performance.now() + LAST_CALLS_MS;
  await Promise.all(tasks.map((task) => settle(task, until)));
}

async function settle(task: Task, until: number): Promise<void> {
  while (task.drain()) {
    const left = until - performance.now();
    if (left <= 0) return;
    // That it has taken too long the next look says.
    await deadline(task.context.calls.change(), left).catch(() => {});
  }
}
