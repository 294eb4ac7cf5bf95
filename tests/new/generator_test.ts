import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join, resolve } from "@std/path";
import { newProject } from "../../src/new/generator.ts";
import { ended } from "../support/ended.ts";
import { withDirectoryWhile } from "../support/temporary_directory.ts";

const PROGRAM = resolve(import.meta.dirname!, "../../src/new/main.ts");

/** Runs the generator as a process; it may read the checkout, for it is in one. */
async function generate(
  cwd: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return await runWith(["--allow-read", "--allow-write=."], cwd, args);
}

async function runWith(
  permissions: readonly string[],
  cwd: string,
  args: readonly string[],
): Promise<{ code: number; stdout: string; stderr: string }> {
  return await ended(
    new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-prompt", ...permissions, PROGRAM, ...args],
      cwd,
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn(),
  );
}

async function namesIn(folder: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(folder), ({ name }) => name)).sort();
}

Deno.test("generator: a folder's name is all that it needs, and it says what to do next", async () => {
  await withDirectoryWhile(async (directory) => {
    const { code, stdout, stderr } = await generate(directory, "my-app");
    assertEquals([code, stderr], [0, ""]);
    assertEquals(await namesIn(join(directory, "my-app")), [
      ".dockerignore",
      ".gitignore",
      "Dockerfile",
      "README.md",
      "deno.json",
      "main.ts",
      "send.ts",
      "show.ts",
      "topology.ts",
      "topology_test.ts",
      "values.yaml",
    ]);
    const steps = stdout.split("\n").filter((line) => line.startsWith("  "));
    assertEquals(steps.slice(0, 2), ["  cd my-app", "  deno task test"]);
    assertEquals(steps.length, 5);
  });
});

Deno.test("generator: from a registry it needs no permission but for the folder that it is called in", async () => {
  await withDirectoryWhile(async (directory) => {
    const args = ["my-app", "--from", "jsr:@kos/kos@^0.1.0"];
    const { code, stderr } = await runWith(["--allow-read=.", "--allow-write=."], directory, args);
    assertEquals([code, stderr], [0, ""]);
    const config = JSON.parse(await Deno.readTextFile(join(directory, "my-app", "deno.json")));
    assertEquals(config.imports, { "@kos/kos": "jsr:@kos/kos@^0.1.0" });
  });
});

Deno.test("generator: for Node it writes a package, with a copy of the packed file that it is given", async () => {
  await withDirectoryWhile(async (directory) => {
    const packed = join(directory, "kos-kos-0.1.0.tgz");
    await Deno.writeTextFile(packed, "packed");
    const args = ["my-app", "--runtime", "node", "--from", "kos-kos-0.1.0.tgz"];
    const { code, stdout, stderr } = await generate(directory, ...args);
    assertEquals([code, stderr], [0, ""]);
    const folder = join(directory, "my-app");
    assertEquals((await namesIn(folder)).filter((name) => /json|tgz/.test(name)), [
      "kos-kos-0.1.0.tgz",
      "package.json",
      "tsconfig.json",
    ]);
    assertEquals(await Deno.readTextFile(join(folder, "kos-kos-0.1.0.tgz")), "packed");
    assertStringIncludes(stdout, "\n  npm install && npm test\n");
  });
});

Deno.test("generator: a second time it writes nothing, and says why", async () => {
  await withDirectoryWhile(async (directory) => {
    await generate(directory, "my-app");
    const { code, stdout, stderr } = await generate(directory, "my-app", "--input", "others");
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, /^new: Cannot write to \S*my-app: received a folder that is not empty \(/);
    assertStringIncludes(await Deno.readTextFile(join(directory, "my-app", "topology.ts")), '"orders"');
  });
});

Deno.test("generator: without a folder and a terminal it ends with 2 and the remedy, and so with a wrong name", async () => {
  await withDirectoryWhile(async (directory) => {
    const none = await generate(directory);
    assertEquals(none.code, 2);
    assertStringIncludes(none.stderr, "received no folder; name one, such as my-app (new --help)");
    for (
      const [args, reason] of [
        [["a", "b"], "received 2 folders (a, b); name one"],
        [["My App"], "or give --name"],
        [["a", "--input", "my orders"], "Cannot use --input"],
        [["a", "--from", "nowhere"], "Cannot use --from"],
        [["a", "--inptu", "x"], "did you mean --input?"],
      ] as const
    ) {
      const { code, stderr } = await generate(directory, ...args);
      assertEquals(code, 2, stderr);
      assertStringIncludes(stderr, reason);
    }
    assertEquals(await namesIn(directory), []);
  });
});

Deno.test("generator: the folder that is asked for is taken", async () => {
  await withDirectoryWhile(async (directory) => {
    const told: string[] = [];
    const folder = join(directory, "asked");
    const environment = { ask: () => Promise.resolve(folder), tell: (line: string) => told.push(line) };
    assertEquals(await newProject([], environment), 0);
    assertStringIncludes(told[0]!, `wrote 11 files to ${folder}`);
  });
});
