/**
 * The plots of the scripts and the benchmarks: panels of lines and of bars.
 *
 * @module
 */
import { LEFT, PANEL, text, WIDTH } from "./axis.ts";
import { type BarPanel, BELOW_BARS, drawBars } from "./bars.ts";
import { BELOW_LINES, drawLines, type LinePanel } from "./lines.ts";

export type { Bar, BarGroup, BarPanel } from "./bars.ts";
export type { LinePanel, Series } from "./lines.ts";

/** One diagram with an axis of its own for its values. */
export type Panel = LinePanel | BarPanel;

/** What the plot's title takes, in px. */
const HEAD = 24;
/** What a panel's title takes. */
const TITLE = 20;
const MARGIN = 10;

/**
 * Draws panels one below the other, those of lines over the same seconds, as a file in SVG 1.1.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { plot } from "./plot.ts";
 *
 * const svg = plot("A test", [
 *   { title: "replicas", series: [{ name: "r", color: "#1f77b4", points: [[0, 1], [9, 4]], steps: true }] },
 *   { title: "MB", groups: [{ name: "idle", bars: [{ name: "kos", color: "#1f77b4", value: 90 }] }] },
 * ]);
 * assertStringIncludes(svg, ">90</text>");
 * ```
 */
export function plot(title: string, panels: readonly Panel[]): string {
  const seconds = panels.flatMap((panel) => "series" in panel ? secondsOf(panel) : []);
  const lastSecond = Math.max(1, ...seconds);
  const parts: string[] = [];
  let y = HEAD;
  for (const panel of panels) {
    y += TITLE;
    parts.push(...("series" in panel ? drawLines(panel, y, lastSecond) : drawBars(panel, y)));
    y += PANEL + ("series" in panel ? BELOW_LINES : BELOW_BARS);
  }
  return document(y + MARGIN, [text(LEFT, 20, title, 'font-size="15"'), ...parts]);
}

function secondsOf({ series }: LinePanel): number[] {
  return series.flatMap(({ points }) => points.map(([second]) => second));
}

function document(height: number, parts: readonly string[]): string {
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...parts,
    "</svg>\n",
  ].join("\n");
}
