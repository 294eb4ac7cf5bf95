/**
 * How much of its time an instance works.
 *
 * @module
 */
import type { EngineStats } from "../../record/stats.ts";

/**
 * Adds up the time between {@linkcode BusyTime.begin} and {@linkcode BusyTime.rest}, in `EngineStats.busyMs`:
 * a few calls a turn of the loop, none a record. It is what a clock on the wall shows and not CPU time: where
 * the machine gives the process less than it wants, the time that it waits for its turn counts as work, as it
 * limits what it can do.
 */
export class BusyTime {
  readonly #stats: Pick<EngineStats, "busyMs">;
  readonly #now: () => number;
  #since: number;

  /**
   * Begins at once.
   *
   * @param now A clock that never goes back, in ms. Default `performance.now`.
   */
  constructor(stats: Pick<EngineStats, "busyMs">, now: () => number = () => performance.now()) {
    this.#stats = stats;
    this.#now = now;
    this.#since = now();
  }

  /** Work goes on: what was waited for is there. */
  begin(): void {
    this.#since = this.#now();
  }

  /** The time worked up to now, in ms, while it works. */
  get ms(): number {
    return this.#stats.busyMs + this.#now() - this.#since;
  }

  /** What comes now is a wait, which ends with {@linkcode BusyTime.begin}. */
  rest(): void {
    this.#stats.busyMs += this.#now() - this.#since;
  }
}
