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
  assertEquals(await sourceOf(jsr), { kind: "registry", specifier: jsr });
  const checkout = { kind: "checkout", path: await Deno.realPath(ROOT), version: VERSION };
  for (const from of [undefined, ROOT, `file://${ROOT}/`]) assertEquals(await sourceOf(from), checkout);
});

Deno.test("source: a folder that is no checkout of kos is refused", async () => {
  await withDirectoryWhile(async (directory) => {
    await assertRejects(
      () => sourceOf(directory),
      UsageError,
      `Cannot use --from: received ${directory}, in which there is no deno.json; give a checkout of kos, ` +
        `or a specifier such as jsr:@kos/kos@^${VERSION}`,
    );
    await Deno.writeTextFile(join(directory, "deno.json"), '{"name": "@me/other"}');
    await assertRejects(() => sourceOf(directory), UsageError, "which is not @kos/kos");
    await Deno.writeTextFile(join(directory, "deno.json"), "{");
    await assertRejects(() => sourceOf(directory), UsageError, "whose deno.json can't be read");
  });
});

Deno.test("source: a project sees a checkout from its own folder", () => {
  const source = { kind: "checkout", path: "/home/me/kos", version: "0.1.0" } as const;
  assertEquals(seenFrom("/home/me/my-app", source), { ...source, path: "../kos" });
  assertEquals(seenFrom("/home/me/kos/my-app", source), { ...source, path: ".." });
  const registry = { kind: "registry", specifier: "jsr:@kos/kos@^0.1.0" } as const;
  assertEquals(seenFrom("/home/me/my-app", registry), registry);
});
