import { assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { parse } from "@std/yaml";
import config from "../../../deno.json" with { type: "json" };
import { emptyFolder, writeFiles } from "../../../src/new/folder.ts";
import type { Project } from "../../../src/new/project.ts";
import { seenFrom, sourceOf } from "../../../src/new/source.ts";
import { filesOf } from "../../../src/new/templates/files.ts";
import { ended } from "../../support/ended.ts";
import { withDirectoryWhile } from "../../support/temporary_directory.ts";

const NAMES = { name: "my-app", input: "orders", output: "orders-per-minute" };
const LONGEST = { name: "n".repeat(53), input: "i".repeat(249), output: "o".repeat(249) };
const REGISTRY: Project = {
  ...NAMES,
  runtime: "deno",
  source: { kind: "registry", specifier: "jsr:@kos/kos@^0.1.0" },
};

function textOf(project: Project, name: string): string {
  return filesOf(project).find((file) => file.name === name)!.text;
}

/** Writes a project and runs commands of Deno in its folder, each of which has to succeed. */
async function runIn(names: typeof NAMES, commands: readonly string[][]): Promise<void> {
  await withDirectoryWhile(async (directory) => {
    const folder = await emptyFolder(join(directory, names.name));
    await writeFiles(
      folder,
      filesOf({ ...names, runtime: "deno", source: seenFrom(folder, await sourceOf(undefined, "deno")) }),
    );
    for (const args of commands) {
      const settings = { cwd: folder, env: { NO_COLOR: "1" }, stdout: "piped", stderr: "piped" } as const;
      const { code, stdout, stderr } = await ended(
        new Deno.Command(Deno.execPath(), { args, ...settings }).spawn(),
      );
      assertEquals(code, 0, `${args.join(" ")}: ${stdout}${stderr}`);
    }
  });
}

Deno.test("files: a project is formatted, clean and typed, passes its test and can be bundled", async () => {
  await runIn(NAMES, ["check", "test", "build"].map((task) => ["task", "-q", task]));
});

Deno.test("files: a project with the longest names is formatted too", async () => {
  await runIn(LONGEST, [["fmt", "--check"], ["lint"]]);
});

Deno.test("files: a project of a registry has its specifier and no link", () => {
  const own = JSON.parse(textOf(REGISTRY, "deno.json"));
  assertEquals(own.imports, { "@kos/kos": "jsr:@kos/kos@^0.1.0" });
  assertEquals("links" in own, false);
});

Deno.test("files: a project for Node depends on npm's package, or on the file that it has a copy of", () => {
  const npm = { kind: "registry", specifier: "npm:@kos/kos@^0.1.0" } as const;
  const packed = { kind: "packed", path: "/home/me/kos/kos-kos-0.1.0.tgz" } as const;
  const dependencies = [npm, packed].map((source) => {
    const files = filesOf({ ...NAMES, runtime: "node", source });
    const { dependencies } = JSON.parse(files.find(({ name }) => name === "package.json")!.text);
    const dockerfile = files.find(({ name }) => name === "Dockerfile")!.text;
    return [dependencies["@kos/kos"], /^COPY package\.json .*$/m.exec(dockerfile)![0]];
  });
  assertEquals(dependencies, [
    ["^0.1.0", "COPY package.json package-lock.json ./"],
    ["file:kos-kos-0.1.0.tgz", "COPY package.json package-lock.json *.tgz ./"],
  ]);
});

Deno.test("files: a project may do what the arcade's program of run may", () => {
  const { permissions } = JSON.parse(textOf(REGISTRY, "deno.json"));
  assertEquals(permissions.default, config.permissions.streams);
});

Deno.test("files: the image has the permissions of deno.json but for the folder that is beside the program", () => {
  const { net, read, write, env, sys } = JSON.parse(textOf(REGISTRY, "deno.json")).permissions.default;
  const dockerfile = textOf(REGISTRY, "Dockerfile");
  const places = (paths: string[]) => paths.filter((path) => path !== ".kos").join();
  assertEquals(net, true);
  for (
    const flag of [
      `"--allow-net"`,
      `"--allow-read=${places(read)}"`,
      `"--allow-write=${places(write)}"`,
      `"--allow-env=${env.join()}"`,
      `"--allow-sys=${sys.join()}"`,
    ]
  ) assertStringIncludes(dockerfile, flag);
  assertStringIncludes(dockerfile, "USER 65532:65532");
});

Deno.test("files: the values name the image, the application and the topic, also one that YAML takes for a number", () => {
  const values = parse(textOf({ ...REGISTRY, input: "1e3" }, "values.yaml")) as Record<string, unknown>;
  assertEquals(values.app, {
    name: "my-app",
    image: { repository: "my-app", tag: "0.1.0" },
    applicationId: "my-app",
    flags: { window: "1m" },
    args: [],
    env: [],
    onUndecodable: "dead-letter",
  });
  assertEquals(values.inputTopics, ["1e3"]);
  assertEquals(values.generator, { enabled: false });
});
