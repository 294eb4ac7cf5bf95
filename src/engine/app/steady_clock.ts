/**
 * A clock that begins with the machine's time and then runs on steadily. A machine's clock may be set while a
 * program runs; what is due after an interval (a commit, a punctuator) would then come at once, or hours
 * late.
 *
 * @returns A function that gives the time in ms since the epoch. It never goes back.
 * @example
 * ```ts
 * import { assert } from "@std/assert";
 * import { steadyClock } from "./steady_clock.ts";
 *
 * let machine = 1_000;
 * let elapsed = 0;
 * const now = steadyClock(() => machine, () => elapsed);
 * machine = 0; // set back
 * elapsed = 5;
 * assert(now() === 1_005);
 * ```
 */
export function steadyClock(
  wallClock: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): () => number {
  const offset = wallClock() - monotonic();
  return () => Math.floor(offset + monotonic());
}
