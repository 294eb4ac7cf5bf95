import { niceTicks } from "../../scripts/e2e/plot.ts";

/** One bar. */
export interface Bar {
  readonly name: string;
  readonly color: string;
  readonly value: number;
}

/** Bars side by side. */
export interface BarGroup {
  readonly name: string;
  readonly bars: readonly Bar[];
}

/** One diagram with an axis of its own. */
export interface BarPanel {
  readonly title: string;
  readonly groups: readonly BarGroup[];
}

const WIDTH = 900;
const PANEL = 170;
const GAP = 60;
const LEFT = 70;
const RIGHT = 20;
const TOP = 58;
/** Part of a group's width that its bars fill. */
const FILLED = 0.6;

/**
 * Groups of bars, a panel below the other, as a file in SVG 1.1.
 *
 * @example
 * ```ts
 * import { assertStringIncludes } from "@std/assert";
 * import { bars } from "./bars.ts";
 *
 * const svg = bars("A test", [
 *   { title: "MB", groups: [{ name: "idle", bars: [{ name: "kos", color: "#1f77b4", value: 90 }] }] },
 * ]);
 * assertStringIncludes(svg, ">90</text>");
 * ```
 */
export function bars(title: string, panels: readonly BarPanel[]): string {
  const height = TOP + panels.length * (PANEL + GAP);
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="white"/>`,
    `<text x="${LEFT}" y="20" font-size="15">${escape(title)}</text>`,
  ];
  panels.forEach((panel, i) => parts.push(...panelParts(panel, TOP + i * (PANEL + GAP))));
  return parts.join("\n") + "\n</svg>\n";
}

function panelParts({ title, groups }: BarPanel, top: number): string[] {
  const largest = Math.max(0, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  // A bar as high as the panel would have its value over the title.
  const ticks = niceTicks(largest * 1.1);
  const bottom = top + PANEL;
  const y = (value: number): number => bottom - value / ticks.at(-1)! * PANEL;
  const parts = [`<text x="${LEFT}" y="${top - 8}" font-weight="bold">${escape(title)}</text>`];
  for (const tick of ticks) {
    parts.push(
      `<path d="M${LEFT} ${round(y(tick))}H${WIDTH - RIGHT}" stroke="#ddd"/>`,
      `<text x="${LEFT - 6}" y="${round(y(tick) + 4)}" text-anchor="end">${number(tick)}</text>`,
    );
  }
  const groupWidth = (WIDTH - LEFT - RIGHT) / Math.max(1, groups.length);
  groups.forEach((group, i) => {
    const left = LEFT + i * groupWidth;
    const barWidth = groupWidth * FILLED / Math.max(1, group.bars.length);
    group.bars.forEach((bar, j) => {
      const x = left + groupWidth * (1 - FILLED) / 2 + j * barWidth;
      const middle = round(x + barWidth / 2);
      const barTop = y(bar.value);
      parts.push(
        `<rect x="${round(x)}" y="${round(barTop)}" width="${round(barWidth - 6)}" height="${
          round(bottom - barTop)
        }" fill="${bar.color}"/>`,
        `<text x="${middle}" y="${round(barTop - 4)}" text-anchor="middle">${number(bar.value)}</text>`,
        `<text x="${middle}" y="${bottom + 16}" text-anchor="middle">${escape(bar.name)}</text>`,
      );
    });
    const middle = round(left + groupWidth / 2);
    parts.push(
      `<text x="${middle}" y="${bottom + 33}" text-anchor="middle" fill="#555">${escape(group.name)}</text>`,
    );
  });
  return parts;
}

function number(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 2 : 0 });
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
