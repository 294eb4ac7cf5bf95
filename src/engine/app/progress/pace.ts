/**
 * Holds an instance to a number of records a second.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { EngineStats } from "../../record/stats.ts";

/** How many ms of records are processed in one go: a commit that is due waits no longer than that. */
const SLICE_MS = 50;
/** Less than that is not waited for by itself, in ms: timers are not so exact. */
const LEAST_WAIT_MS = 4;
/** How much of what was waited too long is made up for, in ms. */
const MOST_AHEAD_MS = 20;

/**
 * Waits after records were processed until they have taken as long as the limit says. These waits count as
 * work: an instance at its limit is as busy as one whose processor is, and its capacity is the limit.
 */
export class Pace {
  /** How many records may be processed before the next {@linkcode Pace.keep}. */
  readonly slice: number;
  readonly #perSecond: number;
  readonly #stats: Pick<EngineStats, "processed">;
  readonly #busyMs: () => number;
  readonly #wait: (ms: number) => Promise<unknown>;
  #processed: number;
  #worked: number;
  #owedMs = 0;

  /**
   * @param perSecond Records a second; `Infinity` for no limit.
   * @param busyMs How long the instance has worked, up to now.
   * @param wait How it waits. Default a timer.
   */
  constructor(
    perSecond: number,
    stats: Pick<EngineStats, "processed">,
    busyMs: () => number,
    wait: (ms: number) => Promise<unknown> = delay,
  ) {
    this.#perSecond = perSecond;
    this.#stats = stats;
    this.#busyMs = busyMs;
    this.#wait = wait;
    this.#processed = stats.processed;
    this.#worked = busyMs();
    this.slice = Math.max(1, Math.round(perSecond * SLICE_MS / 1000));
  }

  /** Waits as long as the records since the last call still owe. */
  async keep(): Promise<void> {
    const records = this.#stats.processed - this.#processed;
    const workedMs = this.#busyMs() - this.#worked;
    this.#processed += records;
    this.#worked += workedMs;
    const owed = this.#owedMs + 1000 * records / this.#perSecond - workedMs;
    this.#owedMs = Math.max(-MOST_AHEAD_MS, owed);
    if (this.#owedMs >= LEAST_WAIT_MS) await this.#wait(this.#owedMs);
  }
}
