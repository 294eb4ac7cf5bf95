/** The packed package on Node, beside the sources on Deno: the README's word count, and each example. */
import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { makePackage } from "../../../scripts/pack.ts";
import { tryRun } from "../../../scripts/support/commands.ts";
import { readRecords, writeRecords } from "../../kafka/port/records.ts";
import { findNode, npm } from "../../support/node.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";
import {
  type App,
  denoOf,
  makeProject,
  refusesWhatIsWrong,
  runsOnTheBroker,
  type Runtime,
} from "./node_project.ts";

const ROOT = new URL("../../../", import.meta.url);

/** The README's example with kos from the package: its topology, what tests it, and what runs it. */
function wordCount(): { readonly topology: string; readonly test: string } {
  const readme = Deno.readTextFileSync(new URL("README.md", ROOT));
  const code = readme.match(/```ts\n([^]*?)```/)![1]!.replaceAll("./mod.ts", "@kos/kos");
  const [topology, test] = code.split(/\/\/ Without Kafka.*\n|\/\/ On the Kafka.*\n/);
  const own = topology!.replace(/.*@std\/assert.*\n/, "");
  return {
    topology: own,
    test: `import { deepStrictEqual as assertEquals } from "node:assert";\n${own}${test}`,
  };
}

async function writeWordCount(folder: string, prefix: string): Promise<void> {
  const { topology, test } = wordCount();
  await Deno.mkdir(join(folder, "words"));
  await Deno.writeTextFile(
    join(folder, "words/main.ts"),
    topology.replaceAll('"lines"', `"${prefix}lines"`).replaceAll('"counts"', `"${prefix}counts"`) +
      `await run(topology, { applicationId: "word-count" });\n`,
  );
  await Deno.writeTextFile(join(folder, "words/smoke.ts"), test);
}

/** The folders of examples, each a program of `run` with a flag `--prefix` for its topics. */
function examples(): string[] {
  return [...Deno.readDirSync(new URL("examples/", ROOT))].filter((entry) => entry.isDirectory)
    .map(({ name }) => name).sort();
}

async function copyExample(name: string, folder: string): Promise<void> {
  await Deno.mkdir(join(folder, name));
  for (const entry of Deno.readDirSync(new URL(`examples/${name}/`, ROOT))) {
    const from = new URL(`examples/${name}/${entry.name}`, ROOT);
    if (entry.isFile) await Deno.copyFile(from, join(folder, name, entry.name));
  }
}

Deno.test("a project that installs the packed kos runs on Node what the sources run on Deno", async (t) => {
  await withDirectoryWhile(async (folder) => {
    const packed = await makePackage(join(folder, "dist"));
    const prefix = `${crypto.randomUUID()}-`;
    await makeProject(folder, packed.archive);
    await writeWordCount(folder, prefix);
    for (const name of examples()) await copyExample(name, folder);
    const node = await findNode();
    const runtimes: readonly (readonly [string, Runtime])[] = [["Node", [node]], ["Deno", denoOf(folder)]];
    const apps: readonly App[] = [
      { name: "words", prefix, flags: [] },
      ...examples().map((name) => {
        const own = `${crypto.randomUUID()}-`;
        return { name, prefix: own, flags: [`--prefix=${own}`] };
      }),
    ];

    await t.step("npm takes the folder as a package", () => npm(packed.folder, ["pack", "--dry-run"]));

    await t.step("its types are complete in strict TypeScript", async () => {
      const tsc = join(folder, "node_modules/typescript/bin/tsc");
      const output = await tryRun(node, [tsc, "-p", folder], 120_000, folder);
      assertEquals([output?.success, output?.text], [true, ""]);
    });

    await t.step("the test driver runs on Node", async () => {
      const output = await tryRun(node, [join(folder, "words/smoke.ts")], 60_000, folder);
      assertEquals([output?.success, output?.text], [true, ""]);
    });

    for (const [name, runtime] of runtimes) {
      await t.step(
        `the word count counts on ${name}`,
        () =>
          runsOnTheBroker(folder, runtime, apps[0]!, async (log) => {
            await writeRecords(log, `${prefix}lines`, [{ value: "to be or not to be" }]);
            const counted = new Set<string | null>();
            while (counted.size < 4) {
              for (const { key } of await readRecords(log, `${prefix}counts`)) counted.add(key);
            }
            assertEquals([...counted].sort(), ["be", "not", "or", "to"]);
          }),
      );
      await t.step(`state is kept on disk on ${name}`, async () => {
        const directory = join(folder, `state-${name}`);
        const flags = ["--store=sqlite", `--state-dir=${directory}`];
        await runsOnTheBroker(folder, runtime, { ...apps[0]!, flags });
        const files = [...Deno.readDirSync(join(directory, `${prefix}app`))].map((entry) => entry.name);
        assert(files.some((file) => file.endsWith(".sqlite")), files.join(" "));
      });
      await t.step(
        `what is wrong ends the word count on ${name}`,
        () => refusesWhatIsWrong(folder, runtime, apps[0]!),
      );
      for (const app of apps.slice(1)) {
        await t.step(`${app.name} runs on ${name}`, () => runsOnTheBroker(folder, runtime, app));
      }
    }
  });
});
