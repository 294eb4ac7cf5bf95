/**
 * `deno task sbom`: the list of what is in a release. See `--help`.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import config from "../deno.json" with { type: "json" };
import { parseArguments } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { text } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { say } from "../src/cli/write.ts";
import { bomOf, type Lock } from "./sbom/bom.ts";
import { PACKAGES } from "./sbom/licences.ts";

const ROOT = resolve(import.meta.dirname!, "..");

/** The name of the file that is written. */
const FILE = "kos.cdx.json";

interface Flags {
  readonly out: string;
}

/** The task and its flags. */
export const SBOM: Program<Flags> = {
  name: "sbom",
  task: true,
  description:
    `Writes <dir>/${FILE}: the packages of deno.lock with their licences and hashes, and the runtime, in CycloneDX 1.6. ` +
    "Equal sources give equal bytes.",
  prefix: "KOS_SBOM_",
  flags: {
    out: { value: "<dir>", text: "the folder to write into", parse: text("a folder"), default: "dist" },
  },
};

/** Writes the list into a folder. @returns The file. */
export async function writeSbom(folder: string): Promise<string> {
  const { name, version, license: licence } = config;
  const lock: Lock = JSON.parse(await Deno.readTextFile(join(ROOT, "deno.lock")));
  const bom = bomOf(lock, PACKAGES, { name, version, licence, deno: Deno.version.deno });
  await Deno.mkdir(folder, { recursive: true });
  const file = join(folder, FILE);
  await Deno.writeTextFile(file, JSON.stringify(bom, undefined, 2) + "\n");
  return file;
}

/** Runs the command line. @returns The exit code: 0, 1 when it can't be written, 2 for wrong flags. */
async function sbom(args: readonly string[]): Promise<number> {
  return await runProgram("sbom", async () => {
    const { out } = parseArguments(SBOM, args);
    say(await writeSbom(out));
  });
}

if (import.meta.main) Deno.exit(await sbom(Deno.args));
