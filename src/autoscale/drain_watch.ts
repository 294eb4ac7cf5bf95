/** How many periods, one after the other, lag has to have grown in. */
const GROWING_PERIODS = 3;
/** Growth of less than this share of what came in is none. */
const GROWTH = 0.001;
/** A period is at least so long. */
const LEAST_SECONDS = 600;

/** From when on a load repeats, and after what time, in seconds. */
export interface Repeats {
  readonly fromSecond: number;
  readonly periodSeconds: number;
}

/** Sees lag that only grows: from one period of the load to the next, several times. */
export class DrainWatch {
  /** Whether it does. */
  never = false;
  readonly #from: number;
  readonly #period: number | undefined;
  #came = 0;
  #lag = 0;
  #grown = 0;

  /** @param repeats `undefined` for a load that does not, and whose lag may yet go. */
  constructor(repeats: Repeats | undefined) {
    this.#from = Math.ceil(repeats?.fromSecond ?? 0);
    const period = Math.max(1, Math.round(repeats?.periodSeconds ?? 1));
    this.#period = repeats === undefined ? undefined : period * Math.ceil(LEAST_SECONDS / period);
  }

  /** Looks at the end of a second, in which `came` records came. */
  look(second: number, came: number, lag: number): void {
    if (this.#period === undefined || second < this.#from) return;
    this.#came += came;
    if ((second + 1 - this.#from) % this.#period !== 0) return;
    this.#grown = lag - this.#lag > GROWTH * this.#came ? this.#grown + 1 : 0;
    this.never = this.#grown >= GROWING_PERIODS;
    this.#lag = lag;
    this.#came = 0;
  }
}
