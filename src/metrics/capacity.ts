/**
 * How much an instance gets done in a second of work.
 *
 * @module
 */
import { RateWindow } from "./rate_window.ts";

/**
 * What capacity is measured over, in ms of work: a second at least, as single slices differ much. An instance
 * that works little looks back for longer in the time of the day, as there is nothing newer to know it from.
 */
const WINDOW = { span: 10_000, step: 500, least: 1_000 };
/**
 * An instance that has worked for less than the least of {@linkcode WINDOW} in so long, in ms, does little:
 * the little that it did tells its load well enough.
 */
const IDLE_MS = 10_000;

/** An instance's counts at a time. */
export interface WorkDone {
  /** The time, of a clock that never goes back, in ms. */
  readonly at: number;
  /** For how long it has worked so far, in ms. */
  readonly busyMs: number;
  /** How many records it has processed so far. */
  readonly processed: number;
}

/**
 * Records a second of work, along the time that was worked. Work is time on the wall, so what a CPU limit or
 * a neighbour takes away shows after some seconds of it.
 */
export class Capacity {
  readonly #window = new RateWindow(WINDOW);
  #last: WorkDone | undefined;
  /** Without what was left out: for how long it was watched, and what came of it. */
  #watched = { at: 0, busyMs: 0, processed: 0 };

  /**
   * Takes the counts of now.
   *
   * @param leftOut Whether what was done since the last call says nothing of what can be done: the machine
   * was at something else too.
   */
  note(now: WorkDone, leftOut = false): void {
    const last = this.#last ?? now;
    this.#last = now;
    if (leftOut) return;
    const { at, busyMs, processed } = this.#watched;
    this.#watched = {
      at: at + now.at - last.at,
      busyMs: busyMs + now.busyMs - last.busyMs,
      processed: processed + now.processed - last.processed,
    };
    this.#window.note(this.#watched.busyMs, this.#watched.processed);
  }

  /** Records a second of work; `undefined` before a second of it. */
  get perSecond(): number | undefined {
    return this.#window.perSecond;
  }

  /**
   * As {@linkcode Capacity.perSecond}; of an instance that worked for less than a second in ten, what that
   * little says: for a surge it is too rough, but then the second is soon full.
   */
  get estimate(): number | undefined {
    const { at, busyMs, processed } = this.#watched;
    const idle = at >= IDLE_MS && busyMs > 0 && processed > 0;
    return this.perSecond ?? (idle ? 1000 * processed / busyMs : undefined);
  }
}
