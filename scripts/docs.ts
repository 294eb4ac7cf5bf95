/**
 * `deno task docs`: what is made from the programs and the page. See `--help`.
 *
 * @module
 */
import { parseArguments } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { say } from "../src/cli/write.ts";
import config from "../deno.json" with { type: "json" };
import { assetsModule } from "./docs/assets.ts";
import { flagDocs } from "./docs/flags.ts";
import { withPermissions } from "./docs/permissions.ts";
import { ALL_PROGRAMS } from "./docs/programs.ts";
import { DOCS } from "./docs/task.ts";
import { ScriptError } from "./support/errors.ts";

const ROOT = new URL("../", import.meta.url);

/** What is written, by its path. */
async function files(): Promise<Record<string, string>> {
  return {
    "docs/flags.md": flagDocs(ALL_PROGRAMS),
    "docs/security.md": withPermissions(await Deno.readTextFile(new URL("docs/security.md", ROOT)), config),
    "src/dashboard/assets.ts": await assetsModule(new URL("src/dashboard/client/", ROOT).pathname),
  };
}

/** Runs the command line. @returns The exit code. */
async function docs(args: readonly string[]): Promise<void> {
  const { check } = parseArguments(DOCS, args);
  for (const [path, text] of Object.entries(await files())) {
    const file = new URL(path, ROOT);
    if (!check) {
      await Deno.writeTextFile(file, text);
      say(`wrote ${path}`);
    } else if (await Deno.readTextFile(file) !== text) {
      throw new ScriptError(
        `Cannot pass ${path}: received another text than what it is made from gives; deno task docs writes it`,
      );
    }
  }
}

if (import.meta.main) Deno.exit(await runProgram("docs", () => docs(Deno.args)));
