import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import config from "../../../deno.json" with { type: "json" };
import { PROGRAMS } from "../../../scripts/build/programs.ts";
import { buildArguments, BUILDERS, findBuilder } from "../../../scripts/image/builders.ts";
import { ScriptError } from "../../../scripts/support/errors.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const dockerfile = (name: string): Promise<string> => Deno.readTextFile(`${ROOT}images/${name}/Dockerfile`);

/** The instructions of one stage, without comments. */
function stage(text: string, name: string): string[] {
  const lines = text.replace(/\\\n/g, " ").split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const from = lines.findIndex((line) => line.startsWith("FROM ") && line.endsWith(` AS ${name}`));
  const rest = lines.slice(from + 1);
  const next = rest.findIndex((line) => line.startsWith("FROM "));
  return rest.slice(0, next < 0 ? undefined : next);
}

Deno.test("both final stages run as a user of no rights, and need no shell", async (t) => {
  for (const { name, permissions } of PROGRAMS) {
    await t.step(name, async () => {
      const text = await dockerfile(name);
      for (const final of ["deno", "compiled"]) {
        const lines = stage(text, final);
        assertEquals(lines.filter((line) => /^(RUN|CMD|SHELL|ADD) /.test(line)), [], final);
        assertEquals(lines.filter((line) => line.startsWith("USER ")), ["USER 65532:65532"]);
        const entry: string[] = JSON.parse(
          lines.find((line) => line.startsWith("ENTRYPOINT "))!.slice("ENTRYPOINT ".length),
        );
        if (final === "compiled") assertEquals(entry, [`/usr/local/bin/${name}`]);
        else {assertEquals([entry.includes(`-P=${permissions}`), entry.includes("--cached-only")], [
            true,
            true,
          ]);}
      }
    });
  }
});

Deno.test("the Dockerfiles differ in the program alone", async () => {
  const [one, other] = await Promise.all(
    PROGRAMS.map(async ({ name, permissions }) =>
      (await dockerfile(name)).replace(/^# The .*program: .*$/m, "")
        .replaceAll(`-P=${permissions}`, "-P=SET").replaceAll(name, "NAME").replace(/^EXPOSE .*$/gm, "")
    ),
  );
  assertEquals(one, other);
});

Deno.test("the build's Deno is the one that the project is tested with, and it copies only what the context has", async () => {
  const readme = await Deno.readTextFile(`${ROOT}.ci/run`);
  const version = /npx -y deno@([\d.]+)/.exec(readme)![1]!;
  const allowed = (await Deno.readTextFile(`${ROOT}.dockerignore`)).split("\n").filter((line) =>
    line && !line.startsWith("#")
  );
  assertEquals(allowed[0], "*");
  const context = allowed.slice(1).map((line) => line.replace(/^!/, ""));
  for (const { name } of PROGRAMS) {
    const text = await dockerfile(name);
    assertStringIncludes(text, `ARG DENO_IMAGE=docker.io/denoland/deno:${version}\n`);
    const copied = stage(text, "sources").filter((line) => line.startsWith("COPY "))
      .flatMap((line) => line.split(" ").slice(1, -1));
    assertEquals(copied.filter((path) => !context.includes(path)), []);
    assertStringIncludes(config.tasks.build.command, "deno run -q -P=build scripts/build.ts");
    assertStringIncludes(text, config.tasks.build.command);
  }
});

Deno.test("the first builder that works is taken; one that was asked for is not replaced", async () => {
  const only = (...there: string[]) => (command: string) => Promise.resolve(there.includes(command));
  assertEquals(await findBuilder(undefined, only("buildah", "podman")), "podman");
  assertEquals(await findBuilder("buildah", only(...BUILDERS)), "buildah");
  await assertRejects(
    () => findBuilder(undefined, only()),
    ScriptError,
    "received no answer from docker, podman, buildah; start Docker, or install podman or buildah",
  );
  await assertRejects(
    () => findBuilder("docker", only("podman")),
    ScriptError,
    "Cannot build images with docker",
  );
});

Deno.test("the builder gets the stage, the arguments that are set, the authorities and what was behind --", () => {
  assertEquals(
    buildArguments({
      builder: "podman",
      dockerfile: "D",
      context: "C",
      tag: "t:1",
      stage: "deno",
      buildArgs: { BASE_IMAGE: "b", DENO_IMAGE: undefined },
      ca: "/ca.pem",
      extra: ["--platform", "linux/arm64"],
    }).join(" "),
    "build --file D --tag t:1 --target deno --build-arg BASE_IMAGE=b --secret id=ca,src=/ca.pem --platform linux/arm64 C",
  );
});

Deno.test("without a builder, or with flags that can't go together, it says what to do", async () => {
  const image = async (...args: string[]) => {
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-q", "--no-check", "-P=image", "scripts/image.ts", ...args],
      cwd: ROOT,
      env: { PATH: "/nonexistent" },
      stdin: "null",
      stderr: "piped",
    }).output();
    return { code, stderr: new TextDecoder().decode(stderr) };
  };
  const none = await image();
  assertEquals(none.code, 1);
  assertStringIncludes(
    none.stderr,
    "image: Cannot build images: received no answer from docker, podman, buildah",
  );
  const host = await image("--deno-image", "host");
  assertEquals(host.code, 2);
  assertStringIncludes(host.stderr, "Cannot use --deno-image host: received no --base");
  const tag = await image("--tag", "a b");
  assertEquals(tag.code, 2);
  assertStringIncludes(tag.stderr, "--tag");
});
