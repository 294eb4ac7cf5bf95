/**
 * What Deno's package for npm needs, so that Node can use it.
 *
 * @module
 */
import { ScriptError } from "../support/errors.ts";

/** The oldest Node that the package runs on: from it on `node:sqlite` and JSON modules need no flag. */
export const OLDEST_NODE = "22.13.0";

/** The part of deno.json that a package is made of. */
export interface Config {
  readonly imports: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string>>;
}

/** A package.json, as far as it is read here. */
export interface Manifest {
  readonly version: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** The export that is a program, and the command that it is. */
const PROGRAM = { export: "./new", command: "kos-new" } as const;

/** Where the program of the package is, from its folder; `undefined` where it exports none. */
export function programOf({ exports }: Config): string | undefined {
  return exports[PROGRAM.export]?.replace(/\.ts$/, ".js");
}

/**
 * A module with the names that Node knows: packages of deno.json's import map by their own, and for
 * deno.json, which is not in the package, its package.json, which has the version too.
 *
 * @throws {ScriptError} When a module imports by a name that neither knows.
 */
export function forNode(module: string, config: Config): string {
  return module
    .replace(
      /(\bfrom\s*|\bimport\s*\(?\s*)"([^"\n]+)"/g,
      (_, before, name) => `${before}"${named(name, config)}"`,
    )
    .replace(/("(?:\.\.?\/)+)deno\.json"/g, '$1package.json"');
}

/** A specifier as Node takes it. */
function named(specifier: string, { imports }: Config): string {
  if (!specifier.startsWith("@std/")) return specifier;
  const target = /^npm:([^@]+)@[^/]+(\/.*)$/.exec(imports[specifier] ?? "");
  if (target === null) {
    throw new ScriptError(
      `Cannot pack a module that imports ${specifier}: received ${
        imports[specifier] ?? "no such import"
      } in ` +
        "deno.json; name a file of a package of npm there",
    );
  }
  return target[1]! + target[2]!;
}

/**
 * The package.json with what npm and its users want to know beside the exports.
 *
 * @throws {ScriptError} When Deno left a package out that the modules need.
 */
export function manifestOf(packed: Manifest, config: Config): Record<string, unknown> {
  const program = programOf(config);
  if (packed.dependencies?.["deno-std"] === undefined) {
    throw new ScriptError("Cannot pack: received a package without its dependencies; deno 2.9.6 names them");
  }
  return {
    ...packed,
    // Those that it is tested with: it reads files inside of them.
    dependencies: Object.fromEntries(
      Object.entries(packed.dependencies ?? {}).map(([name, range]) => [name, range.replace(/^\^/, "")]),
    ),
    description:
      "Kafka stream processing with the semantics of Kafka Streams, in TypeScript on Deno and Node",
    keywords: ["kafka", "kafka-streams", "stream-processing", "deno"],
    engines: { node: `>=${OLDEST_NODE}` },
    ...(program === undefined ? {} : { bin: { [PROGRAM.command]: program } }),
    // Types name what the runtime has, such as Request.
    peerDependencies: { "@types/node": ">=22" },
    peerDependenciesMeta: { "@types/node": { optional: true } },
  };
}
