/** A line of a panel: values by x, drawn as steps or straight. */
export interface Series {
  readonly name: string;
  readonly color: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** Hold each value until the next one, as numbers of replicas do. */
  readonly steps?: boolean;
}

/** One diagram above the common x axis. */
export interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
}

const WIDTH = 900;
const PANEL = 170;
const GAP = 46;
const LEFT = 70;
const RIGHT = 20;
const TOP = 44;

/**
 * Panels one above the other over the same seconds, as a file in SVG 1.1.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { plot } from "./plot.ts";
 *
 * const svg = plot("A test", [{ title: "replicas", series: [{ name: "r", color: "#1f77b4", points: [[0, 1], [9, 4]], steps: true }] }]);
 * assertStringIncludes(svg, "<svg ");
 * ```
 */
export function plot(title: string, panels: readonly Panel[]): string {
  const lastX = Math.max(
    1,
    ...panels.flatMap(({ series }) => series.flatMap((s) => s.points.map(([x]) => x))),
  );
  const height = TOP + panels.length * (PANEL + GAP) + 10;
  const x = (value: number): number => LEFT + value / lastX * (WIDTH - LEFT - RIGHT);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${LEFT}" y="20" font-size="15">${escape(title)}</text>`,
  ];
  panels.forEach((panel, i) => {
    const top = TOP + i * (PANEL + GAP);
    parts.push(...panelParts(panel, top, lastX, x));
  });
  return parts.join("\n") + "\n</svg>\n";
}

function panelParts(panel: Panel, top: number, lastX: number, x: (value: number) => number): string[] {
  const highest = Math.max(0, ...panel.series.flatMap(({ points }) => points.map(([, value]) => value)));
  const ticks = niceTicks(highest);
  const maxY = ticks.at(-1)!;
  const bottom = top + PANEL;
  const y = (value: number): number => bottom - value / maxY * PANEL;
  const parts: string[] = [];
  for (const tick of ticks) {
    parts.push(
      `<path d="M${LEFT} ${round(y(tick))}H${WIDTH - RIGHT}" stroke="#ddd"/>`,
      `<text x="${LEFT - 6}" y="${round(y(tick) + 4)}" text-anchor="end">${shorten(tick)}</text>`,
    );
  }
  for (const tick of niceTicks(lastX).filter((tick) => tick <= lastX)) {
    parts.push(`<text x="${round(x(tick))}" y="${bottom + 16}" text-anchor="middle">${tick} s</text>`);
  }
  let nameX = LEFT;
  parts.push(`<text x="${nameX}" y="${top - 6}" font-weight="bold">${escape(panel.title)}</text>`);
  nameX += 10 + panel.title.length * 8;
  for (const series of panel.series) {
    parts.push(`<text x="${nameX}" y="${top - 6}" fill="${series.color}">${escape(series.name)}</text>`);
    nameX += 16 + series.name.length * 7;
    if (series.points.length === 0) continue;
    const d = series.points.map(([px, py], i) => {
      const at = `${round(x(px))} ${round(y(py))}`;
      if (i === 0) return `M${at}`;
      return series.steps ? `H${round(x(px))}V${round(y(py))}` : `L${at}`;
    }).join("");
    parts.push(`<path d="${d}" fill="none" stroke="${series.color}" stroke-width="1.5"/>`);
  }
  return parts;
}

/** About five round values from 0 to at least `highest`. */
export function niceTicks(highest: number): number[] {
  if (!(highest > 0)) return [0, 1];
  const rough = highest / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999)!;
  const count = Math.ceil(highest / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, i) => Number((i * step).toPrecision(12)));
}

function shorten(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1_000 ? `${value / 1_000}k` : String(value);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
