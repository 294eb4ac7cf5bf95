/** The middle value; of an even number of values the mean of the two in the middle. @throws {RangeError} When there is none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError("Cannot take the median: received no value");
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The median of the pairs' ratios: each first value by the second that was measured beside it.
 *
 * @throws {RangeError} When there are not as many of both.
 */
export function medianRatio(first: readonly number[], second: readonly number[]): number {
  if (first.length !== second.length) {
    throw new RangeError(`Cannot compare: received ${first.length} values and ${second.length}`);
  }
  return median(first.map((value, i) => value / second[i]!));
}

/** Rounds to so many digits after the point. */
export function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
