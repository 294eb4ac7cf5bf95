import { assertEquals, assertRejects } from "@std/assert";
import { join, resolve } from "@std/path";
import { UsageError } from "../../src/cli/arguments.ts";
import { VERSION } from "../../src/cli/version.ts";
import { ownCheckout, seenFrom, sourceOf } from "../../src/new/source.ts";
import { withDirectoryWhile } from "../support/temporary_directory.ts";

const ROOT = resolve(import.meta.dirname!, "../..");

Deno.test("source: a module from a registry is in no checkout", () => {
  assertEquals(ownCheckout("https://jsr.io/@kos/kos/0.1.0/src/new/source.ts"), undefined);
  assertEquals(ownCheckout("file:///app/node_modules/@kos/kos/src/new/source.js"), undefined);
  assertEquals(ownCheckout("file:///home/me/kos/src/new/source.ts"), "/home/me/kos/");
});

Deno.test("source: it is a specifier, a checkout's folder or URL, or where the generator itself is from", async () => {
  const jsr = "jsr:@kos/kos@^1.2.0";
  assertEquals(await sourceOf(jsr, "deno"), { kind: "registry", specifier: jsr });
  const checkout = { kind: "checkout", path: await Deno.realPath(ROOT), version: VERSION };
  for (const from of [undefined, ROOT, `file://${ROOT}/`]) {
    assertEquals(await sourceOf(from, "deno"), checkout);
  }
});

Deno.test("source: a folder that is no checkout of kos is refused", async () => {
  await withDirectoryWhile(async (directory) => {
    await assertRejects(
      () => sourceOf(directory, "deno"),
      UsageError,
      `Cannot use --from: received ${directory}, whose deno.json can't be read (`,
    );
    await Deno.writeTextFile(join(directory, "deno.json"), '{"name": "@me/other"}');
    await assertRejects(
      () => sourceOf(directory, "deno"),
      UsageError,
      `which is not @kos/kos; give a checkout of kos, or a specifier such as jsr:@kos/kos@^${VERSION}`,
    );
    await Deno.writeTextFile(join(directory, "deno.json"), "{");
    await assertRejects(() => sourceOf(directory, "deno"), UsageError, "whose deno.json can't be read");
  });
});

Deno.test("source: for Node it is a specifier of npm, or a packed file", async () => {
  const npm = "npm:@kos/kos@^1.2.0";
  assertEquals(await sourceOf(npm, "node"), { kind: "registry", specifier: npm });
  await withDirectoryWhile(async (directory) => {
    const file = join(await Deno.realPath(directory), "kos-kos-0.1.0.tgz");
    await assertRejects(() => sourceOf(file, "node"), UsageError, `received ${file}, which is not there`);
    await Deno.writeTextFile(file, "");
    assertEquals(await sourceOf(file, "node"), { kind: "packed", path: file });
  });
  for (const from of [undefined, ROOT, "jsr:@kos/kos", "https://jsr.io/@kos/kos"]) {
    await assertRejects(
      () => sourceOf(from, "node"),
      UsageError,
      `give the .tgz of a packed kos (deno task pack), or a specifier such as npm:@kos/kos@^${VERSION}`,
    );
  }
});

Deno.test("source: a project sees a checkout from its own folder", () => {
  const source = { kind: "checkout", path: "/home/me/kos", version: "0.1.0" } as const;
  assertEquals(seenFrom("/home/me/my-app", source), { ...source, path: "../kos" });
  assertEquals(seenFrom("/home/me/kos/my-app", source), { ...source, path: ".." });
  const registry = { kind: "registry", specifier: "jsr:@kos/kos@^0.1.0" } as const;
  assertEquals(seenFrom("/home/me/my-app", registry), registry);
});
