/**
 * Sessions of activity: records of a key belong to one session as long as none is further than the gap from
 * the next. A session begins with its first record and ends with its last; both are inside.
 */
export class SessionWindows {
  /**
   * How long a key must be inactive for its next record to begin a new session, in ms; exactly this long is
   * still the same.
   */
  readonly inactivityGapMs: number;
  /** How long after a session's end and gap its records are still taken, in ms of stream time. */
  readonly graceMs: number;

  private constructor(inactivityGapMs: number, graceMs: number) {
    if (!(Number.isSafeInteger(inactivityGapMs) && inactivityGapMs > 0)) {
      throw new RangeError(
        `Cannot make session windows: received a gap of ${inactivityGapMs} ms; it must be a whole number ` +
          "above 0",
      );
    }
    if (!(Number.isSafeInteger(graceMs) && graceMs >= 0)) {
      throw new RangeError(
        `Cannot make session windows: received a grace of ${graceMs} ms; it must be a whole number and not ` +
          "negative",
      );
    }
    this.inactivityGapMs = inactivityGapMs;
    this.graceMs = graceMs;
  }

  /**
   * Sessions end after `inactivityGapMs` without a record; records later than `graceMs` behind that are
   * dropped.
   */
  static ofInactivityGapAndGrace(inactivityGapMs: number, graceMs: number): SessionWindows {
    return new SessionWindows(inactivityGapMs, graceMs);
  }

  /** Sessions end after `inactivityGapMs` without a record; records behind that are dropped. */
  static ofInactivityGapWithNoGrace(inactivityGapMs: number): SessionWindows {
    return new SessionWindows(inactivityGapMs, 0);
  }
}
