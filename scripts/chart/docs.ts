/**
 * The table of values in the chart's README, made of the comments in values.yaml.
 *
 * @module
 */
import { parse } from "@std/yaml";

const BEGIN = "<!-- values: written by deno task chart --update -->";
const END = "<!-- end of values -->";

/** One value of a chart. */
export interface ValueDoc {
  /** Its path, such as `app.image.tag`. */
  readonly path: string;
  /** As JSON. */
  readonly default: string;
  /** The comment above it after `--`; empty where there is none. */
  readonly description: string;
}

/**
 * The leaves of a values.yaml in its order, each with the comment above it that begins with `# --`. A map with such a comment
 * is one entry when it is written in one line.
 */
export function valueDocs(text: string): ValueDoc[] {
  const values: unknown = parse(text);
  const docs: ValueDoc[] = [];
  const stack: { indent: number; key: string }[] = [];
  let comment: string[] = [];
  for (const line of text.split("\n")) {
    const said = /^\s*# ?(.*)$/.exec(line);
    if (said) {
      comment.push(said[1]!);
      continue;
    }
    const key = /^(\s*)([A-Za-z]\w*):(.*)$/.exec(line);
    if (!key) {
      // An item of a list, or a blank line.
      comment = [];
      continue;
    }
    const indent = key[1]!.length;
    while (stack.length > 0 && stack.at(-1)!.indent >= indent) stack.pop();
    stack.push({ indent, key: key[2]! });
    const path = stack.map((entry) => entry.key);
    const value = path.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], values);
    const first = comment.findIndex((part) => part.startsWith("-- "));
    const description = first < 0 ? "" : comment.slice(first).join(" ").slice(3);
    comment = [];
    const branch = key[3]!.trim() === "" && typeof value === "object" && value !== null &&
      !Array.isArray(value);
    if (branch) continue;
    docs.push({ path: path.join("."), default: JSON.stringify(value), description });
  }
  return docs;
}

/** The README with the table of these values between its marks. @throws {Error} When the marks are not there. */
export function withValuesTable(readme: string, docs: readonly ValueDoc[]): string {
  const from = readme.indexOf(BEGIN);
  const to = readme.indexOf(END);
  if (from < 0 || to < from) {
    throw new Error(`Cannot write the table of values: the README lacks the marks ${BEGIN} and ${END}`);
  }
  const cell = (text: string) => text.replaceAll("|", "\\|");
  const rows = docs.map((doc) => `| \`${doc.path}\` | \`${cell(doc.default)}\` | ${cell(doc.description)} |`);
  const table = ["", "", "| value | default | |", "| --- | --- | --- |", ...rows, "", ""].join("\n");
  return readme.slice(0, from + BEGIN.length) + table + readme.slice(to);
}
