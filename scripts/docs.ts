/**
 * `deno task docs`: the docs that are made from the programs. See `--help`.
 *
 * @module
 */
import { parseArguments } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { say } from "../src/cli/write.ts";
import { flagDocs } from "./docs/flags.ts";
import { ALL_PROGRAMS } from "./docs/programs.ts";
import { DOCS } from "./docs/task.ts";
import { ScriptError } from "./support/errors.ts";

const FILE = new URL("../docs/flags.md", import.meta.url);

/** Runs the command line. @returns The exit code. */
async function docs(args: readonly string[]): Promise<void> {
  const { check } = parseArguments(DOCS, args);
  const text = flagDocs(ALL_PROGRAMS);
  if (!check) {
    await Deno.writeTextFile(FILE, text);
    say("wrote docs/flags.md");
  } else if (await Deno.readTextFile(FILE) !== text) {
    throw new ScriptError(
      "Cannot pass docs/flags.md: received another text than the programs' tables give; deno task docs writes it",
    );
  }
}

if (import.meta.main) Deno.exit(await runProgram("docs", () => docs(Deno.args)));
