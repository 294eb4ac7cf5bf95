/**
 * Where a new project gets kos from.
 *
 * @module
 */
import { readFile, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../cli/arguments.ts";
import { VERSION } from "../cli/version.ts";
import type { Source } from "./project.ts";

/** The package's name in every registry. */
const PACKAGE = "@kos/kos";

/**
 * The checkout that this module is in; `undefined` where it came from a registry, be it over https or into a
 * folder of packages.
 */
export function ownCheckout(module: string = import.meta.url): string | undefined {
  if (!module.startsWith("file:") || module.includes("/node_modules/")) return undefined;
  return fileURLToPath(new URL("../../", module));
}

/**
 * Reads where kos comes from.
 *
 * @param from A specifier such as `jsr:@kos/kos@^0.1.0`, the folder of a checkout or its file URL; left out,
 * it is what this module came from.
 * @returns The source, a checkout with its real path.
 * @throws {UsageError} When it is neither.
 */
export async function sourceOf(from: string | undefined): Promise<Source> {
  const place = from ?? ownCheckout() ?? `jsr:${PACKAGE}@^${VERSION}`;
  if (/^(jsr|npm):/.test(place)) return { kind: "registry", specifier: place };
  const folder = place.startsWith("file:") ? fileURLToPath(place) : place;
  const version = await versionIn(folder);
  return { kind: "checkout", path: await realpath(folder), version };
}

/** The source as a project sees it: the way to a checkout from the project's folder, which is a real path. */
export function seenFrom(project: string, source: Source): Source {
  return source.kind === "checkout" ? { ...source, path: pathBetween(project, source.path) } : source;
}

/** The version of the checkout in a folder. */
async function versionIn(folder: string): Promise<string> {
  const refused = (received: string): UsageError =>
    new UsageError(
      `Cannot use --from: received ${folder}, ${received}; give a checkout of kos, or a specifier such as ` +
        `jsr:${PACKAGE}@^${VERSION}`,
    );
  let text: string;
  try {
    text = await readFile(join(folder, "deno.json"), "utf8");
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "ENOENT") throw error;
    throw refused("in which there is no deno.json");
  }
  const { name, version } = configOf(text, refused);
  if (name !== PACKAGE || typeof version !== "string") throw refused(`which is not ${PACKAGE}`);
  return version;
}

function configOf(
  text: string,
  refused: (received: string) => UsageError,
): { readonly name?: unknown; readonly version?: unknown } {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refused(`whose deno.json can't be read (${(error as SyntaxError).message})`);
  }
}

/** A folder as another one sees it, with slashes; whole where no way leads from one to the other. */
function pathBetween(from: string, to: string): string {
  const path = relative(from, to).replaceAll(sep, "/");
  return path.startsWith(".") ? path : to;
}
