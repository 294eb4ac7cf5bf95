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
  /**
   * How long a process takes that has just the cores that it can count on, for the CPU time that this one has
   * had so far, in ms: that time by those cores. Left out, they are any number.
   */
  readonly cpuMs?: number;
}

/**
 * Records a second of work, along the time that was worked. Work is time on the wall, so what a neighbour
 * takes away shows after some seconds of it. A CPU limit takes nothing away until it is reached: an instance
 * that has a tenth of a core, and needs half of that, works at the full speed of the core. What a container
 * requests is not even a limit, but more than it can count on. So of two the least counts: the records of a
 * second of work, and those of the CPU time that it can count on in a second.
 */
export class Capacity {
  readonly #window = new RateWindow(WINDOW);
  /** Along the CPU time by those cores. */
  readonly #byCpu = new RateWindow(WINDOW);
  #last: WorkDone | undefined;
  /** Without what was left out: for how long it was watched, and what came of it. */
  #watched = { at: 0, busyMs: 0, processed: 0, cpuMs: 0 };

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
    const { at, busyMs, processed, cpuMs } = this.#watched;
    const came = now.processed - last.processed;
    this.#watched = {
      at: at + now.at - last.at,
      busyMs: busyMs + now.busyMs - last.busyMs,
      processed: processed + came,
      // What an instance without records uses says nothing of what it could do.
      cpuMs: cpuMs + (came > 0 ? (now.cpuMs ?? 0) - (last.cpuMs ?? 0) : 0),
    };
    this.#window.note(this.#watched.busyMs, this.#watched.processed);
    if (now.cpuMs !== undefined) this.#byCpu.note(this.#watched.cpuMs, this.#watched.processed);
  }

  /** Records a second of work, or of all CPU time that it may have; `undefined` before a second of either. */
  get perSecond(): number | undefined {
    return leastOf(this.#window.perSecond, this.#byCpu.perSecond);
  }

  /**
   * As {@linkcode Capacity.perSecond}; of an instance that worked for less than a second in ten, what that
   * little says: for a surge it is too rough, but then the second is soon full.
   */
  get estimate(): number | undefined {
    const { at, busyMs, processed } = this.#watched;
    const idle = at >= IDLE_MS && busyMs > 0 && processed > 0;
    const byWork = this.#window.perSecond ?? (idle ? 1000 * processed / busyMs : undefined);
    return leastOf(byWork, this.#byCpu.perSecond);
  }
}

/** Of those that are known. */
function leastOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? a ?? b : Math.min(a, b);
}
