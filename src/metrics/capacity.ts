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
/**
 * For so much CPU time, in ms, code is cold: with a whole core that is over before an autoscaler looks, with
 * a tenth of one it would ask for more instances because those that came last have just started.
 */
const COLD_CPU_MS = 2_000;
/** Of what it can count on, the share that cold code may use and still tell a load: it is small anyway. */
const LITTLE = 0.5;

/** An instance's counts at a time. */
export interface WorkDone {
  /** The time, of a clock that never goes back, in ms. */
  readonly at: number;
  /** For how long it has worked so far, in ms. */
  readonly busyMs: number;
  /** The CPU time that it had meanwhile, in ms. */
  readonly busyCpuMs?: number;
  /** How many records it has processed so far. */
  readonly processed: number;
}

/**
 * Records a second of work, along the time that was worked. Work is time on the wall, so what a neighbour
 * takes away shows after some seconds of it.
 *
 * Of an instance that can count on less than a core it is the CPU time: with a limit it works at the full
 * speed of a core until it has used up its share, so the time on the wall tells of the limit only once it is
 * reached; and without one it may be given more for now.
 */
export class Capacity {
  readonly #window = new RateWindow(WINDOW);
  /** What it can count on, of a core. */
  readonly #share: number;
  readonly #workOf: (counts: WorkDone) => number;
  #last: WorkDone | undefined;
  /** Without what was left out: for how long it was watched, how long it worked, and what came of it. */
  #watched = { at: 0, workMs: 0, processed: 0 };

  /** @param cpus How many cores it can count on, more than 0. Default: as many as it uses. */
  constructor(cpus: number = Infinity) {
    // The loop uses no more than one, so from there on the time on the wall is what limits it.
    this.#share = Math.min(1, cpus);
    this.#workOf = cpus < 1 ? ({ busyCpuMs = 0 }) => busyCpuMs : ({ busyMs }) => busyMs;
  }

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
    const { at, workMs, processed } = this.#watched;
    this.#watched = {
      at: at + now.at - last.at,
      workMs: workMs + this.#workOf(now) - this.#workOf(last),
      processed: processed + now.processed - last.processed,
    };
    if (!this.#isCold) this.#window.note(this.#watched.workMs, this.#watched.processed);
  }

  /** Records a second of work; `undefined` before a second of it. */
  get perSecond(): number | undefined {
    return this.#ofShare(this.#window.perSecond);
  }

  /**
   * As {@linkcode Capacity.perSecond}; of an instance that worked for less than a second in ten, what that
   * little says: for a surge it is too rough, but then the second is soon full.
   */
  get estimate(): number | undefined {
    const { at, workMs, processed } = this.#watched;
    const idle = at >= IDLE_MS && workMs > 0 && processed > 0 &&
      (this.#share === 1 || workMs < LITTLE * this.#share * at);
    return this.perSecond ?? (idle ? this.#ofShare(1000 * processed / workMs) : undefined);
  }

  get #isCold(): boolean {
    return this.#share < 1 && this.#watched.workMs < COLD_CPU_MS;
  }

  #ofShare(perSecond: number | undefined): number | undefined {
    return perSecond === undefined ? undefined : perSecond * this.#share;
  }
}
