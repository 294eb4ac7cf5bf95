import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { helpText } from "../../src/cli/help.ts";
import { integer, text } from "../../src/cli/parsers.ts";
import { leaveOut, type Program, toggle } from "../../src/cli/program.ts";
import { unicodeWidth } from "../../src/cli/terminal.ts";

interface Flags {
  readonly count: number;
  readonly file?: string;
  readonly json: boolean;
  readonly java: boolean;
  readonly trap: boolean;
}

const SAMPLE: Program<Flags> = {
  name: "size",
  task: true,
  description: ["Counts what there is.", "Then says so."],
  version: "1.2.3",
  rest: "[paths]",
  flags: {
    count: { value: "<n>", text: "how many", parse: integer(), default: 3 },
    file: {
      short: "f",
      value: "<file>",
      text: "where the result goes, which may take a while to say, so that it is not in one line",
      parse: text("a file"),
      defaultText: "nowhere",
      variable: "SAMPLE_FILE",
      group: "Results",
    },
    json: toggle("as JSON", { group: "Results" }),
    java: leaveOut("without Java"),
    trap: toggle("nobody should use it", { hidden: true }),
  },
  sections: [{ title: "Examples", rows: [["size --count 5", "five"]], paragraphs: ["That is all."] }],
};

Deno.test("help: flags by their group, with defaults and variables, and what is behind them", () => {
  assertEquals(
    helpText(SAMPLE, 80),
    `Usage: deno task size [options] [paths]

Counts what there is.

Then says so.

Options:
  --count <n>    how many (default: 3, env: KOS_COUNT)
  --no-java      without Java
  -V, --version  show the version
  -h, --help     show this

Results:
  -f, --file <file>  where the result goes, which may take a while to say, so
                     that it is not in one line (default: nowhere, env:
                     SAMPLE_FILE)
  --json             as JSON (env: KOS_JSON)

Examples:
  size --count 5  five
That is all.
`,
  );
});

Deno.test("help: no line is longer than the terminal is wide, and nothing is left out", () => {
  const words = helpText(SAMPLE, 200).split(/\s+/);
  for (const width of [20, 30, 40, 60, 80, 120]) {
    const help = helpText(SAMPLE, width);
    assert(help.split("\n").every((line) => unicodeWidth(line) <= width), help);
    if (width >= 40) assertEquals(help.split(/\s+/), words);
  }
  assertStringIncludes(helpText(SAMPLE, 200), "so that it is not in one line (default: nowhere");
});
