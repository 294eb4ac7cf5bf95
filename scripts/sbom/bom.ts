/**
 * The list of what kos is made of, in CycloneDX 1.6. It has no time and no random number in it: equal sources give
 * equal bytes, so who doubts a published one makes it anew and compares.
 *
 * @module
 */
import { ScriptError } from "../support/errors.ts";
import type { Known } from "./licences.ts";

/** The part of deno.lock that is read here. */
export interface Lock {
  readonly npm: Readonly<Record<string, LockedPackage>>;
  readonly specifiers: Readonly<Record<string, string>>;
}

/** A package as deno.lock has it, under `name@version`. */
export interface LockedPackage {
  /** Of its archive: an algorithm, a dash and base64, such as `sha512-…`. */
  readonly integrity: string;
  /** Names, with a version behind an @ where several are there. */
  readonly dependencies?: readonly string[];
}

/** The project. */
export interface Subject {
  /** With its scope, such as `@kos/kos`. */
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  /** The runtime that images and binaries have in them. */
  readonly deno: string;
}

/** Part of a list: the project, a package or the runtime. */
interface Component {
  readonly [property: string]: unknown;
  readonly "bom-ref": string;
}

/**
 * The list. Packages for tests are in it as `excluded`.
 *
 * @throws {ScriptError} When deno.lock has a package whose licence is not told, or tells of one that it has not.
 */
export function bomOf(lock: Lock, known: Readonly<Record<string, Known>>, subject: Subject): object {
  const components = Object.entries(lock.npm).map(([id, { integrity }]) => packageOf(id, integrity, known));
  const project = projectOf(subject);
  const runtime = runtimeOf(subject.deno);
  const direct = [...new Set(Object.entries(lock.specifiers).map(directRef))].sort();
  return {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: project },
    components: [...components, runtime],
    dependencies: [
      { ref: project["bom-ref"], dependsOn: [...direct, runtime["bom-ref"]] },
      ...Object.entries(lock.npm).map(([id, { dependencies = [] }]) => ({
        ref: purlOf(...split(id)),
        dependsOn: dependencies.map((name) => refOf(name, lock)),
      })),
    ],
  };
}

function projectOf({ name, version, licence }: Subject): Component {
  const [group, own] = name.split("/") as [string, string];
  return {
    type: "application",
    "bom-ref": purlOf(name, version),
    group,
    name: own,
    version,
    licenses: [{ license: { id: licence } }],
    purl: purlOf(name, version),
  };
}

function runtimeOf(version: string): Component {
  const purl = `pkg:github/denoland/deno@v${version}`;
  return {
    type: "platform",
    "bom-ref": purl,
    name: "deno",
    version,
    description: "In images and binaries; the package for npm runs on Node.js as well",
    scope: "optional",
    licenses: [{ license: { id: "MIT" } }],
    purl,
  };
}

function packageOf(id: string, integrity: string, known: Readonly<Record<string, Known>>): Component {
  const [name, version] = split(id);
  const about = known[name];
  if (about === undefined) {
    throw new ScriptError(
      `Cannot list ${id}: received a package of deno.lock without a licence; add ${name} to scripts/sbom/licences.ts`,
    );
  }
  const slash = name.indexOf("/");
  return {
    type: "library",
    "bom-ref": purlOf(name, version),
    ...(slash < 0 ? {} : { group: name.slice(0, slash) }),
    name: name.slice(slash + 1),
    version,
    scope: about.part === "product" ? "required" : "excluded",
    hashes: [hashOf(id, integrity)],
    licenses: [{ license: { id: about.licence } }],
    purl: purlOf(name, version),
    externalReferences: [{ type: "distribution", url: `https://www.npmjs.com/package/${name}/v/${version}` }],
  };
}

/** The name and version of `name@version_peers`, whose name may begin with an @. */
function split(id: string): [name: string, version: string] {
  const [, name, version] = /^(@?[^@]+)@([^_]+)/.exec(id) ?? [];
  if (name !== undefined && version !== undefined) return [name, version];
  throw new ScriptError(`Cannot list ${id}: received no name and version in deno.lock; write the lock anew`);
}

/** A package's address, as the package-url specification writes it for npm. */
function purlOf(name: string, version: string): string {
  return `pkg:npm/${name.replace("@", "%40")}@${version}`;
}

function hashOf(id: string, integrity: string): object {
  const [algorithm, base64] = integrity.split("-") as [string, string | undefined];
  if (algorithm === "sha512" && base64 !== undefined) {
    return { alg: "SHA-512", content: Uint8Array.fromBase64(base64).toHex() };
  }
  throw new ScriptError(
    `Cannot list ${id}: received the integrity "${integrity}" in deno.lock; a sha512 is expected, so write the lock anew`,
  );
}

/** The package of a specifier such as `npm:ajv@8.20.0` that deno.lock resolves. */
function directRef([specifier, version]: [string, string]): string {
  return purlOf(split(specifier.replace(/^npm:\/?/, ""))[0], version.split("_")[0]!);
}

/** The package that a dependency's name means: the version behind it, or the only one that there is. */
function refOf(dependency: string, { npm }: Lock): string {
  const id = dependency in npm ? dependency : Object.keys(npm).find((each) => split(each)[0] === dependency);
  if (id !== undefined) return purlOf(...split(id));
  throw new ScriptError(
    `Cannot list the dependency ${dependency}: received a deno.lock without it; write the lock anew`,
  );
}
