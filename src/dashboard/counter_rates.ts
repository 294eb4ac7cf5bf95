/**
 * How fast the counters of an instance grow between one look and the next.
 *
 * @module
 */
import type { Series } from "../metrics/metrics_text.ts";

/** Remembers counters, of one instance. */
export class CounterRates {
  #before = new Map<string, number>();
  #atMs: number | undefined;

  /**
   * The growth in a second since the last look; none of a counter that is seen for the first time or that has
   * begun anew.
   */
  look(atMs: number, counters: readonly Series[]): Series[] {
    const before = this.#before;
    const seconds = (atMs - (this.#atMs ?? atMs)) / 1_000;
    this.#before = new Map(counters.map((each) => [keyOf(each), each.value]));
    this.#atMs = atMs;
    if (seconds <= 0) return [];
    return counters.flatMap((each) => {
      const growth = each.value - (before.get(keyOf(each)) ?? NaN);
      return growth >= 0 ? [{ ...each, value: growth / seconds }] : [];
    });
  }
}

function keyOf({ metric, labels }: Series): string {
  return `${metric} ${JSON.stringify(Object.entries(labels).sort())}`;
}
