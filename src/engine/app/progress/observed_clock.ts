/**
 * The time in which a process could have seen something happen.
 *
 * @module
 */

/** A gap between two looks counts for at most as much as this many of the usual ones. */
const LONGEST_STEPS = 4;

/**
 * Counts the time between looks, but not that in which the process itself stood still: one that was paused,
 * or whose machine slept, must not take that for a silence of others.
 */
export class ObservedClock {
  readonly #longestMs: number;
  #last: number | undefined;
  #time = 0;

  /** @param everyMs How often it is looked at, in ms. */
  constructor(everyMs: number) {
    this.#longestMs = LONGEST_STEPS * everyMs;
  }

  /** The observed time so far, in ms. */
  get time(): number {
    return this.#time;
  }

  /**
   * Looks at the clock. Returns the observed time so far, in ms.
   *
   * @param now Of a clock that never goes back, in ms.
   */
  look(now: number): number {
    this.#time += Math.min(Math.max(0, now - (this.#last ?? now)), this.#longestMs);
    this.#last = now;
    return this.#time;
  }
}

/** Since when a value has not changed, by whatever clock is given. */
export class Still {
  /** When it changed last, or was first seen. */
  since: number;
  #value: number | undefined;

  constructor(at: number) {
    this.since = at;
  }

  /** Notes the value of now. Where nothing is to be waited for, the time begins anew. */
  note(value: number, at: number, waiting = true): void {
    if (value !== this.#value || !waiting) this.since = at;
    this.#value = value;
  }
}
