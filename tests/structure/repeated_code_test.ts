import { assertEquals } from "@std/assert";
import { filesBelow, textOf, withoutComments } from "./sources.ts";

/** As many equal lines in a row are one thing said twice. */
const LINES = 12;

/** Two files that say the same, and why that is as it should be. */
const KNOWN: readonly { readonly files: readonly [string, string]; readonly reason: string }[] = [];

interface Line {
  readonly number: number;
  readonly text: string;
}

/** A module's lines of code without their spaces; imports, comments and empty lines left out. */
function linesOf(file: string): Line[] {
  const code = withoutComments(textOf(file)).replace(
    /^(?:import|export)\s[^;]*?\bfrom "[^"]*"(?: with \{[^}]*\})?;/gm,
    (statement) => statement.replace(/[^\n]/g, ""),
  );
  return code.split("\n").map((text, i) => ({ number: i + 1, text: text.replace(/\s+/g, " ").trim() }))
    .filter(({ text }) => text !== "");
}

/** The first place of {@linkcode LINES} equal lines in two files, by the names of both. */
function repeated(files: readonly string[]): Map<string, string> {
  const seen = new Map<string, { readonly file: string; readonly line: number }[]>();
  const pairs = new Map<string, string>();
  for (const file of files) {
    const lines = linesOf(file);
    for (let i = 0; i + LINES <= lines.length; i++) {
      const block = lines.slice(i, i + LINES).map(({ text }) => text).join("\n");
      const places = seen.get(block) ?? [];
      for (const other of places.filter((place) => place.file !== file)) {
        const pair = `${other.file} | ${file}`;
        if (!pairs.has(pair)) pairs.set(pair, `${other.file}:${other.line} and ${file}:${lines[i]!.number}`);
      }
      seen.set(block, [...places, { file, line: lines[i]!.number }]);
    }
  }
  return pairs;
}

Deno.test(`no ${LINES} lines of code in a row stand in two files of src, but where there is a reason`, () => {
  const pairs = repeated(filesBelow("src/", ".ts"));
  const known = new Set(KNOWN.map(({ files }) => files.join(" | ")));
  assertEquals([...pairs].filter(([pair]) => !known.has(pair)).map(([, places]) => places), []);
  assertEquals([...known].filter((pair) => !pairs.has(pair)), [], "no longer repeated: delete them");
});
