/**
 * `deno task release`: images, chart and package to where they are published. See `--help`.
 *
 * @module
 */
import { cp } from "node:fs/promises";
import { join, relative, resolve } from "@std/path";
import { parse } from "@std/yaml";
import config from "../deno.json" with { type: "json" };
import { parseArguments } from "../src/cli/arguments.ts";
import { EXIT, runProgram } from "../src/cli/main.ts";
import { InvalidValue, text } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { PROGRAM_NAMES } from "./build/programs.ts";
import { CHART, KUBERNETES_VERSION } from "./chart/files.ts";
import { run, Tools } from "./chart/tools.ts";
import { image } from "./image.ts";
import { BUILDERS, findBuilder } from "./image/builders.ts";
import { makePackage } from "./pack.ts";
import {
  chartRepository,
  homeOf,
  imagePrefix,
  parsePlace,
  type Place,
  publishedChart,
  publishedValues,
  versionComplaint,
} from "./release/published_chart.ts";
import { publishedPackage } from "./release/published_package.ts";
import { writeSbom } from "./sbom.ts";
import { remove } from "./support/cache.ts";
import { commandWorks } from "./support/commands.ts";
import { ScriptError } from "./support/errors.ts";

const ROOT = resolve(import.meta.dirname!, "..");

interface Flags {
  readonly dryRun: boolean;
  readonly tag?: string;
  readonly repository?: Place;
  readonly out: string;
  readonly only?: readonly string[];
}

/** The task and its flags. */
export const RELEASE: Program<Flags> = {
  name: "release",
  task: true,
  description:
    "Publishes the version in deno.json: the chart (GHCR, OCI), the package (JSR, npm) and the images (GHCR); makes the list of what is in them (CycloneDX). With --dry-run all of " +
    "it is made and checked, and nothing is sent. Needs helm, npm and docker buildx, all logged in, as " +
    ".github/workflows/release.yml has them. The variables KOS_IMAGE_… set how images are made.",
  prefix: "KOS_RELEASE_",
  flags: {
    dryRun: toggle("send nothing; what can't be made for want of a command is skipped", { variable: false }),
    tag: {
      value: "<tag>",
      text: "the tag that is released, such as v0.1.0: it must be the version; needed to publish",
      parse: text("a tag"),
      variable: false,
    },
    repository: {
      value: "<owner/name>",
      text: "on GitHub; its owner has the images and the chart",
      parse: place,
      variable: "GITHUB_REPOSITORY",
      defaultText: "the home in Chart.yaml",
    },
    only: {
      value: "<part,…>",
      text: "publish these parts alone, in their order: images, chart, sbom, jsr, npm",
      parse: parts,
      variable: false,
      defaultText: "all",
    },
    out: {
      value: "<dir>",
      text: "where the chart, the package and the list of what is in them are made",
      parse: text("a folder"),
      default: "dist/release",
    },
  },
};

function place(value: string): Place {
  const parsed = parsePlace(value);
  if (parsed === undefined) throw new InvalidValue("expected an owner and a name, such as kos-streams/kos");
  return parsed;
}

function parts(value: string): readonly string[] {
  const asked = value.split(",").map((part) => part.trim());
  const unknown = asked.filter((part) => !(part in STEPS));
  if (unknown.length === 0) return asked;
  throw new InvalidValue(`expected some of ${Object.keys(STEPS).join(", ")}, with commas between`);
}

/** What all steps know. */
interface Release {
  readonly place: Place;
  readonly dryRun: boolean;
  readonly out: string;
}

/** One thing that is published: makes and sends it, and says what it was, or `skipped …`. */
type Step = (release: Release) => Promise<string>;

/**
 * What is published, in that order: the chart after the images that it names, and npm last, as it takes a version
 * once only. So a release that stopped half-way is made again by the same command.
 */
export const STEPS: Readonly<Record<string, Step>> = { images, chart, sbom, jsr, npm };

