/**
 * How fast a count grows.
 *
 * @module
 */

/** Settings of a {@linkcode RateWindow}, on whatever axis it is given, in ms. */
export interface RateWindowOptions {
  /** How far back it looks at most. */
  readonly span: number;
  /** How far apart the notes are that it keeps. */
  readonly step: number;
  /** Over less than this no rate is known. */
  readonly least: number;
}

/** A count, and where on the axis it was that. */
interface Note {
  readonly at: number;
  readonly count: number;
}

/**
 * The mean growth of a count over a window that moves along. The axis need not be the time of the day: along
 * the time in which an instance worked, it gives what it gets done in a second of work.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { RateWindow } from "./rate_window.ts";
 *
 * const window = new RateWindow({ span: 60_000, step: 5_000, least: 10_000 });
 * window.note(0, 500);
 * assertEquals(window.perSecond, undefined);
 * window.note(20_000, 2_500);
 * assertEquals(window.perSecond, 100);
 * ```
 */
export class RateWindow {
  readonly #options: RateWindowOptions;
  /** In their order, `step` apart: the first one is where the window begins. */
  #kept: Note[] = [];
  #newest: Note | undefined;

  constructor(options: RateWindowOptions) {
    this.#options = options;
  }

  /**
   * Takes a count up. What goes back is old news, as of a fetch that is read late, and is left out; but a
   * count that stays back, as of a topic that was made anew, begins a new window.
   */
  note(at: number, count: number): void {
    const { span, step, least } = this.#options;
    if (this.#newest !== undefined && (at < this.#newest.at || count < this.#newest.count)) {
      const isOther = count < this.#kept[0]!.count || at - this.#newest.at >= least;
      if (!isOther) return;
      this.#kept = [];
    }
    this.#newest = { at, count };
    const last = this.#kept.at(-1);
    if (last === undefined || at - last.at >= step) this.#kept.push(this.#newest);
    while (this.#kept.length > 1 && this.#kept[1]!.at <= at - span) this.#kept.shift();
  }

  /** The mean over the window, a second; `undefined` while it is too short. */
  get perSecond(): number | undefined {
    const [first] = this.#kept;
    if (first === undefined || this.#newest === undefined) return undefined;
    const passed = this.#newest.at - first.at;
    return passed < this.#options.least ? undefined : 1000 * (this.#newest.count - first.count) / passed;
  }
}
