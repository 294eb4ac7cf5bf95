import { assert, assertEquals, assertThrows } from "@std/assert";
import library from "@cyclonedx/cyclonedx-library/package.json" with { type: "json" };
import { Ajv } from "ajv";
import config from "../../../deno.json" with { type: "json" };
import { bomOf, type Lock } from "../../../scripts/sbom/bom.ts";
import { ALLOWED, ALLOWED_IN_TESTS, PACKAGES } from "../../../scripts/sbom/licences.ts";
import { writeSbom } from "../../../scripts/sbom.ts";
import { ScriptError } from "../../../scripts/support/errors.ts";
import { filesBelow, importsOf, textOf } from "../../structure/sources.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const lock: Lock = JSON.parse(textOf("deno.lock"));
const SUBJECT = { name: "@kos/kos", version: "1.2.3", licence: "Apache-2.0", deno: "2.9.6" };

interface Component {
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly scope: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly { readonly license: { readonly id: string } }[];
}

interface Bom {
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

/** Where the packages of npm are installed, by one that is. */
const INSTALLED = new URL("../../../", import.meta.resolve("@cyclonedx/cyclonedx-library/package.json"));

/** A JSON file of an installed package; a scope is part of its name. */
function installed(name: string, version: string, file: string): Record<string, unknown> {
  const base = new URL(`${name}/${version}/${file}`, INSTALLED);
  return JSON.parse(Deno.readTextFileSync(base));
}

/** Names and versions of deno.lock's packages. */
const LOCKED = Object.keys(lock.npm).map((id) => /^(@?[^@]+)@([^_]+)/.exec(id)!.slice(1) as [string, string]);

Deno.test("the list of a release is valid by the schema of CycloneDX", () =>
  withDirectoryWhile(async (directory) => {
    const bom = JSON.parse(await Deno.readTextFile(await writeSbom(directory)));
    const schema = (name: string) =>
      installed(library.name, library.version, `res/schema/${name}.SNAPSHOT.schema.json`);
    // What the formats of addresses and times say is left to those who read them.
    const ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.addSchema(schema("spdx"), "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json");
    ajv.addSchema(schema("jsf-0.82"), "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json");
    const validate = ajv.compile(schema("bom-1.6"));
    assert(validate(bom), JSON.stringify(validate.errors, undefined, 2));
    assertEquals(validate({ ...bom, components: [{ type: "libary", name: "x" }] }), false);
  }));

Deno.test("the list has each package of deno.lock once, with version, address, hash and licence, and what it needs", () => {
  const { components, dependencies } = bomOf(lock, PACKAGES, SUBJECT) as Bom;
  const named = components.map((
    { group, name, version },
  ) => [group === undefined ? name : `${group}/${name}`, version]);
  assertEquals(named, [...LOCKED, ["deno", "2.9.6"]]);
  const kafkajs = components.find(({ name }) => name === "kafkajs")!;
  assertEquals(kafkajs.purl, "pkg:npm/kafkajs@2.2.4");
  assertEquals(kafkajs.hashes, [{
    alg: "SHA-512",
    content: Uint8Array.fromBase64(lock.npm["kafkajs@2.2.4"]!.integrity.slice("sha512-".length)).toHex(),
  }]);
  assertEquals(kafkajs.licenses[0]!.license.id, "MIT");
  const metrics = dependencies.find(({ ref }) => ref.startsWith("pkg:npm/prom-client@"))!;
  assertEquals(metrics.dependsOn, ["pkg:npm/%40opentelemetry/api@1.10.0", "pkg:npm/tdigest@0.1.3"]);
  const refs = new Set([...components.map(({ purl }) => purl), "pkg:npm/%40kos/kos@1.2.3"]);
  assertEquals(
    dependencies.flatMap(({ ref, dependsOn }) => [ref, ...dependsOn]).filter((ref) => !refs.has(ref)),
    [],
  );
});

Deno.test("equal sources give an equal list", () => {
  const again = structuredClone(lock);
  assertEquals(
    JSON.stringify(bomOf(lock, PACKAGES, SUBJECT)),
    JSON.stringify(bomOf(again, PACKAGES, SUBJECT)),
  );
});

Deno.test("a package whose licence is not told, and a weak hash, are refused", () => {
  const of = (integrity: string) => ({ specifiers: {}, npm: { "left-pad@1.3.0": { integrity } } });
  const sha512 = `sha512-${btoa("x".repeat(64))}`;
  assertThrows(() => bomOf(of(sha512), {}, SUBJECT), ScriptError, "add left-pad to scripts/sbom/licences.ts");
  const known = { "left-pad": { licence: "WTFPL", part: "product" } } as const;
  assertThrows(
    () => bomOf(of("sha1-abcd"), known, SUBJECT),
    ScriptError,
    'received the integrity "sha1-abcd"',
  );
});

Deno.test("each package of deno.lock is under an allowed licence, which is the one it has where it is installed", async () => {
  // All of them, not only those that have been used so far.
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["install", "--quiet", "--frozen"],
    cwd: new URL("../../../", import.meta.url),
    stdin: "null",
    stderr: "piped",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  for (const [name, version] of LOCKED) {
    const { licence, part } = PACKAGES[name]!;
    assertEquals(installed(name, version, "package.json")["license"], licence, name);
    assert((part === "product" ? ALLOWED : ALLOWED_IN_TESTS).includes(licence), `${name}: ${licence}`);
  }
  assertEquals(Object.keys(PACKAGES).sort(), [...new Set(LOCKED.map(([name]) => name))].sort());
});

Deno.test("what the published modules import, and what that needs, are the packages of the product", () => {
  const imports = Object.entries(config.imports);
  const wanted = ["mod.ts", ...filesBelow("src/", ".ts")].flatMap((file) => importsOf(file).packages)
    .flatMap((name) => imports.find(([each]) => each === name || each.startsWith(`${name}/`))?.[1] ?? [])
    .map((specifier) => /^npm:\/?(@?[^@]+)@/.exec(specifier)![1]!);
  const product = new Set<string>();
  const add = (name: string): void => {
    if (product.has(name)) return;
    product.add(name);
    Object.entries(lock.npm).filter(([id]) => id.startsWith(`${name}@`))
      .forEach(([, { dependencies = [] }]) => dependencies.forEach(add));
  };
  wanted.forEach(add);
  const told = Object.keys(PACKAGES).filter((name) => PACKAGES[name]!.part === "product");
  assertEquals([...product].sort(), told.sort());
});

Deno.test("the page and the sources have nobody else's code in them", () => {
  const ours = ["src/", "scripts/", "bench/"].flatMap((folder) => filesBelow(folder)).filter((file) =>
    /@licen[cs]e|copyright|SPDX-License|\/\*!/i.test(textOf(file))
  );
  assertEquals(ours, []);
});
