/**
 * `deno task image`: the programs as container images. See `--help`.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { readCommandLine, UsageError } from "../src/cli/arguments.ts";
import { runProgram } from "../src/cli/main.ts";
import { choice, InvalidValue, text } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { VERSION } from "../src/cli/version.ts";
import { progress } from "../src/cli/write.ts";
import { PROGRAM_NAMES, type ProgramName } from "./build/programs.ts";
import { buildArguments, type Builder, BUILDERS, findBuilder, type ImageRequest } from "./image/builders.ts";
import { exists } from "./support/cache.ts";
import { commandWorks } from "./support/commands.ts";
import { ScriptError } from "./support/errors.ts";

const ROOT = new URL("../", import.meta.url).pathname;

interface Flags {
  readonly runtime: "compiled" | "deno";
  readonly only?: ProgramName;
  readonly prefix: string;
  readonly tag: string;
  readonly base?: string;
  readonly denoImage?: string;
  readonly builder?: Builder;
  readonly ca?: string;
}

/** The task and its flags. */
export const IMAGE: Program<Flags> = {
  name: "image",
  task: true,
  description:
    "Builds the images kos-datagen and kos-streams with docker, podman or buildah. They run as user 65532, on a read-only " +
    "root file system, and download nothing. What stands behind -- goes to the builder: deno task image -- --platform linux/arm64",
  prefix: "KOS_IMAGE_",
  rest: "[-- flags of the builder]",
  flags: {
    runtime: {
      value: "<runtime>",
      text: "compiled: a binary of one file; deno: a script and Deno, where denort can't be downloaded",
      parse: choice("compiled", "deno"),
      default: "compiled",
    },
    only: {
      value: "<program>",
      text: `build one: ${PROGRAM_NAMES.join(" or ")}`,
      parse: choice(...PROGRAM_NAMES),
    },
    prefix: {
      value: "<prefix>",
      text: "before the program's name in the image's, such as ghcr.io/me/kos-",
      parse: text("a prefix"),
      default: "kos-",
    },
    tag: {
      value: "<tag>",
      text: "the images' tag",
      parse: tagText,
      default: VERSION,
      defaultText: "the project's version",
    },
    base: {
      value: "<image>",
      text: "what the images stand on: it needs glibc and libgcc",
      parse: text("an image"),
      defaultText: "gcr.io/distroless/cc-debian12",
    },
    denoImage: {
      value: "<image>",
      text: "what builds, with deno and a shell; host: --base with this machine's deno",
      parse: text("an image, or host"),
      variable: "KOS_IMAGE_DENO",
      defaultText: "denoland/deno",
    },
    builder: {
      value: "<command>",
      text: `builds: ${BUILDERS.join(", ")}`,
      parse: choice(...BUILDERS),
      defaultText: "the first that works",
    },
    ca: {
      value: "<file>",
      text: "certificate authorities to trust while building, in PEM (behind a proxy that signs anew)",
      parse: text("a file"),
    },
  },
};

function tagText(tag: string): string {
  // The specification of distribution, "Pulling manifests".
  if (/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}$/.test(tag)) return tag;
  throw new InvalidValue("expected a tag of up to 128 letters, digits, dots, dashes and underscores");
}

/** Runs the command line. @returns The exit code: 0, 1 when it can't build, 2 for wrong flags. */
export async function image(args: readonly string[]): Promise<number> {
  return await runProgram("image", async () => {
    const { flags, rest: extra } = readCommandLine(IMAGE, args);
    if (flags.denoImage === "host" && flags.base === undefined) {
      throw new UsageError(
        "Cannot use --deno-image host: received no --base, which this machine's deno is put on",
      );
    }
    const ca = flags.ca === undefined ? undefined : resolve(flags.ca);
    if (ca !== undefined && !(await exists(ca))) {
      throw new UsageError(`Cannot use --ca: received "${ca}", which is not there; give a file in PEM`);
    }
    const builder = await findBuilder(flags.builder, commandWorks);
    const denoImage = flags.denoImage === "host"
      ? await hostImage(builder, flags.base!, extra)
      : flags.denoImage;
    const names = PROGRAM_NAMES.filter((name) => flags.only === undefined || name === flags.only);
    for (const name of names) {
      await buildImage({
        builder,
        dockerfile: join(ROOT, "images", name, "Dockerfile"),
        context: ROOT,
        tag: `${flags.prefix}${name}:${flags.tag}`,
        stage: flags.runtime,
        buildArgs: { DENO_IMAGE: denoImage, BASE_IMAGE: flags.base },
        ...(ca === undefined ? {} : { ca }),
        extra,
      });
    }
  });
}

/** An image with the Deno that runs this, on a base: for where denoland's can't be pulled. */
async function hostImage(builder: Builder, base: string, extra: readonly string[]): Promise<string> {
  // Where the task may write.
  const scratch = join(ROOT, ".kos");
  await Deno.mkdir(scratch, { recursive: true });
  const context = await Deno.makeTempDir({ dir: scratch, prefix: "image-" });
  try {
    await Deno.copyFile(Deno.execPath(), join(context, "deno"));
    await Deno.chmod(join(context, "deno"), 0o755);
    const dockerfile = join(context, "Dockerfile");
    await Deno.writeTextFile(
      dockerfile,
      "ARG BASE_IMAGE\nFROM ${BASE_IMAGE}\nCOPY deno /usr/local/bin/deno\n",
    );
    const tag = `localhost/kos-deno:${Deno.version.deno}`;
    await buildImage({ builder, dockerfile, context, tag, buildArgs: { BASE_IMAGE: base }, extra });
    return tag;
  } finally {
    await Deno.remove(context, { recursive: true });
  }
}

async function buildImage(request: ImageRequest): Promise<void> {
  progress(`image: building ${request.tag} with ${request.builder}`);
  const { code } = await new Deno.Command(request.builder, {
    args: buildArguments(request),
    env: { DOCKER_BUILDKIT: "1" }, // for the secret
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (code === 0) return;
  const denort = request.stage === "compiled"
    ? "; where denort can't be downloaded --runtime deno does without it"
    : "";
  throw new ScriptError(
    `Cannot build ${request.tag}: received exit code ${code} from ${request.builder}, which says why above${denort}`,
  );
}

if (import.meta.main) Deno.exit(await image(Deno.args));
