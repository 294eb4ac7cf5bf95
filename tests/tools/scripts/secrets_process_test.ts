import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { writePrivateFile } from "../../../scripts/secrets/private_file.ts";
import { ScriptError } from "../../../scripts/support/errors.ts";
import { readSecret } from "./secrets_support.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const ENV = { API_KEY: "KEY-1", SECRET_KEY: "hush 'ö'", BOOTSTRAP_SERVERS: "a.example.com:9092" };
const windows = Deno.build.os === "windows";

const modeOf = async (path: string): Promise<number> => (await Deno.stat(path)).mode! & 0o777;

Deno.test({
  name: "the file is its owner's alone, also when it was everybody's, and its folders are created",
  ignore: windows,
  fn: () =>
    withDirectoryWhile(async (dir) => {
      const path = join(dir, "a", "b", "secret.yaml");
      await writePrivateFile(path, "one");
      assertEquals([await modeOf(path), await modeOf(join(dir, "a"))], [0o600, 0o700]);
      await Deno.chmod(path, 0o666);
      await writePrivateFile(path, "two");
      assertEquals([await modeOf(path), await Deno.readTextFile(path)], [0o600, "two"]);
      assertEquals([...Deno.readDirSync(join(dir, "a", "b"))].length, 1);
    }),
});

Deno.test("a path that can't be written is named, and nothing is left beside it", () =>
  withDirectoryWhile(async (dir) => {
    await Deno.mkdir(join(dir, "taken"));
    await assertRejects(
      () => writePrivateFile(join(dir, "taken"), "x"),
      ScriptError,
      `Cannot write ${dir}/taken`,
    );
    await Deno.writeTextFile(join(dir, "file"), "");
    await assertRejects(() => writePrivateFile(join(dir, "file", "x"), "x"), ScriptError, "Cannot write");
    assertEquals([...Deno.readDirSync(dir)].map((entry) => entry.name).sort(), ["file", "taken"]);
  }));

/** Runs the script with the task's own permissions, and those given besides. */
async function script(
  args: readonly string[],
  options: {
    readonly more?: readonly string[];
    readonly env?: Record<string, string>;
    readonly stdin?: string;
  } = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-check",
      "-P=secrets",
      ...options.more ?? [],
      "scripts/secrets.ts",
      ...args,
    ],
    cwd: ROOT,
    env: { API_KEY: "", SECRET_KEY: "", BOOTSTRAP_SERVERS: "", ...options.env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(options.stdin ?? ""));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

Deno.test("the task's permissions are enough for the file, and for nothing outside its folder", () =>
  withDirectoryWhile(async (dir) => {
    const out = join(dir, "deep", "secret.yaml");
    const ran = await script(["--out", out], {
      env: ENV,
      more: [`--allow-read=${dir}`, `--allow-write=${dir}`],
    });
    assertEquals([ran.code, ran.stdout], [0, ""], ran.stderr);
    assertEquals(readSecret(await Deno.readTextFile(out)).data["secret-key"], ENV.SECRET_KEY);
    const denied = await script(["--out", join(dir, "no.yaml")], { env: ENV });
    assertEquals(denied.code, 1);
    assertMatch(denied.stderr, /no permission from Deno; .*--allow-write=/);
  }));

Deno.test("values come from standard input, and none from nowhere", async () => {
  const stdin = Object.entries(ENV).map(([name, value]) => `${name}="${value}"\n`).join("");
  const ran = await script(["--stdout", "--from-file", "-"], { stdin });
  assertEquals(ran.code, 0, ran.stderr);
  assertEquals(readSecret(ran.stdout).data["secret-key"], ENV.SECRET_KEY);
  const nobody = await script([]);
  assertEquals([nobody.code, nobody.stdout], [2, ""]);
  assertStringIncludes(nobody.stderr, "received no API_KEY and no SECRET_KEY and no BOOTSTRAP_SERVERS");
});
