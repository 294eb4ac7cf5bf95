import { assertEquals, assertRejects } from "@std/assert";
import { join } from "@std/path";
import { UsageError } from "../../src/cli/arguments.ts";
import { emptyFolder, writeFiles } from "../../src/new/folder.ts";
import { withDirectoryWhile } from "../support/temporary_directory.ts";

Deno.test("folder: it is made with what it is in, or may be there and empty", async () => {
  await withDirectoryWhile(async (directory) => {
    const path = join(directory, "a", "b");
    const real = join(await Deno.realPath(directory), "a", "b");
    assertEquals([await emptyFolder(path), await emptyFolder(path)], [real, real]);
    await Deno.mkdir(join(path, ".git"));
    assertEquals(await emptyFolder(path), real);
  });
});

Deno.test("folder: one with anything in it is refused, and so is a file", async () => {
  await withDirectoryWhile(async (directory) => {
    for (const name of ["a", "b", "c", "d"]) await Deno.writeTextFile(join(directory, name), "");
    await assertRejects(
      () => emptyFolder(directory),
      UsageError,
      `Cannot write to ${directory}: received a folder that is not empty (a, b, c and 1 more); ` +
        "name another one, or empty it first",
    );
    for (const path of [join(directory, "a"), join(directory, "a", "below")]) {
      await assertRejects(() => emptyFolder(path), UsageError, "received a file; name a folder");
    }
  });
});

Deno.test("folder: a file that came in between is not written over", async () => {
  await withDirectoryWhile(async (directory) => {
    await writeFiles(directory, [{ name: "main.ts", text: "mine" }]);
    await assertRejects(() => writeFiles(directory, [{ name: "main.ts", text: "other" }]));
    assertEquals(await Deno.readTextFile(join(directory, "main.ts")), "mine");
  });
});
