/**
 * Reads Prometheus' text format.
 *
 * @module
 */

/** One series of a metric, at one time. */
export interface Series {
  readonly metric: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/**
 * Reads the series of a text; lines that are none are left out.
 *
 * @param wanted Which metrics are read; what is not is not made either.
 */
export function readSeries(text: string, wanted: ReadonlySet<string>): Series[] {
  const found: Series[] = [];
  for (const line of text.split("\n")) {
    const [, metric, labels = "", value] = LINE.exec(line) ?? [];
    if (metric === undefined || !wanted.has(metric)) continue;
    found.push({ metric, labels: labelsOf(labels), value: numberOf(value!) });
  }
  return found;
}

function labelsOf(text: string): Record<string, string> {
  return Object.fromEntries(
    Array.from(text.matchAll(LABEL), ([, name, value]) => [name!, value!.replace(/\\(.)/g, unescaped)]),
  );
}

function unescaped(_all: string, character: string): string {
  return character === "n" ? "\n" : character;
}

/** A number as the format writes it: also `+Inf`. */
export function numberOf(text: string): number {
  return Number(text.replace("Inf", "Infinity"));
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
 *   { metric: "lag", labels: { topic: "a", partition: "0" }, value: 2 },
 * ]);
 * ```
 */
export function seriesOf(text: string, metric: string): Series[] {
  return readSeries(text, new Set([metric]));
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
