import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { AccessError, BearerToken } from "../../src/metrics/bearer_token.ts";
import { withDirectoryWhile } from "../support/temporary_directory.ts";

const NAMES = { variable: "KOS_STORES_TOKEN", flag: "--stores-token-file" };
const TOKEN = "a-token-of-the-test";

Deno.test("bearer token: a value or a file, without the spaces and line ends around it", async () => {
  await withDirectoryWhile(async (folder) => {
    const file = join(folder, "token");
    await Deno.writeTextFile(file, ` ${TOKEN}\r\n`);
    for (const source of [{ value: TOKEN }, { file }, { file, value: "" }]) {
      const token = (await BearerToken.open({ ...NAMES, ...source }))!;
      for (const header of [`Bearer ${TOKEN}`, `bearer  ${TOKEN} `]) assert(await token.isIn(header), header);
      for (
        const user of ["", "me", "me@example.org"]
      ) assert(await token.isIn(`Basic ${btoa(`${user}:${TOKEN}`)}`), user);
      for (
        const header of [`Basic ${btoa(TOKEN)}`, `Basic ${btoa(`${TOKEN}:`)}`, "Basic %", "Basic"]
      ) assertEquals(await token.isIn(header), false, header);
      for (
        const header of [undefined, "", "Bearer", "Bearer ", `Bearer ${TOKEN}x`, `Bearer ${TOKEN} x`, TOKEN]
      ) {
        assertEquals(await token.isIn(header), false, header);
      }
    }
  });
});

Deno.test("bearer token: a file that is replaced counts from then on", async () => {
  await withDirectoryWhile(async (folder) => {
    const file = join(folder, "token");
    await Deno.writeTextFile(file, TOKEN);
    const token = (await BearerToken.open({ ...NAMES, file }))!;
    await Deno.writeTextFile(file, "another-one-instead");
    assertEquals([await token.isIn(`Bearer ${TOKEN}`), await token.isIn("Bearer another-one-instead")], [
      false,
      true,
    ]);
    await Deno.remove(file);
    await assertRejects(() => token.isIn(`Bearer ${TOKEN}`), AccessError, `received ${JSON.stringify(file)}`);
    assertEquals(await token.isIn(undefined), false);
  });
});

Deno.test("bearer token: none is none, and what is no token is refused without showing it", async () => {
  assertEquals(await BearerToken.open(NAMES), undefined);
  assertEquals(await BearerToken.open({ ...NAMES, value: "" }), undefined);
  await withDirectoryWhile(async (folder) => {
    const file = join(folder, "token");
    for (const text of ["", "\n", "too short", "with spaces in between it", "ümläute-are-not-ascii"]) {
      await Deno.writeTextFile(file, text);
      for (
        const [source, name] of [[{ file }, NAMES.flag], [{ value: text || " " }, NAMES.variable]] as const
      ) {
        const { message } = await assertRejects(() => BearerToken.open({ ...NAMES, ...source }), AccessError);
        assertStringIncludes(message, `Cannot use the token of ${name}: received `);
        assertStringIncludes(message, "openssl rand -hex 32");
        if (text.trim() !== "") assertEquals(message.includes(text), false);
      }
    }
    const missing = join(folder, "missing");
    const { message } = await assertRejects(() => BearerToken.open({ ...NAMES, file: missing }), AccessError);
    for (const part of [NAMES.flag, missing, "/etc/kos"]) assertStringIncludes(message, part);
    const both = await assertRejects(() => BearerToken.open({ ...NAMES, file, value: TOKEN }), AccessError);
    assertEquals(
      both.message,
      "Cannot choose a token: received KOS_STORES_TOKEN and --stores-token-file; leave one of them out",
    );
  });
});
