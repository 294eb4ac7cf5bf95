/**
 * Paces records: how many may be sent by now. Pure: the caller has the clock and does the waiting.
 *
 * What is due is computed from the time since the last change of rate, not added up step by step, so the pace
 * does not drift however late or often it is asked. What the writer could not use (the broker was slow, the
 * process stalled) is kept for {@linkcode ThrottleOptions.creditMs} only, so that a stall is not followed by
 * a flood.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { Throttle } from "./throttle.ts";
 *
 * const throttle = new Throttle({ rate: 1000, now: 0 });
 * assertEquals(throttle.due(20), 20);
 * throttle.take(20);
 * assertEquals(throttle.due(20), 0);
 * assertEquals(throttle.waitMs(20), 1);
 * ```
 */
export class Throttle {
  #rate: number;
  readonly #creditMs: number;
  /** What is due is counted from here: `#carry` then, less `#taken` since. In ms. */
  #anchor: number;
  #carry = 0;
  #taken = 0;

  constructor(options: ThrottleOptions) {
    this.#rate = checkRate(options.rate);
    this.#creditMs = options.creditMs ?? 100;
    this.#anchor = options.now;
  }

  /** Records a second; `Infinity` for as fast as it goes, 0 for none. */
  get rate(): number {
    return this.#rate;
  }

  /**
   * Changes the rate from now on; what is due already stays due, up to the credit at the new rate.
   *
   * @throws {RangeError} When the rate is negative or no number.
   */
  setRate(rate: number, now: number): void {
    checkRate(rate);
    if (rate === this.#rate) return;
    const due = this.#rate === Infinity ? 0 : this.#exact(now);
    this.#rate = rate;
    this.#restart(now, rate === Infinity ? 0 : Math.min(due, this.#cap()));
  }

  /** How many whole records may be sent now; `Infinity` at the rate `max`. */
  due(now: number): number {
    if (this.#rate === Infinity) return Infinity;
    const due = this.#exact(now);
    const cap = this.#cap();
    if (due > cap) {
      this.#restart(now, cap);
      return Math.floor(cap);
    }
    // 2.9999999999 is 3 that went through floating point.
    return Math.max(0, Math.floor(due + 1e-6));
  }

  /** Counts records as sent. */
  take(records: number): void {
    this.#taken += records;
  }

  /** How long until the next record is due, in ms: 0 when one is, `Infinity` at rate 0. */
  waitMs(now: number): number {
    if (this.due(now) >= 1) return 0;
    return this.#rate === 0 ? Infinity : (1 - this.#exact(now)) * 1000 / this.#rate;
  }

  #exact(now: number): number {
    return this.#carry + (now - this.#anchor) * this.#rate / 1000 - this.#taken;
  }

  /** One record more than the credit: else a rate of one a second would never have a whole one due. */
  #cap(): number {
    return 1 + this.#rate * this.#creditMs / 1000;
  }

  #restart(now: number, carry: number): void {
    this.#anchor = now;
    this.#carry = carry;
    this.#taken = 0;
  }
}

/** Settings of a {@linkcode Throttle}. */
export interface ThrottleOptions {
  /** Records a second; `Infinity` for as fast as it goes, 0 for none. */
  readonly rate: number;
  /** The time now, in ms of a clock that never goes back. */
  readonly now: number;
  /** For how much time unused records stay due, in ms. Default 100. */
  readonly creditMs?: number;
}

/**
 * The rate, if it is one.
 *
 * @throws {RangeError} When it is negative or no number.
 */
export function checkRate(rate: number): number {
  if (!(rate >= 0)) {
    throw new RangeError(`Cannot pace: received the rate ${rate}; expected a number from 0 on`);
  }
  return rate;
}
