/**
 * Whether a generator gets rid of what it writes. Pure: it is given numbers and times.
 *
 * @module
 */
import { ObservedClock, Still } from "../engine/app/progress/observed_clock.ts";
import { DEFAULT_STALL_TIMEOUT_MS, SILENCE_MS } from "../engine/app/progress/progress_watch.ts";
import type { GeneratorStats } from "./generator.ts";

export { DEFAULT_STALL_TIMEOUT_MS };

/** What a {@linkcode SendWatch} looks at. */
export type SendProgress = Pick<GeneratorStats, "sent" | "queued" | "retries" | "lastRetry">;

/**
 * Tells when records wait and none was acknowledged for longer than the stall timeout. A generator that is
 * paused has nothing waiting.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { SendWatch } from "./send_watch.ts";
 *
 * const watch = new SendWatch(1_000, 3_000);
 * const progress = { sent: 10, queued: 5, retries: 1, lastRetry: "connection refused" };
 * const began = Date.parse("2026-01-01T00:00:00Z");
 * for (let now = 0; now <= 4_000; now += 1_000) watch.observe(now, began + now, progress);
 * assertEquals(watch.stalls, [
 *   "no record was acknowledged for 4 s (since 2026-01-01T00:00:00.000Z; last error: " +
 *   "connection refused) while 5 wait",
 * ]);
 * ```
 */
export class SendWatch {
  readonly #timeoutMs: number;
  readonly #clock: ObservedClock;
  readonly #sent = new Still(0);
  #retries = 0;
  #retriedAt = -Infinity;
  #progress: SendProgress = { sent: 0, queued: 0, retries: 0, lastRetry: undefined };
  #wallTime = 0;

  /**
   * @param everyMs How often {@linkcode observe} is called, in ms.
   * @param stallTimeoutMs 0: nothing is a stall.
   */
  constructor(everyMs: number, stallTimeoutMs: number) {
    this.#clock = new ObservedClock(everyMs);
    this.#timeoutMs = stallTimeoutMs === 0 ? Infinity : stallTimeoutMs;
  }

  /**
   * Notes what the generator has come to.
   *
   * @param now Of a clock that never goes back, in ms.
   * @param wallTime In ms since the epoch, for messages.
   * @returns A line for the log when a stall has begun or is over.
   */
  observe(now: number, wallTime: number, progress: SendProgress): string | undefined {
    const stalled = this.stalls.length > 0;
    const at = this.#clock.look(now);
    this.#wallTime = wallTime;
    this.#progress = progress;
    if (progress.retries !== this.#retries) this.#retriedAt = at;
    this.#retries = progress.retries;
    this.#sent.note(progress.sent, at, progress.queued > 0);
    const [stall] = this.stalls;
    if (stalled === (stall !== undefined)) return undefined;
    return stall === undefined ? "Not stalled any more" : `Stalled: ${stall}`;
  }

  /** What stands still for longer than the stall timeout, in a sentence; empty while records get through. */
  get stalls(): readonly string[] {
    return this.#stillFor(this.#timeoutMs);
  }

  /**
   * What stands still for longer than brokers may be silent, in a sentence; empty while records get through.
   */
  get notReady(): readonly string[] {
    return this.#stillFor(Math.min(SILENCE_MS, this.#timeoutMs / 2));
  }

  #stillFor(ms: number): string[] {
    const { since } = this.#sent;
    const still = this.#clock.time - since;
    if (still <= ms) return [];
    const { queued, lastRetry } = this.#progress;
    const from = new Date(this.#wallTime - still).toISOString();
    const why = lastRetry === undefined || this.#retriedAt < since ? "" : `; last error: ${lastRetry}`;
    return [
      `no record was acknowledged for ${
        Math.round(still / 1000)
      } s (since ${from}${why}) while ${queued} wait`,
    ];
  }
}
