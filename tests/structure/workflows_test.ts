import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { parse } from "@std/yaml";
import config from "../../deno.json" with { type: "json" };
import { withDirectoryWhile } from "../support/temporary_directory.ts";
import { filesBelow, ROOT, textOf } from "./sources.ts";

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Workflow {
  readonly on: unknown;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<
    Record<string, {
      readonly "timeout-minutes"?: number;
      readonly permissions?: Readonly<Record<string, string>>;
      readonly steps: readonly Step[];
    }>
  >;
}

const FILES = filesBelow(".github/workflows/", ".yml");
const WORKFLOWS = FILES.map((file) => [file, parse(textOf(file)) as Workflow] as const);
const JOBS = WORKFLOWS.flatMap(([file, { jobs }]) =>
  Object.entries(jobs).map(([name, job]) => [`${file} ${name}`, job] as const)
);

Deno.test("each action is pinned to a commit, with its version behind it", () => {
  const used = FILES.flatMap((file) =>
    textOf(file).split("\n").filter((line) => /^\s*(?:- )?uses:/.test(line))
  );
  assert(used.length > 10);
  for (const line of used) assertMatch(line, /uses: [\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  const commits = new Map<string, string>();
  for (const line of used) {
    const [, action, pin] = /uses: (\S+)@(.+)$/.exec(line)!;
    assertEquals(commits.get(action!) ?? pin, pin, `${action} has one version`);
    commits.set(action!, pin!);
  }
});

Deno.test("a workflow may do nothing but by its jobs, and each job what is told for it", () => {
  for (const [file, { permissions, on }] of WORKFLOWS) {
    assertEquals(permissions, {}, file);
    // It would run a stranger's sources with the repository's secrets.
    assertEquals(JSON.stringify(on).includes("pull_request_target"), false, file);
  }
  for (const [name, job] of JOBS) assert(job["timeout-minutes"] !== undefined, name);
  const table = Object.fromEntries(
    JOBS.map(([name, { permissions }]) => [
      name.replace(".github/workflows/", ""),
      Object.entries(permissions ?? {}).map(([what, how]) => `${what}: ${how}`).join(", "),
    ]),
  );
  assertEquals(table, {
    "audit.yml audit": "contents: read",
    "ci.yml ci": "contents: read",
    "release.yml check": "contents: read",
    "release.yml containers": "contents: read, packages: write",
    "release.yml attestations": "contents: read, packages: write, id-token: write, attestations: write",
    "release.yml package": "contents: read, id-token: write",
    "release.yml page": "contents: write",
  });
});

Deno.test("no step leaves a token in the checkout, or puts what a workflow is told into a script's text", () => {
  for (const [name, { steps }] of JOBS) {
    for (const { uses, run = "", with: settings } of steps) {
      if (uses?.startsWith("actions/checkout@")) assertEquals(settings?.["persist-credentials"], false, name);
      assertEquals(run.includes("${{"), false, `${name}: ${run}`);
    }
  }
});

Deno.test("a secret is known to the steps that need it", () => {
  const told = JOBS.flatMap(([name, job]) =>
    [...JSON.stringify(job).matchAll(/secrets\.(\w+)/g)].map(([, secret]) =>
      `${name.split(" ")[1]} ${secret}`
    )
  );
  assertEquals(told, [
    "containers GITHUB_TOKEN",
    "attestations GITHUB_TOKEN",
    "package NPM_TOKEN",
    "page GITHUB_TOKEN",
  ]);
});

Deno.test("whatever runs, deno.lock stays: a dependency that is not in it ends the command", async () => {
  assertEquals(config.lock, { path: "deno.lock", frozen: true });
  await withDirectoryWhile(async (directory) => {
    const lock = JSON.parse(textOf("deno.lock"));
    lock.workspace.dependencies.shift();
    await Deno.writeTextFile(join(directory, "deno.lock"), JSON.stringify(lock));
    await Deno.copyFile(new URL("deno.json", ROOT), join(directory, "deno.json"));
    await Deno.writeTextFile(join(directory, "main.ts"), 'console.log("ran");');
    const output = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "main.ts"],
      cwd: directory,
      stdin: "null",
      stderr: "piped",
      stdout: "piped",
    }).output();
    assertEquals(output.success, false);
    assertStringIncludes(new TextDecoder().decode(output.stderr), "The lockfile is out of date");
  });
});

Deno.test("deno.lock has the hash of every package, and each import of deno.json with its exact version", () => {
  const { npm, workspace } = JSON.parse(textOf("deno.lock"));
  for (const [name, { integrity }] of Object.entries<{ integrity?: string }>(npm)) {
    assertMatch(integrity ?? "", /^sha512-[A-Za-z0-9+/]{86}==$/, name);
  }
  const specifiers = Object.values(config.imports).map((specifier) =>
    /^npm:\/?((?:@[^/]+\/)?[^@/]+@\d+\.\d+\.\d+)(?:\/|$)/.exec(specifier)?.[1] ?? `no version: ${specifier}`
  );
  assertEquals([...new Set(specifiers)].map((each) => `npm:${each}`).sort(), workspace.dependencies);
});

Deno.test("one version of Deno runs everything: CI, workflows, images, and what a new project is built with", () => {
  const files = [".ci/run", ...FILES, ...filesBelow("images/"), "src/new/templates/deno_project.ts"];
  const versions = files.map((file) => [
    file,
    ...new Set(
      [...textOf(file).matchAll(/(?:deno[@:]|DENO_VERSION = ")(\d+\.\d+\.\d+)/g)].map(([, each]) => each),
    ),
  ]);
  const [, one] = versions[0]!;
  assertEquals(versions.filter(([, ...found]) => found.some((each) => each !== one)), []);
  assertEquals(versions.filter(([, ...found]) => found.length === 0).map(([file]) => file), [
    ".github/workflows/ci.yml",
  ]);
});
