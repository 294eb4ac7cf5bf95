/**
 * Reads Prometheus' text format.
 *
 * @module
 */

/** One line of a metric. */
export interface TextSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * All series of a metric in Prometheus' text format, in their order.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { seriesOf } from "./metrics_text.ts";
 *
 * assertEquals(seriesOf('lag{topic="a",partition="0"} 2\nlag_seconds 9\n', "lag"), [
 *   { labels: { topic: "a", partition: "0" }, value: 2 },
 * ]);
 * ```
 */
export function seriesOf(text: string, metric: string): TextSeries[] {
  return text.split("\n").flatMap((line) => {
    if (!line.startsWith(metric) || !/[ {]/.test(line.charAt(metric.length))) return [];
    const end = line.lastIndexOf(" ");
    return [{ labels: labelsOf(line.slice(metric.length, end)), value: Number(line.slice(end + 1)) }];
  });
}

/** The labels that stand in a text, such as `topic="a",partition="0"`. */
export function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  for (const [, name, value] of text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)) {
    labels[name!] = value!.replace(/\\(.)/g, (_, char) => char === "n" ? "\n" : char);
  }
  return labels;
}

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
  const series = seriesOf(text, metric);
  return series.length === 0 ? undefined : series.reduce((sum, { value }) => sum + value, 0);
}
