import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { exists } from "../../../scripts/support/cache.ts";
import { VERSION } from "../../../src/cli/version.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const linux = Deno.build.os === "linux";

/** Runs Deno in the project's folder. */
async function deno(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1", DENORT_BIN: "", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

const build = (args: readonly string[], env: Record<string, string> = {}) =>
  deno(["run", "-q", "--no-check", "-P=local", "scripts/build.ts", "--only", "streams", ...args], env);

Deno.test({
  name: "a binary has the bundled program and its permissions in it",
  ignore: !linux, // an executable of another system is signed as it is written
  fn: () =>
    withDirectoryWhile(async (dir) => {
      // The full deno stands in for denort, which is downloaded: it can hold a program, though not run it.
      const ran = await build(["--out", dir, "--unchecked"], { DENORT_BIN: Deno.execPath() });
      assertEquals([ran.code, ran.stderr], [0, ""]);
      assertMatch(ran.stdout, /streams {2}[\d.]+ MB {2}\S+, permissions "streams"\n$/);
      assertEquals([...Deno.readDirSync(dir)].map((entry) => entry.name), ["streams"]);
      const [own, made] = [await Deno.stat(Deno.execPath()), await Deno.stat(join(dir, "streams"))];
      assertEquals(made.mode! & 0o111, 0o111);
      using file = await Deno.open(join(dir, "streams"));
      await file.seek(own.size - 4096, Deno.SeekMode.Start);
      const added = await new Response(file.readable).text();
      assertStringIncludes(added, "KINGOFSCALING-APP");
      assertMatch(added, /"allow_env":\[[^\]]*"KAFKA_BROKERS"[^\]]*\]/);
      assertMatch(added, /"allow_net":\[\]/); // all of it
      assertMatch(added, /"allow_run":null/);
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
