import config from "../../deno.json" with { type: "json" };

/** The programs that are built, by the names of their binaries, images and deployments. */
export const PROGRAM_NAMES = ["datagen", "streams"] as const;

/** A program's name. */
export type ProgramName = typeof PROGRAM_NAMES[number];

/** What a program is built of. */
export interface Program {
  readonly name: ProgramName;
  /** Its main module, from the project's folder. */
  readonly entry: string;
  /** Its permissions: a named set in deno.json, the same as its task runs with. */
  readonly permissions: keyof typeof config.permissions;
}

/** All programs. */
export const PROGRAMS: readonly Program[] = [
  { name: "datagen", entry: "src/datagen/main.ts", permissions: "gen" },
  { name: "streams", entry: "src/streams/main.ts", permissions: "streams" },
];

/** The configuration that a script runs with where deno.json is not: the programs' permissions and nothing else. */
export function permissionsConfig(): string {
  const permissions = PROGRAMS.map(({ permissions }) => [permissions, config.permissions[permissions]]);
  return JSON.stringify({ permissions: Object.fromEntries(permissions) }, undefined, 2) + "\n";
}
