/**
 * The text of `--help`, no line of it longer than the terminal is wide.
 *
 * @module
 */
import { type AnyProgram, callOf, defaultTextOf, type NamedFlag, namedFlags } from "./program.ts";
import { unicodeWidth, wrap } from "./terminal.ts";

/** A term or a flag, and what it means. */
type Row = readonly [term: string, text: string];

/** Terms that are longer than so many columns stand on a line of their own. */
const LONGEST_TERM = 30;
/** Texts that have less room than this beside the terms stand below them. */
const LEAST_TEXT = 30;

/** What `--help` prints, in lines of at most `width` columns. */
export function helpText(program: AnyProgram, width: number): string {
  const others = [program.words, program.rest].map((name) => name === undefined ? "" : ` ${name}`).join("");
  const blocks = [
    wrap(`Usage: ${callOf(program)} [options]${others}`, width),
    ...[program.description].flat().map((paragraph) => wrap(paragraph, width)),
    ...groupsOf(program).map(([title, flags]) => [...wrap(`${title}:`, width), ...rowLines(flags, width)]),
    ...(program.sections ?? []).map(({ title, rows = [], paragraphs = [] }) => [
      ...wrap(`${title}:`, width),
      ...rowLines(rows, width),
      ...paragraphs.flatMap((paragraph) => wrap(paragraph, width)),
    ]),
  ];
  return blocks.map((lines) => lines.join("\n") + "\n").join("\n");
}

/** The flags that are shown by their group, those of every program last. */
function groupsOf(program: AnyProgram): [title: string, rows: Row[]][] {
  const shown = namedFlags(program).filter(({ hidden }) => !hidden);
  const groups = Map.groupBy(shown, ({ group = "Options" }) => group);
  const always: Row[] = [["-h, --help", "show this"]];
  if (program.version !== undefined) always.unshift(["-V, --version", "show the version"]);
  if (!groups.has("Options")) groups.set("Options", []);
  return [...groups].map(([title, flags]) => {
    const rows = flags.map((flag): Row => [termOf(flag), meaningOf(flag)]);
    return [title, title === "Options" ? [...rows, ...always] : rows];
  });
}

/** A flag as it is typed, with its value. */
export function termOf({ long, short, value }: NamedFlag): string {
  return `${short === undefined ? "" : `-${short}, `}${long}${value === undefined ? "" : ` ${value}`}`;
}

function meaningOf(flag: NamedFlag): string {
  const byDefault = defaultTextOf(flag);
  const notes = [
    ...(byDefault === undefined ? [] : [`default: ${byDefault}`]),
    ...(flag.variable === undefined ? [] : [`env: ${flag.variable}`]),
  ];
  return notes.length === 0 ? flag.text : `${flag.text} (${notes.join(", ")})`;
}

function rowLines(rows: readonly Row[], width: number): string[] {
  const fitting = rows.map(([term]) => unicodeWidth(term)).filter((length) => length <= LONGEST_TERM);
  const termWidth = Math.max(0, ...fitting);
  const textWidth = width - termWidth - 4;
  return textWidth >= LEAST_TEXT
    ? rows.flatMap((row) => besides(row, termWidth, width))
    : rows.flatMap((row) => below(row, 6, width));
}

/** The text to the right of its term; below it, where the term is too long. */
function besides([term, text]: Row, termWidth: number, width: number): string[] {
  const indent = termWidth + 4;
  const space = termWidth - unicodeWidth(term);
  if (space < 0) return below([term, text], indent, width);
  const [first = "", ...others] = wrap(text, width - indent);
  return [
    `  ${term}${" ".repeat(space)}  ${first}`.trimEnd(),
    ...others.map((line) => " ".repeat(indent) + line),
  ];
}

function below([term, text]: Row, indent: number, width: number): string[] {
  return [
    ...wrap(term, width - 2).map((line) => `  ${line}`),
    ...wrap(text, width - indent).map((line) => " ".repeat(indent) + line),
  ];
}
