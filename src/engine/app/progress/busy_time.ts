/**
 * How much of its time an instance works.
 *
 * @module
 */
import type { EngineStats } from "../../record/stats.ts";

/**
 * Adds up the time between {@linkcode BusyTime.begin} and {@linkcode BusyTime.rest}, in `EngineStats.busyMs`:
 * a few calls a turn of the loop, none a record. It is what a clock on the wall shows: where the machine
 * gives the process less than it wants, the time that it waits for its turn counts as work, as it limits what
 * it can do. Beside it is the CPU time, in `EngineStats.busyCpuMs`, for what may use more now than it can
 * count on.
 */
export class BusyTime {
  readonly #stats: Pick<EngineStats, "busyMs" | "busyCpuMs">;
  readonly #now: () => number;
  readonly #cpuTime: (() => number) | undefined;
  #since: number;
  #cpuSince: number;

  /**
   * Begins at once.
   *
   * @param cpuTime The CPU time that the process has had, in ms. Left out, it is not added up.
   * @param now A clock that never goes back, in ms. Default `performance.now`.
   */
  constructor(
    stats: Pick<EngineStats, "busyMs" | "busyCpuMs">,
    cpuTime?: () => number,
    now: () => number = () => performance.now(),
  ) {
    this.#stats = stats;
    this.#cpuTime = cpuTime;
    this.#now = now;
    this.#since = now();
    this.#cpuSince = cpuTime?.() ?? 0;
  }

  /** Work goes on: what was waited for is there. */
  begin(): void {
    this.#since = this.#now();
    if (this.#cpuTime !== undefined) this.#cpuSince = this.#cpuTime();
  }

  /** The time worked up to now, in ms, while it works. */
  get ms(): number {
    return this.#stats.busyMs + this.#now() - this.#since;
  }

  /** What comes now is a wait, which ends with {@linkcode BusyTime.begin}. */
  rest(): void {
    this.#stats.busyMs += this.#now() - this.#since;
    if (this.#cpuTime !== undefined) this.#stats.busyCpuMs += this.#cpuTime() - this.#cpuSince;
  }
}
