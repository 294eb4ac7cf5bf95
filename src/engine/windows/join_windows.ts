/**
 * How far apart in time two records may be to be joined, and how late they may come.
 *
 * @example
 * ```ts
 * import { JoinWindows } from "./join_windows.ts";
 *
 * const windows = JoinWindows.ofTimeDifferenceAndGrace(3_000, 30_000);
 * console.log(windows.sizeMs); // 6000
 * ```
 */
export class JoinWindows {
  /** How much earlier than a record of the left side the right side's may be, in ms. */
  readonly beforeMs: number;
  /** How much later than a record of the left side the right side's may be, in ms. */
  readonly afterMs: number;
  /** How long after a window's end its records are still taken, in ms. */
  readonly graceMs: number;

  private constructor(beforeMs: number, afterMs: number, graceMs: number) {
    if (!(beforeMs + afterMs >= 0)) {
      throw new RangeError(
        `Cannot make a join window: received before ${beforeMs} ms and after ${afterMs} ms; their sum must ` +
          "not be negative",
      );
    }
    if (!(graceMs >= 0)) {
      throw new RangeError(
        `Cannot make a join window: received grace ${graceMs} ms; it must not be negative`,
      );
    }
    this.beforeMs = beforeMs;
    this.afterMs = afterMs;
    this.graceMs = graceMs;
  }

  /**
   * Records at most `differenceMs` apart are joined; those later than `graceMs` behind their window are
   * dropped.
   */
  static ofTimeDifferenceAndGrace(differenceMs: number, graceMs: number): JoinWindows {
    return new JoinWindows(differenceMs, differenceMs, graceMs);
  }

  /** Records at most `differenceMs` apart are joined; those behind their window are dropped. */
  static ofTimeDifferenceWithNoGrace(differenceMs: number): JoinWindows {
    return new JoinWindows(differenceMs, differenceMs, 0);
  }

  /**
   * These windows with another lower bound: the right side's record may be `ms` earlier; negative: must be
   * later.
   */
  before(ms: number): JoinWindows {
    return new JoinWindows(ms, this.afterMs, this.graceMs);
  }

  /**
   * These windows with another upper bound: the right side's record may be `ms` later; negative: must be
   * earlier.
   */
  after(ms: number): JoinWindows {
    return new JoinWindows(this.beforeMs, ms, this.graceMs);
  }

  /** The width of a window, in ms. */
  get sizeMs(): number {
    return this.beforeMs + this.afterMs;
  }
}
