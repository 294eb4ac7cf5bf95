import { assert, assertEquals, assertMatch } from "@std/assert";
import { assetsModule } from "../../../scripts/docs/assets.ts";
import { flagDocs } from "../../../scripts/docs/flags.ts";
import { ALL_PROGRAMS } from "../../../scripts/docs/programs.ts";
import { helpText } from "../../../src/cli/help.ts";
import { callOf, namedFlags } from "../../../src/cli/program.ts";
import { unicodeWidth } from "../../../src/cli/terminal.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test("docs/flags.md is what the programs' tables give; deno task docs writes it", async () => {
  assertEquals(await Deno.readTextFile(new URL("docs/flags.md", ROOT)), flagDocs(ALL_PROGRAMS));
});

Deno.test("every program's help keeps to 80 columns, and to others", () => {
  for (const program of ALL_PROGRAMS) {
    for (const width of [40, 80, 100]) {
      const long = helpText(program, width).split("\n").filter((line) => unicodeWidth(line) > width);
      assertEquals(long, [], `${callOf(program)} at ${width}`);
    }
  }
});

Deno.test("every task that has flags is in the docs, and of each name only one", async () => {
  const names = ALL_PROGRAMS.map(({ name }) => name).sort();
  assertEquals(names, (await tasksWithFlags()).map(([name]) => name).sort());
  for (const program of ALL_PROGRAMS) {
    const flags = namedFlags(program);
    const shorts = flags.flatMap(({ short }) => short ?? []);
    assertEquals(new Set(shorts).size, shorts.length, program.name);
    const variables = flags.flatMap(({ variable }) => variable ?? []);
    assertEquals(new Set(variables).size, variables.length, program.name);
    for (const { key, excludes = [] } of flags) {
      assert(excludes.every((other) => flags.some((flag) => flag.key === other)), `${program.name} ${key}`);
    }
  }
});

Deno.test("each task starts, and its help has 80 columns at most in a pipe", async () => {
  for (const [name, command] of await tasksWithFlags()) {
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [...command.split(" ").slice(1), "--help"],
      cwd: ROOT,
      stdin: "null",
    }).output();
    const [help, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    assertEquals([code, errors], [0, ""], name);
    assertMatch(help!, /^Usage: /);
    assertEquals(help!.split("\n").filter((line) => unicodeWidth(line) > 80), [], name);
  }
});

/** The tasks that are programs, with what starts them. */
async function tasksWithFlags(): Promise<[name: string, command: string][]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
    tasks: Record<string, { command: string }>;
  };
  return Object.entries(tasks).map(([name, { command }]): [string, string] => [name, command])
    .filter(([, command]) => command.startsWith("deno run"));
}

Deno.test("src/dashboard/assets.ts is what the page's files give; deno task docs writes it", async () => {
  const text = await assetsModule(new URL("src/dashboard/client/", ROOT).pathname);
  assertEquals(await Deno.readTextFile(new URL("src/dashboard/assets.ts", ROOT)), text);
});
