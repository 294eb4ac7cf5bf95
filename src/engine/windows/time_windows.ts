/**
 * Windows of a fixed size at fixed places in time: tumbling ones follow one another, hopping ones overlap. A
 * window holds the records from its start up to, and without, its end.
 *
 * @example
 * ```ts
 * import { TimeWindows } from "./time_windows.ts";
 *
 * const tumbling = TimeWindows.ofSizeAndGrace(60_000, 5_000);
 * const hopping = tumbling.advanceBy(10_000);
 * console.log(tumbling.advanceMs, hopping.advanceMs); // 60000 10000
 * ```
 */
export class TimeWindows {
  /** How long a window is, in ms. */
  readonly sizeMs: number;
  /** How far apart the starts of two windows are, in ms. */
  readonly advanceMs: number;
  /** How long after a window's end its records are still taken, in ms of stream time. */
  readonly graceMs: number;

  private constructor(sizeMs: number, advanceMs: number, graceMs: number) {
    if (!(Number.isSafeInteger(sizeMs) && sizeMs > 0)) {
      throw new RangeError(
        `Cannot make time windows: received a size of ${sizeMs} ms; it must be a whole number above 0`,
      );
    }
    if (!(Number.isSafeInteger(advanceMs) && advanceMs > 0 && advanceMs <= sizeMs)) {
      throw new RangeError(
        `Cannot make time windows: received an advance of ${advanceMs} ms; it must be a whole number above ` +
          `0 and at most the size, ${sizeMs} ms`,
      );
    }
    if (!(Number.isSafeInteger(graceMs) && graceMs >= 0)) {
      throw new RangeError(
        `Cannot make time windows: received a grace of ${graceMs} ms; it must be a whole number and not ` +
          "negative",
      );
    }
    this.sizeMs = sizeMs;
    this.advanceMs = advanceMs;
    this.graceMs = graceMs;
  }

  /** Tumbling windows; records later than `graceMs` behind their window's end are dropped. */
  static ofSizeAndGrace(sizeMs: number, graceMs: number): TimeWindows {
    return new TimeWindows(sizeMs, sizeMs, graceMs);
  }

  /** Tumbling windows; records behind their window's end are dropped. */
  static ofSizeWithNoGrace(sizeMs: number): TimeWindows {
    return new TimeWindows(sizeMs, sizeMs, 0);
  }

  /** Hopping windows: as long as these, one beginning each `advanceMs`. */
  advanceBy(advanceMs: number): TimeWindows {
    return new TimeWindows(this.sizeMs, advanceMs, this.graceMs);
  }
}
