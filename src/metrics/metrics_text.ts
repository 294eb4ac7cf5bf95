/**
 * The sum over all series of a metric in Prometheus' text format; `undefined` when there is none of that
 * name.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { sumOfSeries } from "./metrics_text.ts";
 *
 * assertEquals(sumOfSeries('lag{partition="0"} 2\nlag{partition="1"} 3\nlag_seconds 9\n', "lag"), 5);
 * ```
 */
export function sumOfSeries(text: string, metric: string): number | undefined {
  let sum: number | undefined;
  for (const line of text.split("\n")) {
    if (!line.startsWith(metric) || !/[ {]/.test(line.charAt(metric.length))) continue;
    sum = (sum ?? 0) + Number(line.slice(line.lastIndexOf(" ") + 1));
  }
  return sum;
}
