/**
 * docs/flags.md: the flags of all programs, from their tables.
 *
 * @module
 */
import { termOf } from "../../src/cli/help.ts";
import { type AnyProgram, callOf, defaultTextOf, type NamedFlag, namedFlags } from "../../src/cli/program.ts";

const HEAD = `# Flags

<!-- Written by \`deno task docs\` from the programs' tables; a test fails when it is out of date. -->

A flag on the command line goes before its variable, and that before the default; a variable set to nothing
is not set. Values are given as \`--rate 5\` or \`--rate=5\`. Flags without a value are off unless given;
\`--json=false\`, and a variable with \`true\` or \`false\`, say it too. Each program has \`--help\`. A wrong flag
or variable ends it with exit code 2, anything else that fails with 1.
`;

/** The whole file. */
export function flagDocs(programs: readonly AnyProgram[]): string {
  return [HEAD, ...programs.map(sectionOf)].join("\n");
}

function sectionOf(program: AnyProgram): string {
  const title = program.task ? callOf(program) : `${program.name} (deno task ${program.name})`;
  const rows = namedFlags(program).filter(({ hidden }) => !hidden).map(rowOf);
  const others = [program.words, program.rest].filter((name) => name !== undefined).join(" ");
  const rest = others === "" ? "" : `\nArguments besides: \`${others}\`.\n`;
  return `## ${title}\n\n${[program.description].flat().map(escaped).join("\n\n")}\n${rest}
| flag | variable | default | what |
| ---- | -------- | ------- | ---- |
${rows.join("\n")}
`;
}

function rowOf(flag: NamedFlag): string {
  const variable = flag.variable === undefined ? "" : `\`${flag.variable}\``;
  return `| \`${cell(termOf(flag))}\` | ${variable} | ${escaped(cell(defaultTextOf(flag) ?? ""))} | ${
    escaped(cell(flag.text))
  } |`;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replace(/\s+/g, " ");
}

/** What Markdown would take for its own. */
function escaped(text: string): string {
  return text.replace(/[<>*_]/g, "\\$&");
}
