/**
 * docs/flags.md: the flags of all programs, from their tables.
 *
 * @module
 */
import { termOf } from "../../src/cli/help.ts";
import { type AnyProgram, callOf, defaultTextOf, type NamedFlag, namedFlags } from "../../src/cli/program.ts";
import { serviceFlags } from "../../src/service/flags.ts";

const HEAD = `# Flags

<!-- Written by \`deno task docs\` from the programs' tables; a test fails when it is out of date. -->

A flag on the command line goes before its variable, and that before the default; a variable set to nothing
is not set. Values are given as \`--rate 5\` or \`--rate=5\`. Flags without a value are off unless given;
\`--json=false\`, and a variable with \`true\` or \`false\`, say it too. Each program has \`--help\`. A wrong flag
or variable ends it with exit code 2, anything else that fails with 1.
`;

const SERVICE_HEAD = `## Any application of run

What \`run(topology, options)\` takes, whatever it runs. An application's own flags (\`options.flags\`) come to
these, each with a variable of its name.
`;

/** What every application of `run` has. */
const SERVICE: AnyProgram = { name: "", description: "", flags: serviceFlags("the program's own") };

/** The whole file. */
export function flagDocs(programs: readonly AnyProgram[]): string {
  return [HEAD, `${SERVICE_HEAD}\n${tableOf(rowsOf(SERVICE))}`, ...programs.map(sectionOf)].join("\n");
}

function sectionOf(program: AnyProgram): string {
  const title = program.task ? callOf(program) : `${program.name} (deno task ${program.name})`;
  const isService = Object.keys(SERVICE.flags).every((key) => key in program.flags);
  const shared = new Set(isService ? rowsOf(SERVICE) : []);
  const description = [
    ...[program.description].flat().map(escaped),
    ...(isService ? ["Those of [any application of run](#any-application-of-run), and:"] : []),
  ];
  const others = [program.words, program.rest].filter((name) => name !== undefined).join(" ");
  const rest = others === "" ? "" : `\nArguments besides: \`${others}\`.\n`;
  const rows = rowsOf(program).filter((row) => !shared.has(row));
  return `## ${title}\n\n${description.join("\n\n")}\n${rest}\n${tableOf(rows)}`;
}

function tableOf(rows: readonly string[]): string {
  return `| flag | variable | default | what |
| ---- | -------- | ------- | ---- |
${rows.join("\n")}
`;
}

function rowsOf(program: AnyProgram): string[] {
  return namedFlags(program).filter(({ hidden }) => !hidden).map(rowOf);
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
