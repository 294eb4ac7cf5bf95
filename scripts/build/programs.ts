import config from "../../deno.json" with { type: "json" };
import { VERSION } from "../../src/cli/version.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** The project's own programs, by the names of their binaries, images and deployments. */
export const PROGRAM_NAMES = ["datagen", "streams"] as const;

/** The name of one of the project's own programs. */
export type ProgramName = typeof PROGRAM_NAMES[number];

/** A set of permissions as deno.json has it. */
export type PermissionSet = Readonly<Record<string, boolean | readonly string[]>>;

/** What a program is built of. */
export interface Program {
  /** The name of what is built. */
  readonly name: string;
  /** Its main module. */
  readonly entry: string;
  /** The deno.json with its imports; left out where there is none. */
  readonly config?: string;
  /** Its permissions, by the name that they have in {@linkcode config}. */
  readonly permissions: string;
  readonly set: PermissionSet;
  /** Whether {@linkcode config} has them. */
  readonly configured: boolean;
  /** What it answers to `--version`; left out where `--help` is all that it is known to answer. */
  readonly version?: string;
}

/** One of the project's own programs: its permissions are those that its task runs with. */
type OwnProgram = Program & {
  readonly name: ProgramName;
  readonly permissions: keyof typeof config.permissions;
};

/** All of the project's own programs. */
export const PROGRAMS: readonly OwnProgram[] = [own("datagen", "gen"), own("streams", "streams")];

function own(name: ProgramName, permissions: "gen" | "streams"): OwnProgram {
  return {
    name,
    entry: `${ROOT}src/${name}/main.ts`,
    config: `${ROOT}deno.json`,
    permissions,
    set: config.permissions[permissions],
    configured: true,
    version: VERSION,
  };
}

/** The configuration that scripts run with where deno.json is not: the programs' permissions and nothing else. */
export function permissionsConfig(programs: readonly Program[] = PROGRAMS): string {
  const permissions = Object.fromEntries(programs.map(({ permissions, set }) => [permissions, set]));
  return JSON.stringify({ permissions }, undefined, 2) + "\n";
}

/** The arguments that give a program its permissions. */
export function permissionArguments({ config, configured, permissions, set }: Program): string[] {
  const configuration = config === undefined ? [] : [`--config=${config}`];
  if (configured) return [...configuration, `-P=${permissions}`];
  const flags = Object.entries(set).filter(([, allowed]) => allowed !== false)
    .map(([name, allowed]) => allowed === true ? `--allow-${name}` : `--allow-${name}=${allowed}`);
  return [...configuration, ...flags];
}
