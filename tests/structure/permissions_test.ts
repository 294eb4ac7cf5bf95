import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import config from "../../deno.json" with { type: "json" };
import { permissionArguments, permissionsConfig, PROGRAMS } from "../../scripts/build/programs.ts";
import { cellOf, KINDS, type Permissions, withPermissions } from "../../scripts/docs/permissions.ts";
import { denoFiles } from "../../src/new/templates/deno_project.ts";
import { ROOT, textOf } from "./sources.ts";
import { withDirectoryWhile } from "../support/temporary_directory.ts";

const SETS: Readonly<Record<string, Permissions>> = config.permissions;

/** What is tried of each set: all of it is denied. */
const DENIED: Readonly<Record<string, readonly string[]>> = {
  gen: ["read:/etc/passwd", "write:.kos", "run:sh", "env:HOME", "sys:hostname"],
  streams: ["read:/etc/passwd", "read:/proc/self/environ", "write:/etc/kos", "run:sh", "env:HOME"],
  example: ["read:/etc/passwd", "write:/etc/kos", "run:sh", "env:HOME"],
  reset: ["read:/etc/passwd", "write:src", "run:sh", "sys:hostname"],
  page: ["read:/etc/passwd", "read:src", "write:.kos", "run:sh", "env:API_KEY"],
  secrets: ["read:/etc/kos", "write:src", "run:sh", "net:127.0.0.1", "env:HOME"],
  new: ["read:/etc/passwd", "write:/etc/kos", "write:src", "run:sh", "net:127.0.0.1", "env:API_KEY"],
  fuzz: ["read:/etc/passwd", "write:src", "run:sh", "net:0.0.0.0", "env:HOME"],
  figures: ["read:/etc/passwd", "write:src", "write:/tmp", "run:sh", "net:127.0.0.1", "env:API_KEY"],
  docs: ["read:/etc/passwd", "write:docs", "write:src", "run:sh", "net:127.0.0.1", "env:API_KEY"],
  sbom: ["read:deno.json", "write:docs", "run:sh", "net:127.0.0.1", "env:API_KEY"],
  image: ["read:kubernetes", "write:dist", "run:sh", "net:127.0.0.1", "env:API_KEY"],
  build: ["read:kubernetes", "write:src", "write:.git", "net:127.0.0.1", "env:API_KEY", "sys:hostname"],
  cluster: ["read:kubernetes", "write:src", "net:0.0.0.0", "env:API_KEY", "sys:hostname"],
  local: ["read:kubernetes", "write:src", "write:.git", "net:0.0.0.0", "env:GITHUB_TOKEN", "sys:hostname"],
  tests: ["net:0.0.0.0"],
  micro: ["read:deno.json", "write:dist", "run:sh", "net:127.0.0.1", "env:API_KEY"],
};

/** What is tried of each set to see that trying works: none of it is denied. */
const PERMITTED: Readonly<Record<string, string>> = {
  gen: "env:KAFKA_OAUTH_TOKEN_URL",
  streams: "read:/etc/kos/credentials",
  example: "env:SCHEMA_REGISTRY_TOKEN_FILE",
  reset: "env:API_KEY_FILE",
  page: "net:0.0.0.0",
  secrets: "env:API_KEY",
  new: "read:src",
  fuzz: "net:127.0.0.1",
  figures: "read:deno.json",
  docs: "read:deno.json",
  sbom: "read:deno.lock",
  image: "read:/etc/passwd",
  build: "env:DENORT_BIN",
  cluster: "net:127.0.0.1",
  local: "env:JAVA_HOME",
  tests: "env:API_KEY",
  micro: "env:NODE_ENV",
};

