/**
 * Where a new project gets kos from.
 *
 * @module
 */
import { readFile, realpath } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { UsageError } from "../cli/arguments.ts";
import { messageOf } from "../cli/main.ts";
import { VERSION } from "../cli/version.ts";
import type { Runtime, Source } from "./project.ts";

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

/** What is given instead of a place that can't be used. */
const INSTEAD: Readonly<Record<Runtime, string>> = {
  deno: `a checkout of kos, or a specifier such as jsr:${PACKAGE}@^${VERSION}`,
  node: `the .tgz of a packed kos (deno task pack), or a specifier such as npm:${PACKAGE}@^${VERSION}`,
};

/**
 * Reads where kos comes from.
 *
 * @param from A specifier such as `jsr:@kos/kos@^0.1.0`, the folder of a checkout or its file URL, or a
 * packed file for Node; left out, it is what this module came from.
 * @returns The source, files and folders with their real path.
 * @throws {UsageError} When it is none that the runtime can import.
 */
export async function sourceOf(from: string | undefined, runtime: Runtime): Promise<Source> {
  const own = from === undefined ? ownCheckout() : undefined;
  if (own !== undefined && runtime === "node") {
    throw new UsageError(
      "Cannot use --runtime node: received no --from, and node can't import this checkout; " +
        `give ${INSTEAD.node}`,
    );
  }
  const place = from ?? own ?? `${REGISTRIES[runtime][0]}:${PACKAGE}@^${VERSION}`;
  const registry = /^([a-z]{3,}):/.exec(place)?.[1];
  if (registry !== undefined && registry !== "file") return fromRegistry(place, registry, runtime);
  const path = registry === "file" ? fileURLToPath(place) : place;
  return runtime === "node" ? await packed(path) : await checkout(path);
}

/** The registries that a runtime imports from, the usual one first. */
const REGISTRIES: Readonly<Record<Runtime, readonly string[]>> = { deno: ["jsr", "npm"], node: ["npm"] };

function fromRegistry(specifier: string, registry: string, runtime: Runtime): Source {
  if (REGISTRIES[runtime].includes(registry)) return { kind: "registry", specifier };
  throw refused(specifier, `which is nothing that ${runtime} imports`, runtime);
}

async function packed(path: string): Promise<Source> {
  if (!path.endsWith(".tgz")) throw refused(path, "which is no packed file", "node");
  return { kind: "packed", path: await realPathOf(path, "node") };
}

function refused(place: string, why: string, runtime: Runtime): UsageError {
  return new UsageError(`Cannot use --from: received ${place}, ${why}; give ${INSTEAD[runtime]}`);
}

async function realPathOf(path: string, runtime: Runtime): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as { readonly code?: unknown }).code !== "ENOENT") throw error;
    throw refused(path, "which is not there", runtime);
  }
}

async function checkout(folder: string): Promise<Source> {
  const path = await realPathOf(folder, "deno");
  let config: { readonly name?: unknown; readonly version?: unknown };
  try {
    config = JSON.parse(await readFile(join(path, "deno.json"), "utf8"));
  } catch (error) {
    throw refused(folder, `whose deno.json can't be read (${messageOf(error)})`, "deno");
  }
  const { name, version } = config;
  if (name !== PACKAGE || typeof version !== "string") {
    throw refused(folder, `which is not ${PACKAGE}`, "deno");
  }
  return { kind: "checkout", path, version };
}

/** The source as a project sees it: the way to a checkout from the project's folder, which is a real path. */
export function seenFrom(project: string, source: Source): Source {
  return source.kind === "checkout" ? { ...source, path: pathBetween(project, source.path) } : source;
}

/** A folder as another one sees it, with slashes; whole where no way leads from one to the other. */
function pathBetween(from: string, to: string): string {
  const path = relative(from, to).replaceAll(sep, "/");
  return path.startsWith(".") ? path : to;
}
