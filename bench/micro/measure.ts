/**
 * How the micro-benchmarks are declared: each iteration works on many different items, and its name says on how many.
 *
 * @module
 */

/** A benchmark of one iteration's work. */
export interface MicroBench {
  /** What is compared with each other. */
  readonly group: string;
  readonly what: string;
  /** How many items an iteration has. */
  readonly count: number;
  /** What an item is, in the plural. */
  readonly items: string;
  /** The library that does it, with which ours in the group are compared. */
  readonly by?: string;
  readonly run: () => void | Promise<void>;
}

/** How long a benchmark runs before it is measured, in ms: V8 compiles large functions for the last time only after many calls. */
const WARM_UP_MS = 400;

/** Declares a benchmark. Its name ends with the library and the number of items, which `table.ts` reads. */
export function bench({ group, what, count, items, by, run }: MicroBench): void {
  let warm = false;
  const fn = (): void | Promise<void> => warm ? run() : warmUp();
  // Deno's own warm-up is one of iterations, too few here; but the first call of all falls into it.
  const warmUp = async (): Promise<void> => {
    warm = true;
    for (const until = performance.now() + WARM_UP_MS; performance.now() < until;) await run();
  };
  const name = `${what}${by === undefined ? "" : ` by ${by}`} [${count} ${items}]`;
  Deno.bench({ name, group, baseline: by !== undefined, fn });
}

/** How many results are kept at a time: they have to be made, but die young, as in a stream. */
const KEPT = 64;

/** Takes results, so that making them can't be left out. */
export class Sink<T> {
  readonly #kept: (T | undefined)[] = new Array(KEPT).fill(undefined);
  #at = 0;

  take(result: T): void {
    this.#kept[this.#at++ & (KEPT - 1)] = result;
  }
}
