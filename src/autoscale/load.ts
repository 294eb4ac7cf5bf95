/**
 * How much of what an instance can do is asked of it.
 *
 * @module
 */

/** The default of {@linkcode LoadParts.catchUpSeconds}. */
export const DEFAULT_CATCH_UP_SECONDS = 60;

/** What a load comes of; `undefined` is what is not known. */
export interface LoadParts {
  /** Records that come a second. */
  readonly arrival: number | undefined;
  /** Records left to process. */
  readonly lag: number | undefined;
  /** Records that the instance processes in a second of work. */
  readonly capacity: number | undefined;
  /** In what time a backlog is to be gone, in seconds, more than 0. */
  readonly catchUpSeconds: number;
}

/**
 * The load: `(arrival + lag / catch-up time) / capacity`, without a unit. At 1 an instance that works all the
 * time just does what comes and is rid of its backlog within the catch-up time; twice as much takes two.
 *
 * It is `undefined` where a part of it is not known. Where nothing comes and nothing is left it is 0, however
 * much the instance could do.
 *
 * @throws {RangeError} When the catch-up time is no number above 0.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { loadOf } from "./load.ts";
 *
 * const parts = { arrival: 6_000, lag: 240_000, capacity: 20_000, catchUpSeconds: 60 };
 * assertEquals(loadOf(parts), 0.5);
 * assertEquals(loadOf({ ...parts, lag: undefined }), undefined);
 * ```
 */
export function loadOf({ arrival, lag, capacity, catchUpSeconds }: LoadParts): number | undefined {
  if (!(catchUpSeconds > 0 && catchUpSeconds < Infinity)) {
    throw new RangeError(
      `Cannot tell a load: received a catch-up time of ${catchUpSeconds} s; expected one above 0`,
    );
  }
  if (!isAmount(arrival) || !isAmount(lag)) return undefined;
  const demand = arrival + lag / catchUpSeconds;
  if (demand === 0) return 0;
  return isAmount(capacity) && capacity > 0 ? demand / capacity : undefined;
}

/** What else a subtraction or a division may give, such as NaN, is not known either. */
function isAmount(value: number | undefined): value is number {
  return value !== undefined && value >= 0 && value < Infinity;
}
