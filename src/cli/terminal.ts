/**
 * The terminal's width, and texts that keep to it.
 *
 * @module
 */
import process from "node:process";
import { isatty } from "node:tty";

/** The width where nobody says another one, as in a pipe, in columns. */
const DEFAULT_WIDTH = 80;

/** How many columns standard output has: the terminal's, or 80 where it is none. */
export function terminalWidth(): number {
  // Asked of the descriptor first: Node's stream would make a pipe one that is not waited for.
  if (!isatty(1)) return DEFAULT_WIDTH;
  // 0 in a terminal that nobody looks at, as of some CI; none in one that can't tell.
  return process.stdout.columns || DEFAULT_WIDTH;
}

// By Unicode's East Asian Width: scripts, forms of full width, and pictures.
const WIDE = new RegExp(
  "^[\\u{1100}-\\u{115f}\\u{2e80}-\\u{303e}\\u{3041}-\\u{a4cf}\\u{ac00}-\\u{d7a3}\\u{f900}-\\u{faff}" +
    "\\u{fe30}-\\u{fe6f}\\u{ff00}-\\u{ff60}\\u{ffe0}-\\u{ffe6}\\u{20000}-\\u{3fffd}\\p{Emoji_Presentation}]",
  "u",
);
const NOTHING = /^[\p{Mark}\p{Control}\p{Format}]/u;

/**
 * How many columns a text takes. By hand, as the republication of `@std/cli` on npm lacks the data that its
 * `unicodeWidth` reads.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { unicodeWidth } from "./terminal.ts";
 *
 * assertEquals(unicodeWidth("5 × Ä"), 5);
 * assertEquals(unicodeWidth("日本 🥋"), 7);
 * ```
 */
export function unicodeWidth(text: string): number {
  let width = 0;
  for (const character of text) width += NOTHING.test(character) ? 0 : WIDE.test(character) ? 2 : 1;
  return width;
}

/** The beginning of a text that fits into so many columns, with `…` where something is left out. */
export function shorten(text: string, width: number): string {
  if (unicodeWidth(text) <= width) return text;
  const [begin] = split(text, width - 1);
  return width < 1 ? "" : `${begin}…`;
}

/**
 * The lines of a text that fit into so many columns, broken at spaces; words that are longer are broken too.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { wrap } from "./terminal.ts";
 *
 * assertEquals(wrap("one two three", 8), ["one two", "three"]);
 * ```
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (let word of text.split(/\s+/)) {
    if (line !== "" && unicodeWidth(line) + 1 + unicodeWidth(word) > width) {
      lines.push(line);
      line = "";
    }
    while (line === "" && unicodeWidth(word) > width) {
      const [begin, rest] = split(word, Math.max(2, width));
      lines.push(begin);
      word = rest;
    }
    line = line === "" ? word : `${line} ${word}`;
  }
  return line === "" ? lines : [...lines, line];
}

/** What of a text fits into so many columns, and the rest. */
function split(text: string, width: number): [begin: string, rest: string] {
  let columns = 0;
  let end = 0;
  for (const character of text) {
    columns += unicodeWidth(character);
    if (columns > width) break;
    end += character.length;
  }
  return [text.slice(0, end), text.slice(end)];
}
