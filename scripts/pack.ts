/**
 * `deno task pack`: the package for npm. See `--help`.
 *
 * @module
 */
import { format } from "@std/fmt/bytes";
import { join, resolve } from "@std/path";
import config from "../deno.json" with { type: "json" };
import { parseArguments } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { text } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { VERSION } from "../src/cli/version.ts";
import { say } from "../src/cli/write.ts";
import { forNode, manifestOf, OLDEST_NODE, programOf } from "./pack/package.ts";
import { remove } from "./support/cache.ts";
import { tryRun } from "./support/commands.ts";
import { ScriptError } from "./support/errors.ts";

interface Flags {
  readonly out: string;
}

/** The task and its flags. */
export const PACK: Program<Flags> = {
  name: "pack",
  task: true,
  description:
    `Makes the package for npm, for Node ${OLDEST_NODE} and newer: <dir>/${archiveName()}, which npm installs, and ` +
    "<dir>/npm, the same as a folder, which npm publishes.",
  prefix: "KOS_PACK_",
  flags: {
    out: { value: "<dir>", text: "the folder to pack into", parse: text("a folder"), default: "dist" },
  },
};

const ROOT = new URL("../", import.meta.url).pathname;
const TIMEOUT_MS = 300_000;

/** Runs the command line. @returns The exit code: 0, 1 when it can't pack, 2 for wrong flags. */
export async function pack(args: readonly string[]): Promise<number> {
  return await runProgram("pack", async () => {
    const { out } = parseArguments(PACK, args);
    const { archive, folder } = await makePackage(resolve(out));
    say(`${archive}  ${format((await Deno.stat(archive)).size)}  to install: npm install ${archive}`);
    say(`${folder}  to publish: npm publish ${folder}`);
  });
}

/** A package that was made. */
export interface Package {
  /** The file that npm installs. */
  readonly archive: string;
  /** The same as a folder. */
  readonly folder: string;
}

/**
 * Makes the package in a folder, which is created where it is missing.
 *
 * @throws {ScriptError} When Deno can't pack the modules, or `tar` is not there.
 */
export async function makePackage(into: string): Promise<Package> {
  await Deno.mkdir(into, { recursive: true });
  const work = await Deno.makeTempDir({ dir: into, prefix: ".pack-" });
  try {
    const [raw, folder, archive] = [join(work, "raw.tgz"), join(into, "npm"), join(into, archiveName())];
    // Source maps would name the folder that this was built in.
    await done(Deno.execPath(), ["pack", "--quiet", "--allow-dirty", "--no-source-maps", `--output=${raw}`]);
    await done("tar", ["-xzf", raw, "-C", work]);
    await adapt(join(work, "package"));
    await done("tar", ["-czf", archive, "-C", work, "package"]);
    await remove(folder);
    await Deno.rename(join(work, "package"), folder);
    return { archive, folder };
  } finally {
    await remove(work);
  }
}

function archiveName(): string {
  return `${config.name.slice(1).replace("/", "-")}-${VERSION}.tgz`;
}

async function done(command: string, args: readonly string[]): Promise<void> {
  const output = await tryRun(command, args, TIMEOUT_MS, ROOT);
  if (output?.success) return;
  throw new ScriptError(
    output === undefined
      ? `Cannot pack: received no command ${command}; install it`
      : `Cannot pack: received this from ${command} ${args[0]}:\n${output.text.trim()}`,
  );
}

/** Changes what Deno has packed, in place, so that Node can use it. */
async function adapt(folder: string): Promise<void> {
  for await (const path of modulesBelow(folder)) {
    await Deno.writeTextFile(path, forNode(await Deno.readTextFile(path), config));
  }
  const manifest = join(folder, "package.json");
  const packed = JSON.parse(await Deno.readTextFile(manifest));
  await Deno.writeTextFile(manifest, JSON.stringify(manifestOf(packed, config), undefined, 2) + "\n");
  const program = programOf(config);
  if (program === undefined) return;
  const path = join(folder, program);
  await Deno.writeTextFile(path, `#!/usr/bin/env node\n${await Deno.readTextFile(path)}`);
  await Deno.chmod(path, 0o755);
}

async function* modulesBelow(folder: string): AsyncGenerator<string> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = join(folder, name);
    if (isDirectory) yield* modulesBelow(path);
    else if (/\.(?:js|d\.ts)$/.test(name)) yield path;
  }
}

if (import.meta.main) Deno.exit(await pack(Deno.args));
