import { frame, LEFT, PANEL, RIGHT, round, text } from "./axis.ts";

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

/** A panel of bars. */
export interface BarPanel {
  readonly title: string;
  readonly groups: readonly BarGroup[];
}

/** What is below a panel of bars: their names, the groups' and a gap, in px. */
export const BELOW_BARS = 40;
/** Part of a group's width that its bars fill. */
const FILLED = 0.6;
/** Between two bars of a group, in px. */
const BETWEEN = 6;

/**
 * Draws a panel of bars, each with its value above it.
 *
 * @param top Where it begins, in px from the plot's top.
 */
export function drawBars({ title, groups }: BarPanel, top: number): string[] {
  const largest = Math.max(0, ...groups.flatMap(({ bars }) => bars.map(({ value }) => value)));
  // A bar as high as the panel would have its value over the title.
  const { parts, y } = frame(title, largest * 1.1, top);
  const width = (RIGHT - LEFT) / Math.max(1, groups.length);
  return [
    ...parts,
    ...groups.flatMap((group, i) => drawGroup(group, LEFT + i * width, width, top + PANEL, y)),
  ];
}

function drawGroup(
  { name, bars }: BarGroup,
  left: number,
  width: number,
  bottom: number,
  y: (value: number) => number,
): string[] {
  const barWidth = width * FILLED / Math.max(1, bars.length);
  const first = left + width * (1 - FILLED) / 2;
  const parts = bars.flatMap((bar, i) => drawBar(bar, first + i * barWidth, barWidth, bottom, y(bar.value)));
  return [...parts, text(left + width / 2, bottom + 33, name, 'text-anchor="middle" fill="#555"')];
}

function drawBar(bar: Bar, left: number, width: number, bottom: number, top: number): string[] {
  const middle = left + (width - BETWEEN) / 2;
  const size = `width="${round(width - BETWEEN)}" height="${round(bottom - top)}"`;
  return [
    `<rect x="${round(left)}" y="${round(top)}" ${size} fill="${bar.color}"/>`,
    text(middle, top - 4, number(bar.value), 'text-anchor="middle"'),
    text(middle, bottom + 16, bar.name, 'text-anchor="middle"'),
  ];
}

function number(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 2 : 0 });
}
