/**
 * Series in Prometheus' text format.
 *
 * @module
 */
import { labelsOf, type TextSeries } from "../metrics/metrics_text.ts";

/** One series of a metric, at one time. */
export interface Series extends TextSeries {
  readonly metric: string;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)(?: -?\d+)?$/;

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

/** A number as Prometheus writes it: also `+Inf`. */
export function numberOf(text: string): number {
  return Number(text.replace("Inf", "Infinity"));
}
