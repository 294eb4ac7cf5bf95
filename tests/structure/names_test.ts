import { assert, assertEquals } from "@std/assert";
import config from "../../deno.json" with { type: "json" };
import { helpText } from "../../src/cli/help.ts";
import type { ProjectFile } from "../../src/new/project.ts";
import { filesOf } from "../../src/new/templates/files.ts";
import { serviceProgram } from "../../src/service/program.ts";
import { commentsOf, filesBelow, textOf } from "./sources.ts";

/** Where names are looked for; the changelog tells of files that were. */
const DOCUMENTS = filesBelow("").filter((file) => file.endsWith(".md") && file !== "CHANGELOG.md");
const MODULES = [
  "mod.ts",
  ...["src/", "scripts/", "bench/", "tests/", "examples/"].flatMap((folder) => filesBelow(folder, ".ts")),
];
const OTHERS = [".ci/run", ...filesBelow(".github/"), ...filesBelow("charts/"), ...filesBelow("terraform/")]
  .filter((file) => !file.endsWith(".md") && !file.includes("/golden/"));

/** All files of the repository, and the folders that they are in. */
const FILES = filesBelow("");
const PLACES = new Set(FILES.flatMap((file) => {
  const parts = file.split("/");
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}));

/** What people read in a file: documents whole, of code the comments; addresses left out. */
function proseOf(file: string): string {
  const text = file.endsWith(".md") ? textOf(file) : commentsOf(file);
  return text.replace(/\bhttps?:\/\/\S+/g, "");
}

/** Paths from the repository's folder, such as docs/kubernetes.md and charts/kos/ci. */
const PATH = /(?<![\w./@-])(?:src|tests|docs|bench|scripts|charts|terraform|images|examples)\/[\w./-]*\w/g;

/** Files by the end of their path, such as config.ts or wire/protocol/fetch.ts. */
const FILE = /(?<![\w/.-])(?:\.{1,2}\/)*((?:[\w-]+\/)*[a-z][\w-]*\.(?:ts|java|avsc|md))(?![\w*])/g;

/** The files of a project that `deno task new` writes. */
function filesOfNew(): ProjectFile[] {
  const source = { kind: "registry", specifier: "jsr:@kos/kos" } as const;
  return filesOf({ name: "my-app", input: "in", output: "out", runtime: "deno", source });
}

Deno.test("files and folders that comments and documents name are there, or in a new project", () => {
  const missing: string[] = [];
  const names = [...FILES, ...filesOfNew().map(({ name }) => name)];
  let checked = 0;
  for (const file of [...DOCUMENTS, ...MODULES, ...OTHERS]) {
    const prose = proseOf(file);
    for (const [path] of prose.matchAll(PATH)) {
      checked++;
      if (!PLACES.has(path)) missing.push(`${file}: ${path}`);
    }
    for (const [, path] of prose.matchAll(FILE)) {
      checked++;
      if (!names.some((each) => each === path || each.endsWith(`/${path}`))) missing.push(`${file}: ${path}`);
    }
  }
  assertEquals(missing, []);
  assert(checked > 150, `only ${checked} names were found`);
});

/** The tasks of a project that `deno task new` writes. */
function tasksOfNew(): Record<string, string> {
  return JSON.parse(filesOfNew().find(({ name }) => name === "deno.json")!.text).tasks;
}

Deno.test("tasks that code, comments and documents name are there", () => {
  const tasks = { ...tasksOfNew(), ...config.tasks };
  const missing: string[] = [];
  for (const file of [...DOCUMENTS, ...MODULES, ...OTHERS]) {
    for (const [, task] of textOf(file).matchAll(/\bdeno task (?:-\w+ )*([a-z]\w*(?::\w+)*)/g)) {
      if (!(task! in tasks)) missing.push(`${file}: ${task}`);
    }
  }
  assertEquals(missing, []);
});

Deno.test("docs/tasks.md has every task", () => {
  const text = textOf("docs/tasks.md");
  assertEquals(Object.keys(config.tasks).filter((task) => !text.includes(`| \`deno task ${task}\``)), []);
});

/** The flags that documents name with a task, such as --rate in "deno task gen --rate 1000", by the task. */
function documentedFlags(): Map<string, Map<string, string>> {
  const flags = new Map<string, Map<string, string>>();
  for (const file of DOCUMENTS) {
    // Code goes on over the end of a line.
    const text = textOf(file).replace(/`[^`\n]+\n[^`\n]+`/g, (code) => code.replace("\n", " "));
    for (const [, task, rest] of text.matchAll(/\bdeno task ([a-z]\w*(?::\w+)*)([^`\n#|;&]*)/g)) {
      const own = flags.get(task!) ?? new Map<string, string>();
      for (const [flag] of rest!.matchAll(/--[a-z][a-z-]*/g)) own.set(flag, file);
      if (own.size > 0) flags.set(task!, own);
    }
  }
  return flags;
}

async function helpOf(task: string): Promise<string> {
  // Of a new project, whose program is one of `run`.
  if (task === "start") return helpText(serviceProgram({ applicationId: "my-app" }), 80);
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", task, "--help"],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout);
}

Deno.test("flags that documents name with a task are in the task's help", async () => {
  const flags = documentedFlags();
  assert(flags.size > 8, `flags of only ${flags.size} tasks were found`);
  const missing: string[] = [];
  for (const [task, own] of flags) {
    const help = await helpOf(task);
    for (const [flag, file] of own) {
      if (!new RegExp(`${flag}(?![\\w-])`).test(help)) missing.push(`${file}: deno task ${task} ${flag}`);
    }
  }
  assertEquals(missing, []);
});
