/**
 * A warning that comes again as long as its cause lasts, at growing intervals: an outage of an hour is not to
 * fill the log.
 *
 * @module
 */

/** The time between the first two, in ms. */
const FIRST_MS = 4_000;
/** The time between two at most, in ms. */
const MOST_MS = 300_000;

/** Tells of a failure that is tried again: at once, then after 4 s, 8 s, and so on, up to 5 min. */
export class RepeatedWarning {
  readonly #tell: (message: string) => void;
  readonly #now: () => number;
  #toldAt = -Infinity;
  #waitMs = 0;

  /** @param now A clock that never goes back, in ms. Default `performance.now`. */
  constructor(tell: (message: string) => void, now: () => number = () => performance.now()) {
    this.#tell = tell;
    this.#now = now;
  }

  /** It has failed once more. */
  failed(message: string): void {
    const now = this.#now();
    // What has not failed for so long had got better.
    if (now - this.#toldAt > 2 * this.#waitMs + FIRST_MS) this.#waitMs = 0;
    if (now - this.#toldAt < this.#waitMs) return;
    this.#toldAt = now;
    this.#waitMs = Math.min(MOST_MS, Math.max(FIRST_MS, 2 * this.#waitMs));
    this.#tell(message);
  }
}
