/**
 * A program of the user's own, to be built.
 *
 * @module
 */
import { basename, dirname, join, relative, resolve } from "@std/path";
import { parse } from "@std/jsonc";
import ownConfig from "../../deno.json" with { type: "json" };
import { UsageError } from "../../src/cli/arguments.ts";
import { exists } from "../support/cache.ts";
import { messageOf } from "../support/errors.ts";
import type { PermissionSet, Program } from "./programs.ts";

/** What may be said of a program beside its main module. */
export interface EntryOptions {
  /** The name of what is built. Default: the module's; of a `main.ts` its folder's. */
  readonly name?: string | undefined;
  /** The name of its permissions in its deno.json. */
  readonly permissions?: string | undefined;
}

/** The permissions of a program whose deno.json has none: those of `streams`, which is a program of `run` too. */
const DEFAULT_SET: PermissionSet = ownConfig.permissions.streams;

/**
 * The program of a main module: its imports and permissions are those of the deno.json beside it or above it.
 *
 * @throws {UsageError} When there is no such file, or it can't be told which permissions are meant.
 */
export async function programAt(module: string, options: EntryOptions): Promise<Program> {
  const entry = resolve(module);
  if (!(await isFile(entry))) {
    throw new UsageError(
      `Cannot use --entry: received ${
        JSON.stringify(module)
      }, which is no file; give the module that calls run`,
    );
  }
  const config = await configAbove(dirname(entry));
  const name = options.name ?? nameOf(entry);
  const sets = config === undefined ? {} : await permissionsOf(config);
  const permissions = choose(sets, name, options.permissions, config);
  return {
    name,
    entry,
    ...(config === undefined ? {} : { config }),
    permissions: permissions ?? "default",
    set: permissions === undefined ? DEFAULT_SET : sets[permissions]!,
    configured: permissions !== undefined,
  };
}

/** Where a program's permissions come from, for who builds it. */
export function describePermissions({ configured, permissions, config }: Program): string {
  const place = config === undefined ? "" : relative(".", config);
  if (configured) return `permissions "${permissions}" of ${place}`;
  return `permissions of kos' own streams, as ${
    place === "" ? "there is no deno.json" : `${place} has none`
  }`;
}

async function isFile(path: string): Promise<boolean> {
  return await exists(path) && (await Deno.stat(path)).isFile;
}

/** A name by which the program can be told from others, where many are a `main.ts`. */
function nameOf(entry: string): string {
  const name = basename(entry).replace(/\.[^.]+$/, "");
  return name === "main" ? basename(dirname(entry)) || name : name;
}

async function configAbove(folder: string): Promise<string | undefined> {
  for (const name of ["deno.json", "deno.jsonc"]) {
    const path = join(folder, name);
    if (await isFile(path)) return path;
  }
  const parent = dirname(folder);
  return parent === folder ? undefined : await configAbove(parent);
}

async function permissionsOf(config: string): Promise<Readonly<Record<string, PermissionSet>>> {
  try {
    const { permissions = {} } = parse(await Deno.readTextFile(config)) as {
      readonly permissions?: Readonly<Record<string, PermissionSet>>;
    };
    return permissions;
  } catch (error) {
    throw new UsageError(
      `Cannot build with ${config}: received what is no configuration of Deno (${
        messageOf(error)
      }); correct it`,
      { cause: error },
    );
  }
}

/** The name of the program's permissions; `undefined` where the configuration has none that could be meant. */
function choose(
  sets: Readonly<Record<string, PermissionSet>>,
  name: string,
  asked: string | undefined,
  config: string | undefined,
): string | undefined {
  const names = Object.keys(sets);
  if (asked === undefined) {
    const only = names.length === 1 ? names[0] : undefined;
    return only ?? ["default", name].find((each) => each in sets);
  }
  if (asked in sets) return asked;
  throw new UsageError(
    `Cannot use --permissions: received ${JSON.stringify(asked)}; ${config ?? "no deno.json"} has ` +
      (names.join(", ") || "none"),
  );
}