/** Tries things in a real run, in a folder; whether each is denied. */
async function attempt(
  permissions: readonly string[],
  attempts: readonly string[],
  cwd: string | URL = ROOT,
): Promise<Record<string, boolean>> {
  const module = new URL("./permission_attempt.ts", import.meta.url).pathname;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-prompt", ...permissions, module, ...attempts],
    cwd,
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** What is expected of {@linkcode attempt}. */
function outcomes(denied: readonly string[], permitted: readonly string[]): Record<string, boolean> {
  return Object.fromEntries([
    ...denied.map((each) => [each, true]),
    ...permitted.map((each) => [each, false]),
  ]);
}

/** The rows of the table that begins with such a heading, as lists of cells. */
function tableOf(heading: string): string[][] {
  const lines = textOf("docs/security.md").split("\n");
  const at = lines.findIndex((line) => line.startsWith(`| ${heading} `));
  assert(at >= 0, `docs/security.md has a table ${heading}`);
  const rest = lines.slice(at + 2);
  return rest.slice(0, rest.findIndex((line) => !line.startsWith("|")))
    .map((line) => line.slice(1, -1).split("|").map((each) => each.trim()));
}

Deno.test("docs/security.md has what each task may do", () => {
  const text = textOf("docs/security.md");
  assertEquals(withPermissions(text, config), text);
  assertEquals(tableOf("set ").map(([name]) => name), Object.keys(SETS).map((name) => `\`${name}\``));
});

Deno.test("each task that runs a module does so with a set of its own, and none has all or libraries", () => {
  const open = Object.entries(config.tasks).filter(([, { command }]) =>
    /\bdeno run\b/.test(command) && !/^deno run -q -P=\w+ \S+\.ts$/.test(command)
  );
  assertEquals(open, []);
  for (const [name, set] of Object.entries(SETS)) {
    assertEquals(Object.keys(set).filter((kind) => !(KINDS as readonly string[]).includes(kind)), [], name);
  }
});

Deno.test("whatever a set may without bounds has its reason in docs/security.md", () => {
  const wide = Object.entries(SETS).flatMap(([name, set]) =>
    KINDS.filter((kind) => cellOf(set[kind]).startsWith("all")).map((kind) => `${name} ${kind}`)
  );
  const told = tableOf("unbounded").flatMap(([sets, kinds]) =>
    sets!.split(", ").flatMap((set) => kinds!.split(", ").map((kind) => `${set.replaceAll("`", "")} ${kind}`))
  );
  assertEquals(told.sort(), wide.sort());
});

Deno.test("what a set does not have is denied in a real run", async (t) => {
  assertEquals(Object.keys(DENIED), Object.keys(SETS));
  for (const name of Object.keys(SETS)) {
    await t.step(name, async () => {
      const [denied, permitted] = [DENIED[name]!, [PERMITTED[name]!]];
      assertEquals(await attempt([`-P=${name}`], [...denied, ...permitted]), outcomes(denied, permitted));
    });
  }
});

/** What every program of `run` is denied. */
const SERVICE_DENIED = ["read:/etc/passwd", "write:/etc/kos", "run:sh", "env:HOME"];
const SERVICE_PERMITTED = ["read:/etc/kos/credentials", "env:KAFKA_SECURITY_PROTOCOL", "env:SECRET_KEY_FILE"];

Deno.test("binaries, scripts and images are denied what their tasks are", async (t) => {
  const expected = outcomes(SERVICE_DENIED, SERVICE_PERMITTED);
  const attempts = Object.keys(expected);
  for (const program of PROGRAMS) {
    await t.step(`${program.name}: what is compiled into the binary`, async () => {
      assertEquals(await attempt(permissionArguments(program), attempts), expected);
      const bare = { ...program, configured: false };
      assertEquals(await attempt(permissionArguments(bare), attempts), expected);
    });
    await t.step(`${program.name}: the image's command`, () =>
      withDirectoryWhile(async (directory) => {
        const configuration = join(directory, "deno.json");
        await Deno.writeTextFile(configuration, permissionsConfig());
        const entrypoint = entrypointOf(textOf(`images/${program.name}/Dockerfile`), "deno");
        const given = entrypoint.slice(2, -1).map((each) => each.replace("/app/deno.json", configuration));
        assertEquals(await attempt(given, attempts, directory), expected);
      }));
  }
});

Deno.test("a new project is denied what streams is, by its deno.json and by its image", () =>
  withDirectoryWhile(async (directory) => {
    const files = new Map(
      denoFiles({
        name: "my-app",
        input: "orders",
        output: "sums",
        runtime: "deno",
        source: { kind: "registry", specifier: "jsr:@kos/kos@^0.1.0" },
      }).map(({ name, text }) => [name, text]),
    );
    const expected = outcomes(SERVICE_DENIED, SERVICE_PERMITTED);
    const attempts = Object.keys(expected);
    const { permissions } = JSON.parse(files.get("deno.json")!);
    await Deno.writeTextFile(join(directory, "deno.json"), JSON.stringify({ permissions }));
    const own = [`--config=${join(directory, "deno.json")}`, "-P"];
    assertEquals(await attempt(own, attempts, directory), expected);
    const given = entrypointOf(files.get("Dockerfile")!).slice(2, -1);
    assertEquals(await attempt(given, attempts, directory), expected);
  }));

Deno.test("images stand on a base without a shell, and end with a user of no rights", () => {
  const dockerfiles = PROGRAMS.map(({ name }) => textOf(`images/${name}/Dockerfile`));
  for (const text of dockerfiles) {
    assertEquals(/^ARG BASE_IMAGE=(.*)$/m.exec(text)?.[1], "gcr.io/distroless/cc-debian12");
    const last = text.slice(text.lastIndexOf("\nFROM "));
    assertEquals([...last.matchAll(/^(FROM|USER) (.*)$/gm)].map(([, , what]) => what), [
      "${BASE_IMAGE} AS compiled",
      "65532:65532",
    ]);
  }
});

/** The command of an image's stage, or of the last one. */
function entrypointOf(dockerfile: string, stage?: string): string[] {
  const from = stage === undefined
    ? dockerfile.lastIndexOf("\nFROM ")
    : dockerfile.indexOf(` AS ${stage}\nCOPY`);
  const [, list] = /^ENTRYPOINT (\[[^\]]*\])$/m.exec(
    dockerfile.slice(dockerfile.indexOf("# The large", from)),
  )!;
  return JSON.parse(list!.replaceAll("\\\n", ""));
}
