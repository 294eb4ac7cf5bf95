/**
 * Compiles and bundles the programs with the Deno that runs this.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { VERSION } from "../../src/cli/version.ts";
import { remove } from "../support/cache.ts";
import { tryRun } from "../support/commands.ts";
import { messageOf, ScriptError } from "../support/errors.ts";
import type { Program } from "./programs.ts";
import { elfMachine, headOf, type Target } from "./targets.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

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
 * that has answered `--version`, unless it is for another machine.
 *
 * @throws {ScriptError} When types are wrong, the runtime can't be had or is the wrong one, or the result doesn't start.
 */
export async function compile(program: Program, options: CompileOptions): Promise<Built> {
  const { target, denort } = options;
  if (denort !== undefined) await checkRuntime(denort, target);
  const into = resolve(options.into);
  await Deno.mkdir(into, { recursive: true });
  const windows = target.includes("windows");
  const path = join(into, program.name + (windows ? ".exe" : ""));
  const beside = join(into, `.${program.name}.${crypto.randomUUID()}${windows ? ".exe" : ""}`);
  try {
    // --bundle: without it a dependency of prom-client overflows Deno's stack, and the whole npm tree is embedded.
    await deno("compile", program, target, [
      `-P=${program.permissions}`,
      "--bundle",
      "--minify",
      `--target=${target}`,
      `--output=${beside}`,
      program.entry,
    ]);
    if (target === Deno.build.target && !options.unchecked) await checkStarts(beside, program, denort);
    await Deno.rename(beside, path);
    return { path, bytes: (await Deno.stat(path)).size };
  } finally {
    await remove(beside); // nothing is left of it after the rename
  }
}

/**
 * Bundles a program to one script that needs no other file, to be run by a Deno of this version. Types are checked.
 *
 * @throws {ScriptError} When types are wrong.
 */
export async function bundle(program: Program, into: string): Promise<Built> {
  await Deno.mkdir(into, { recursive: true });
  const path = join(resolve(into), `${program.name}.js`);
  await deno("bundle", program, undefined, ["--check", "--minify", `--output=${path}`, program.entry]);
  return { path, bytes: (await Deno.stat(path)).size };
}

async function deno(
  command: string,
  program: Program,
  target: Target | undefined,
  args: readonly string[],
): Promise<void> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: [command, "--quiet", ...args],
    cwd: ROOT,
    clearEnv: true,
    env: { ...environment(), NO_COLOR: "1" },
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

/** The environment, without a `DENORT_BIN` set to nothing: Deno takes that for a path. */
function environment(): Record<string, string> {
  const { DENORT_BIN, ...rest } = Deno.env.toObject();
  return DENORT_BIN ? { ...rest, DENORT_BIN } : rest;
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

async function checkStarts(path: string, program: Program, denort: string | undefined): Promise<void> {
  const output = await tryRun(path, ["--version"]);
  const said = output?.text.trim() ?? "nothing";
  if (output?.success && said === VERSION) return;
  const cause = denort === undefined
    ? `that should not be: the runtime may be damaged; remove Deno's cache (deno info shows where) and try again`
    : `DENORT_BIN="${denort}" has to be the denort of Deno ${Deno.version.deno}: a deno, which runs what is asked for instead of what is in it, won't do`;
  throw new ScriptError(
    `Cannot use what was compiled for ${program.name}: asked for --version, received "${
      said.slice(0, 300)
    }" instead of ${VERSION}; ${cause}`,
  );
}
