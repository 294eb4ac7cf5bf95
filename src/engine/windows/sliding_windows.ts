/**
 * Windows that end or begin with records: for each record there is the window that ends with it, and the one
 * that begins right after it when other records are in there. Both ends of a window are inside.
 *
 * Windows that would begin before time 0 are all one, from 0 to the time difference.
 */
export class SlidingWindows {
  /** How far apart in time the records of one window may be, in ms. */
  readonly timeDifferenceMs: number;
  /** How long after a window's end its records are still taken, in ms of stream time. */
  readonly graceMs: number;

  private constructor(timeDifferenceMs: number, graceMs: number) {
    for (const [name, ms] of [["time difference", timeDifferenceMs], ["grace", graceMs]] as const) {
      if (!(Number.isSafeInteger(ms) && ms >= 0)) {
        throw new RangeError(
          `Cannot make sliding windows: received a ${name} of ${ms} ms; it must be a whole number and not ` +
            "negative",
        );
      }
    }
    this.timeDifferenceMs = timeDifferenceMs;
    this.graceMs = graceMs;
  }

  /**
   * Records at most `timeDifferenceMs` apart share a window; those later than `graceMs` behind their windows
   * are dropped.
   */
  static ofTimeDifferenceAndGrace(timeDifferenceMs: number, graceMs: number): SlidingWindows {
    return new SlidingWindows(timeDifferenceMs, graceMs);
  }

  /** Records at most `timeDifferenceMs` apart share a window; those behind their windows are dropped. */
  static ofTimeDifferenceWithNoGrace(timeDifferenceMs: number): SlidingWindows {
    return new SlidingWindows(timeDifferenceMs, 0);
  }
}
