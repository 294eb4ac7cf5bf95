/**
 * The folder that a project is written to.
 *
 * @module
 */
import { mkdir, readdir, realpath, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { UsageError } from "../cli/arguments.ts";
import type { ProjectFile } from "./project.ts";

/** What may be in a folder that is taken for empty. */
const HARMLESS: ReadonlySet<string> = new Set([".git"]);

/**
 * Makes the folder of a new project where it is missing.
 *
 * @returns The folder's real path.
 * @throws {UsageError} When something is in it already, or it is a file.
 */
export async function emptyFolder(path: string): Promise<string> {
  try {
    await mkdir(path, { recursive: true });
  } catch (error) {
    if (codeOf(error) !== "EEXIST" && codeOf(error) !== "ENOTDIR") throw error;
    throw new UsageError(`Cannot write to ${path}: received a file; name a folder that is new or empty`);
  }
  const there = (await readdir(path)).filter((name) => !HARMLESS.has(name)).sort();
  if (there.length === 0) return await realpath(path);
  throw new UsageError(
    `Cannot write to ${path}: received a folder that is not empty (${listed(there)}); ` +
      "name another one, or empty it first",
  );
}

/** Writes the files of a project; none may be there already. */
export async function writeFiles(folder: string, files: readonly ProjectFile[]): Promise<void> {
  for (const { name, text } of files) await writeFile(join(folder, name), text, { flag: "wx" });
}

function codeOf(error: unknown): unknown {
  return (error as { readonly code?: unknown } | null)?.code;
}

function listed(names: readonly string[]): string {
  return names.length <= 3
    ? names.join(", ")
    : `${names.slice(0, 3).join(", ")} and ${names.length - 3} more`;
}
