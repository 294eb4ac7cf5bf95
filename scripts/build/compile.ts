/**
 * Compiles and bundles the programs with the Deno that runs this.
 *
 * @module
 */
import { dirname, join, resolve } from "@std/path";
import { remove } from "../support/cache.ts";
import { tryRun } from "../support/commands.ts";
import { messageOf, ScriptError } from "../support/errors.ts";
import { permissionArguments, type Program } from "./programs.ts";
import { elfMachine, headOf, type Target } from "./targets.ts";

/** Time for a compile on a slow machine that has to download the runtime first, in ms. */
const TIMEOUT_MS = 600_000;

/** A file that was made. */
export interface Built {
  readonly path: string;
  readonly bytes: number;
}

/** Settings of {@linkcode compile}. */
export interface CompileOptions {
  readonly target: Target;
  /** The folder to put the binary in; created where it is missing. */
  readonly into: string;
  /** The runtime to embed instead of the one that is downloaded: the variable `DENORT_BIN`. */
  readonly denort: string | undefined;
  /** Don't run the result with `--version` where this machine could. */
  readonly unchecked?: boolean;
}

/**
 * Compiles a program to one file with its permissions in it. Types are checked. What takes its place in the folder is a binary
 * that has answered as its bundle does, unless it is for another machine.
 *
 * @throws {ScriptError} When types are wrong, the runtime can't be had or is the wrong one, or the result doesn't start.
 */
export async function compile(program: Program, options: CompileOptions): Promise<Built> {
  const { target, denort } = options;
  if (denort !== undefined) await checkRuntime(denort, target);
  const into = resolve(options.into);
  await Deno.mkdir(into, { recursive: true });
  const work = await Deno.makeTempDir({ dir: into, prefix: `.${program.name}-` });
  try {
    const file = program.name + (target.includes("windows") ? ".exe" : "");
    // A bundle: without it a dependency of prom-client overflows Deno's stack, and the whole npm tree is embedded.
    const script = (await bundle(program, work)).path;
    const answer = options.unchecked ? undefined : await answerOf(program, script);
    const made = join(work, file);
    await deno("compile", program, target, [
      "--no-check",
      ...permissionArguments(program),
      `--target=${target}`,
      `--output=${made}`,
      script,
    ]);
    if (answer !== undefined && target === Deno.build.target) {
      await checkStarts(made, program, answer, denort);
    }
    const path = join(into, file);
    await Deno.rename(made, path);
    return { path, bytes: (await Deno.stat(path)).size };
  } finally {
    await remove(work);
  }
}

/**
 * Bundles a program to one script that needs no other file, to be run by a Deno of this version. Types are checked. It is not
 * minified, so that stack traces can be read.
 *
 * @throws {ScriptError} When types are wrong, or a module can't be had.
 */
export async function bundle(program: Program, into: string): Promise<Built> {
  await Deno.mkdir(into, { recursive: true });
  const path = join(resolve(into), `${program.name}.js`);
  const config = program.config === undefined ? [] : [`--config=${program.config}`];
  await deno("check", program, undefined, [...config, program.entry]);
  await deno("bundle", program, undefined, [...config, `--output=${path}`, program.entry]);
  return { path, bytes: (await Deno.stat(path)).size };
}

/** What is asked of a program to see that it starts, and what it says. */
interface Answer {
  readonly flag: string;
  readonly text: string;
}

/**
 * What a program has to answer; of one that is not known, what its bundle says of itself.
 *
 * @throws {ScriptError} When it is no program of `run`.
 */
export async function answerOf(program: Program, script: string): Promise<Answer> {
  if (program.version !== undefined) return { flag: "--version", text: program.version };
  const permissions = permissionArguments(program);
  const args = ["run", "--quiet", "--no-prompt", ...permissions, script, "--help"];
  const output = await tryRun(Deno.execPath(), args);
  const text = output?.text.trim() ?? "";
  if (output?.success && text.includes("KAFKA_BROKERS")) return { flag: "--help", text };
  throw new ScriptError(
    `Cannot build ${program.name}: asked for --help, received ${
      text === "" ? "nothing" : `"${text.slice(0, 300)}"`
    } instead of the flags of a program of kos; let ${program.entry} call run(topology, options)`,
  );
}

async function deno(
  command: string,
  program: Program,
  target: Target | undefined,
  args: readonly string[],
): Promise<void> {
  // Deno takes one that is set to nothing for a path.
  if (Deno.env.get("DENORT_BIN") === "") Deno.env.delete("DENORT_BIN");
  const output = await new Deno.Command(Deno.execPath(), {
    args: [command, "--quiet", ...args],
    cwd: dirname(program.config ?? program.entry),
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).output();
  if (output.success) return;
  const text = new TextDecoder().decode(output.stderr).replace(/\n+Stack backtrace:[^]*$/, "").trim();
  const what = target === undefined ? program.name : `${program.name} for ${target}`;
  throw new ScriptError(`Cannot ${command} ${what}: ${compileFailure(text, target)}`);
}

/** What a failed compile's output means, with the remedy. */
export function compileFailure(text: string, target: Target | undefined): string {
  const download = /error sending request for url \((\S*denort\S*)\)[^]*?([^:\n]*)$/.exec(text) ??
    /(https?:\/\/\S*denort\S*?)[\s)][^]*?([^:\n]*)$/.exec(text);
  if (!download) return `received this from Deno:\n${text}`;
  return `the runtime to embed (denort) can't be downloaded: received "${download[2]!.trim()}" from ${
    download[1]
  }; ` +
    `connect to the network, or download that file elsewhere, unpack it and set DENORT_BIN to the denort in it` +
    ` (of Deno ${Deno.version.deno} for ${target}), or build scripts to be run by Deno itself: deno task build --script`;
}

async function checkRuntime(denort: string, target: Target): Promise<void> {
  let head: Uint8Array;
  try {
    head = await headOf(denort);
  } catch (error) {
    throw new ScriptError(
      `Cannot use DENORT_BIN: received "${denort}", which can't be read (${
        messageOf(error)
      }); set it to a denort program`,
      { cause: error },
    );
  }
  if (!target.includes("linux")) return;
  const machine = elfMachine(head);
  if (machine !== undefined && target.startsWith(`${machine}-`)) return;
  throw new ScriptError(
    `Cannot compile for ${target} with DENORT_BIN: received "${denort}", which is ${
      machine === undefined ? "no Linux program for either machine" : `for ${machine}`
    }; set it to the denort for ${target}, and build one target at a time`,
  );
}

async function checkStarts(
  path: string,
  program: Program,
  { flag, text }: Answer,
  denort: string | undefined,
): Promise<void> {
  const output = await tryRun(path, [flag]);
  const said = output?.text.trim() ?? "nothing";
  if (output?.success && said === text) return;
  const cause = denort === undefined
    ? `that should not be: the runtime may be damaged; remove Deno's cache (deno info shows where) and try again`
    : `DENORT_BIN="${denort}" has to be the denort of Deno ${Deno.version.deno}: a deno, which runs what is asked for instead of what is in it, won't do`;
  throw new ScriptError(
    `Cannot use what was compiled for ${program.name}: asked for ${flag}, received "${
      said.slice(0, 300)
    }" instead of ${flag === "--version" ? text : "what its bundle says"}; ${cause}`,
  );
}
