/**
 * `deno task build`: the programs as binaries of one file. See `--help`.
 *
 * @module
 */
import { format } from "@std/fmt/bytes";
import { join, relative } from "@std/path";
import { parseArguments, UsageError } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { choice, InvalidValue, text } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { say } from "../src/cli/write.ts";
import { answerOf, type Built, bundle, compile } from "./build/compile.ts";
import { describePermissions, programAt } from "./build/entry.ts";
import {
  permissionsConfig,
  type Program as BuiltProgram,
  PROGRAM_NAMES,
  type ProgramName,
  PROGRAMS,
} from "./build/programs.ts";
import { type Target, TARGETS } from "./build/targets.ts";

interface Flags {
  readonly target: "host" | "all" | typeof TARGETS[number];
  readonly only?: ProgramName;
  readonly entry?: string;
  readonly name?: string;
  readonly permissions?: string;
  readonly out: string;
  readonly script: boolean;
  readonly unchecked: boolean;
}

/** The task and its flags. */
export const BUILD: Program<Flags> = {
  name: "build",
  task: true,
  description: `Builds the programs ${
    PROGRAM_NAMES.join(" and ")
  }: one file each, with the permissions it needs in it (the same as its task's). Or builds a program of your own, with the permissions of its deno.json.`,
  prefix: "KOS_BUILD_",
  flags: {
    target: {
      value: "<target>",
      text: `host, ${TARGETS.join(", ")}, or all (both of these)`,
      parse: choice("host", ...TARGETS, "all"),
      default: "host",
    },
    only: {
      value: "<program>",
      text: `build one: ${PROGRAM_NAMES.join(" or ")}`,
      parse: choice(...PROGRAM_NAMES),
      excludes: ["entry"],
    },
    entry: {
      value: "<module>",
      text: "build this program of your own: the module that calls run",
      parse: text("a module"),
    },
    name: {
      value: "<name>",
      text: "what it is called",
      parse: fileName,
      defaultText: "as its module, or as the folder of a main.ts",
    },
    permissions: {
      value: "<set>",
      text: "which permissions of its deno.json it gets",
      parse: text("a name"),
      defaultText: "the only ones, default, or those of its name",
    },
    out: {
      value: "<dir>",
      text: "the folder to build into; a --target but host gets one of its own in it",
      parse: text("a folder"),
      default: "dist",
    },
    script: toggle("build scripts to be run by Deno instead, and a deno.json with their permissions"),
    unchecked: toggle("don't try whether a binary for this machine starts"),
  },
  sections: [{
    title: "Variables",
    rows: [[
      "DENORT_BIN",
      "the runtime to embed, for where it can't be downloaded: denort of the same version as deno",
    ]],
    paragraphs: [
      "Deno can compile for the host and, with --target, for others; each binary embeds a runtime that is downloaded once.",
    ],
  }],
};

/** Runs the command line. @returns The exit code: 0, 1 when it can't build, 2 for wrong flags. */
export async function build(args: readonly string[]): Promise<number> {
  return await runProgram("build", async () => {
    const flags = parseArguments(BUILD, args);
    if (flags.script && flags.target !== "host") {
      throw new UsageError(
        `Cannot use --script with --target: received ${flags.target}; a script is the same for all`,
      );
    }
    const programs = await programsOf(flags);
    if (flags.script) {
      for (const program of programs) {
        const built = await bundle(program, flags.out);
        if (!flags.unchecked) await answerOf(program, built.path);
        tell(
          built,
          `to run: deno run -P=${program.permissions} --config ${join(flags.out, "deno.json")} ${
            join(flags.out, `${program.name}.js`)
          }`,
        );
      }
      await Deno.writeTextFile(join(flags.out, "deno.json"), permissionsConfig(programs));
      return;
    }
    const denort = Deno.env.get("DENORT_BIN") || undefined;
    for (const [target, into] of targetsOf(flags)) {
      for (const program of programs) {
        const built = await compile(program, { target, into, denort, unchecked: flags.unchecked });
        tell(built, `${target}, ${describePermissions(program)}`);
      }
    }
  });
}

/** The programs to build: the user's own, or those of the project. */
async function programsOf({ entry, name, permissions, only }: Flags): Promise<readonly BuiltProgram[]> {
  if (entry !== undefined) return [await programAt(entry, { name, permissions })];
  if (name !== undefined || permissions !== undefined) {
    throw new UsageError(
      `Cannot use --${
        name === undefined ? "permissions" : "name"
      }: received no --entry; give the program of your own`,
    );
  }
  return PROGRAMS.filter((program) => only === undefined || program.name === only);
}

/** A name that a file may have. */
function fileName(value: string): string {
  if (/^[\w][\w.-]*$/.test(value)) return value;
  throw new InvalidValue("expected letters, digits, dots and dashes");
}

function targetsOf({ target, out }: Flags): [Target, string][] {
  if (target === "host") return [[Deno.build.target, out]];
  return (target === "all" ? TARGETS : [target]).map((target) => [target, join(out, target)]);
}

function tell({ path, bytes }: Built, note: string): void {
  const near = relative(Deno.cwd(), path);
  say(`${near.startsWith("..") ? path : near}  ${format(bytes)}  ${note}`);
}

if (import.meta.main) Deno.exit(await build(Deno.args));
