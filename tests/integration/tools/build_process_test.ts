import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { exists } from "../../../scripts/support/cache.ts";
import { VERSION } from "../../../src/cli/version.ts";
import { ended } from "../../support/ended.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const linux = Deno.build.os === "linux";

/** Runs Deno in the project's folder. */
async function deno(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  return await ended(
    new Deno.Command(Deno.execPath(), {
      args: [...args],
      cwd: ROOT,
      env: { NO_COLOR: "1", DENORT_BIN: "", ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn(),
  );
}

const buildAny = (args: readonly string[], env: Record<string, string> = {}) =>
  deno(["run", "-q", "--no-check", "-P=build", "scripts/build.ts", ...args], env);

const build = (args: readonly string[], env: Record<string, string> = {}) =>
  buildAny(["--only", "streams", ...args], env);

/** The end of a binary, where what it is made of stands. */
async function addedTo(path: string): Promise<string> {
  const own = await Deno.stat(Deno.execPath());
  using file = await Deno.open(path);
  await file.seek(own.size - 4096, Deno.SeekMode.Start);
  return await new Response(file.readable).text();
}

Deno.test({
  name: "a binary has the bundled program and its permissions in it",
  ignore: !linux, // an executable of another system is signed as it is written
  fn: () =>
    withDirectoryWhile(async (dir) => {
      // The full deno stands in for denort, which is downloaded: it can hold a program, though not run it.
      const ran = await build(["--out", dir, "--unchecked"], { DENORT_BIN: Deno.execPath() });
      assertEquals([ran.code, ran.stderr], [0, ""]);
      assertMatch(ran.stdout, /streams {2}[\d.]+ MB {2}\S+, permissions "streams" of deno\.json\n$/);
      assertEquals([...Deno.readDirSync(dir)].map((entry) => entry.name), ["streams"]);
      assertEquals((await Deno.stat(join(dir, "streams"))).mode! & 0o111, 0o111);
      const added = await addedTo(join(dir, "streams"));
      assertStringIncludes(added, "KINGOFSCALING-APP");
      assertMatch(added, /"allow_env":\[[^\]]*"KAFKA_\*"[^\]]*\]/);
      assertMatch(added, /"allow_net":\[\]/); // all of it
      assertMatch(added, /"allow_run":null/);
      // Its stack traces can be read.
      assertStringIncludes(added, "async function waitForBroker(");
      assertMatch(added, /"metrics_enabled":false/);
      assertMatch(added, /"allow_write":\["\/var\/lib\/kos","[^"]*\/\.kos"\]/);
    }),
});

Deno.test({
  name: "a runtime that does not run the program is refused, and no binary is left",
  ignore: !linux,
  fn: () =>
    withDirectoryWhile(async (dir) => {
      const ran = await build(["--out", dir], { DENORT_BIN: Deno.execPath() });
      assertEquals(ran.code, 1);
      assertStringIncludes(ran.stderr, `received "deno ${Deno.version.deno}`);
      assertStringIncludes(ran.stderr, "has to be the denort");
      assertEquals([...Deno.readDirSync(dir)], []);
    }),
});

Deno.test({
  name: "a runtime for another machine, or none at all, is refused before the compile",
  ignore: !linux,
  fn: () =>
    withDirectoryWhile(async (dir) => {
      const other = Deno.build.arch === "x86_64" ? "aarch64" : "x86_64";
      const wrong = await build(["--out", dir, "--target", `${other}-unknown-linux-gnu`], {
        DENORT_BIN: Deno.execPath(),
      });
      assertEquals(wrong.code, 1);
      assertStringIncludes(
        wrong.stderr,
        `which is for ${Deno.build.arch}; set it to the denort for ${other}`,
      );
      const none = await build(["--out", dir], { DENORT_BIN: join(dir, "nothing") });
      assertEquals(none.code, 1);
      assertMatch(none.stderr, /Cannot use DENORT_BIN: received ".*nothing", which can't be read/);
    }),
});

// Where Deno keeps the runtimes that it has downloaded.
const { denoDir } = JSON.parse((await deno(["info", "--json"])).stdout);
const runtime = `denort-${Deno.build.target}.zip`;
const cached = await exists(join(denoDir, "dl", "release", `v${Deno.version.deno}`, runtime));

Deno.test({
  name: "without a network the message names the address and DENORT_BIN",
  ignore: cached, // the runtime is here already: nothing is downloaded
  fn: () =>
    withDirectoryWhile(async (dir) => {
      const nowhere = "http://127.0.0.1:1";
      const ran = await build(["--out", dir], {
        HTTPS_PROXY: nowhere,
        https_proxy: nowhere,
        NO_PROXY: "",
        no_proxy: "",
      });
      assertEquals(ran.code, 1);
      assertMatch(ran.stderr, /can't be downloaded: received ".+" from https:\S+denort\S+; .*set DENORT_BIN/);
    }),
});

const WORD_COUNT = `import { run, StreamsBuilder, stringSerde } from "@kos/kos";
const text = { key: stringSerde(), value: stringSerde() };
const builder = new StreamsBuilder();
builder.stream("lines", text).to("texts", text);
await run(builder.build(), { applicationId: "copy" });
`;

/** Makes a program of the user's own, beside a deno.json. */
async function writeProgram(folder: string, main: string): Promise<string> {
  await Deno.mkdir(join(folder, "copier"));
  const imports = { "@kos/kos": new URL("mod.ts", `file://${ROOT}`).href };
  const permissions = { default: { net: ["localhost"], env: ["KOS_*", "KAFKA_BROKERS"], sys: ["hostname"] } };
  await Deno.writeTextFile(
    join(folder, "copier/deno.json"),
    JSON.stringify({ imports, permissions, lock: false }),
  );
  await Deno.writeTextFile(join(folder, "copier/main.ts"), main);
  return join(folder, "copier/main.ts");
}

Deno.test("a program of the user's own becomes a script, and a binary with the permissions of its deno.json", () =>
  withDirectoryWhile(async (dir) => {
    const entry = await writeProgram(dir, WORD_COUNT);
    const out = ["--entry", entry, "--out", join(dir, "dist")];
    const script = await buildAny([...out, "--script"]);
    assertEquals([script.code, script.stderr], [0, ""]);
    const described = await deno([
      ...["run", "-q", "--cached-only", "--no-prompt", "-P=default", "--config", join(dir, "dist/deno.json")],
      ...[join(dir, "dist/copier.js"), "--describe"],
    ]);
    assertEquals(described.code, 0, described.stderr);
    assertStringIncludes(described.stdout, "topics: [lines]");
    if (!linux) return;
    // OpenTelemetry is switched on for good by who builds: a binary does not read the variable.
    const env = {
      DENORT_BIN: Deno.execPath(),
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://localhost:1",
    };
    const binary = await buildAny([...out, "--name", "copy", "--unchecked"], env);
    assertEquals(binary.code, 0, binary.stderr);
    assertMatch(binary.stdout, /copy {2}[\d.]+ MB {2}\S+, permissions "default" of .*copier\/deno\.json\n$/);
    const added = await addedTo(join(dir, "dist/copy"));
    assertMatch(added, /"allow_net":\["localhost"\]/);
    assertMatch(added, /"allow_write":null/);
    assertMatch(added, /"metrics_enabled":true/);
  }));

Deno.test("what is no program of run, or has wrong types, is refused with what to do, and nothing is left", () =>
  withDirectoryWhile(async (dir) => {
    const entry = await writeProgram(dir, 'export const wrong: number = "text";\n');
    const build = () =>
      buildAny(["--entry", entry, "--out", join(dir, "dist")], { DENORT_BIN: Deno.execPath() });
    const wrong = await build();
    assertEquals(wrong.code, 1);
    assertMatch(wrong.stderr, /^build: Cannot check copier: received this from Deno:\n[^]*main\.ts:1:14/);
    await Deno.writeTextFile(entry, 'console.log("something else");\n');
    const other = await build();
    assertEquals(other.code, 1);
    assertStringIncludes(
      other.stderr,
      'build: Cannot build copier: asked for --help, received "something else" instead of the flags of a program of kos',
    );
    assertEquals([...Deno.readDirSync(join(dir, "dist"))], []);
  }));

Deno.test("a script runs without anything from the network, with its permissions", () =>
  withDirectoryWhile(async (dir) => {
    const ran = await build(["--out", dir, "--script"]);
    assertEquals([ran.code, ran.stderr], [0, ""]);
    const run = (...args: string[]) =>
      deno(
        [
          "run",
          "-q",
          "--cached-only",
          "--no-prompt",
          "-P=streams",
          "--config",
          join(dir, "deno.json"),
          join(dir, "streams.js"),
          ...args,
        ],
        { DENO_DIR: join(dir, "empty") },
      );
    assertEquals((await run("--version")).stdout.trim(), VERSION);
    const described = await run("--describe");
    assertEquals(described.code, 0, described.stderr);
    assertStringIncludes(described.stdout, "Source: KSTREAM-SOURCE-0000000000 (topics: [GAME-FRAME-RQ])");
  }));

Deno.test("wrong flags are refused with what is allowed", async () => {
  const target = await build(["--target", "sparc"]);
  assertEquals(target.code, 2);
  assertStringIncludes(
    target.stderr,
    "expected host, x86_64-unknown-linux-gnu, aarch64-unknown-linux-gnu or all",
  );
  const both = await build(["--script", "--target", "all"]);
  assertEquals(both.code, 2);
  assertStringIncludes(both.stderr, "Cannot use --script with --target");
});
