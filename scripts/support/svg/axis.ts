/**
 * What all panels of a plot have in common: their place, their title and their axis of values.
 *
 * @module
 */

/** The width of a plot, in px. */
export const WIDTH = 900;
/** The height of a panel between its title and what is below it, in px. */
export const PANEL = 170;
/** Where panels begin from the left, after the numbers of their axes, in px. */
export const LEFT = 70;
/** Where panels end, in px. */
export const RIGHT: number = WIDTH - 20;

/** A panel's frame. */
export interface Frame {
  /** The lines and numbers of its axis, and its title. */
  readonly parts: readonly string[];
  /** Where a value is on the plot, in px from the top. */
  readonly y: (value: number) => number;
}

/**
 * The frame of a panel whose axis goes from 0 to at least `highest`.
 *
 * @param top Where it begins, in px from the plot's top.
 */
export function frame(title: string, highest: number, top: number): Frame {
  const ticks = niceTicks(highest);
  const largest = ticks.at(-1)!;
  const y = (value: number): number => top + PANEL - value / largest * PANEL;
  const parts = ticks.flatMap((tick) => [
    `<path d="M${LEFT} ${round(y(tick))}H${RIGHT}" stroke="#ddd"/>`,
    text(LEFT - 6, y(tick) + 4, shorten(tick), 'text-anchor="end"'),
  ]);
  parts.push(text(LEFT, top - 6, title, 'font-weight="bold"'));
  return { parts, y };
}

/** A piece of text, escaped. @param attributes More of the element's, as `fill="red"`. */
export function text(x: number, y: number, words: string, attributes?: string): string {
  const more = attributes === undefined ? "" : ` ${attributes}`;
  return `<text x="${round(x)}" y="${round(y)}"${more}>${escape(words)}</text>`;
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

/** To a tenth of a px: more digits only make the file larger. */
export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function shorten(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 1_000 ? `${value / 1_000}k` : String(value);
}

/** A text as SVG and HTML have it, also between quotes. */
export function escape(words: string): string {
  return words.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