async function release(args: readonly string[]): Promise<number> {
  const flags = parseArguments(RELEASE, args);
  const chartText = await Deno.readTextFile(join(CHART, "Chart.yaml"));
  checkVersions(chartText, flags);
  const options = {
    place: flags.repository ?? homeOf(chartText),
    dryRun: flags.dryRun,
    out: resolve(flags.out),
  };
  await remove(options.out);
  await Deno.mkdir(options.out, { recursive: true });
  for (const [name, step] of Object.entries(STEPS)) {
    if (flags.only !== undefined && !flags.only.includes(name)) continue;
    progress(`release: ${name}`);
    const done = await step(options);
    say(done.startsWith("skipped ") ? `skipped  ${name}: ${done.slice(8)}` : `ok       ${name}: ${done}`);
  }
  if (flags.dryRun) say("nothing was sent");
  return EXIT.ok;
}

function checkVersions(chartText: string, { tag, dryRun }: Flags): void {
  const { version, appVersion } = parse(chartText) as { version: string; appVersion: string };
  const complaint = versionComplaint({
    "deno.json": config.version,
    "Chart.yaml's version": version,
    "Chart.yaml's appVersion": appVersion,
  }, tag);
  if (complaint !== undefined) {
    throw new ScriptError(`Cannot release: received ${complaint}; they must be the same`);
  }
  if (tag === undefined && !dryRun) {
    throw new ScriptError("Cannot publish: received no --tag; give the tag that is released, or --dry-run");
  }
}

async function chart({ place, dryRun, out }: Release): Promise<string> {
  const helm = await new Tools(progress).find("helm");
  if ("missing" in helm) return missing(helm.missing, dryRun);
  const folder = join(out, "kos");
  await cp(CHART, folder, { recursive: true });
  await rewrite(join(folder, "Chart.yaml"), (text) => publishedChart(text, place));
  await rewrite(join(folder, "values.yaml"), (text) => publishedValues(text, PROGRAM_NAMES, place));
  await must(helm.command, ["lint", "--strict", "--kube-version", KUBERNETES_VERSION, folder]);
  await must(helm.command, ["package", folder, "--destination", out]);
  const file = join(out, `kos-${config.version}.tgz`);
  if (!dryRun) await must(helm.command, ["push", file, chartRepository(place)]);
  return `${relative(ROOT, file)} for ${chartRepository(place)}, with images ${imagePrefix(place)}…`;
}

async function rewrite(file: string, change: (text: string) => string): Promise<void> {
  await Deno.writeTextFile(file, change(await Deno.readTextFile(file)));
}

async function sbom({ out }: Release): Promise<string> {
  return relative(ROOT, await writeSbom(out));
}

async function jsr({ dryRun }: Release): Promise<string> {
  await must(Deno.execPath(), ["publish", "--quiet", ...(dryRun ? ["--dry-run", "--allow-dirty"] : [])]);
  return `${config.name}@${config.version}`;
}

async function npm({ place, dryRun, out }: Release): Promise<string> {
  if (!(await commandWorks("npm"))) return missing("npm is not on the path", dryRun);
  const { archive, folder } = await makePackage(out);
  await rewrite(join(folder, "package.json"), (text) => publishedPackage(text, place));
  await must("npm", ["publish", folder, "--access", "public", ...(dryRun ? ["--dry-run"] : [])]);
  return `${config.name}@${config.version} as ${relative(ROOT, archive)}`;
}

async function images({ place, dryRun }: Release): Promise<string> {
  const prefix = imagePrefix(place);
  const built = PROGRAM_NAMES.map((name) => `${prefix}${name}:${config.version}`).join(", ");
  if (dryRun && await findBuilder(undefined, commandWorks).catch(() => undefined) === undefined) {
    return `skipped none of ${BUILDERS.join(", ")} answers`;
  }
  const flags = ["--prefix", prefix, "--tag", config.version];
  const push = ["--builder", "docker", "--", "--platform", "linux/amd64,linux/arm64", "--push"];
  if (await image(dryRun ? flags : [...flags, ...push]) === EXIT.ok) return built;
  throw new ScriptError(`Cannot build ${built}: received a failure, which is told above`);
}

/** What is not there is skipped by a dry run alone. */
function missing(what: string, dryRun: boolean): string {
  if (dryRun) return `skipped ${what}`;
  throw new ScriptError(`Cannot publish: ${what}; install it`);
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await run(command, args);
  if (success) return;
  throw new ScriptError(
    `Cannot go on: received a failure of ${command} ${args.join(" ")}\n${(stdout + stderr).trimEnd()}`,
  );
}

if (import.meta.main) Deno.exit(await runProgram("release", () => release(Deno.args)));
