import { ScriptError } from "../support/errors.ts";

/** The commands that can build an image, in the order in which they are looked for. */
export const BUILDERS = ["docker", "podman", "buildah"] as const;

/** A command that builds images. */
export type Builder = typeof BUILDERS[number];

/** What tells that a builder can build: docker needs an engine that answers, the others none. */
const PROBES: Readonly<Record<Builder, readonly string[]>> = {
  docker: ["info", "--format", "{{.ServerVersion}}"],
  podman: ["info", "--format", "{{.Version.Version}}"],
  buildah: ["--version"],
};

/**
 * The builder that was asked for, or the first that works.
 *
 * @throws {ScriptError} When none does, saying what was tried.
 */
export async function findBuilder(
  asked: Builder | undefined,
  works: (command: string, args: readonly string[]) => Promise<boolean>,
): Promise<Builder> {
  for (const builder of asked === undefined ? BUILDERS : [asked]) {
    if (await works(builder, PROBES[builder])) return builder;
  }
  throw new ScriptError(
    asked === undefined
      ? `Cannot build images: received no answer from ${
        BUILDERS.join(", ")
      }; start Docker, or install podman or buildah`
      : `Cannot build images with ${asked}: received no answer from \`${asked} ${
        PROBES[asked].join(" ")
      }\`; start or install it, or leave --builder out`,
  );
}

/** An image to build. */
export interface ImageRequest {
  readonly builder: Builder;
  readonly dockerfile: string;
  readonly context: string;
  readonly tag: string;
  /** The stage to end with; left out, the last. */
  readonly stage?: string;
  /** `ARG`s by name; those that are `undefined` keep the Dockerfile's default. */
  readonly buildArgs?: Readonly<Record<string, string | undefined>>;
  /** A file with certificate authorities for the build's downloads. */
  readonly ca?: string;
  /** Handed on to the builder as they are. */
  readonly extra?: readonly string[];
}

/** The arguments of the builder's command for an image. */
export function buildArguments(request: ImageRequest): string[] {
  const { builder, stage, ca, buildArgs = {}, extra = [] } = request;
  return [
    ...(builder === "buildah" ? ["build", "--layers"] : ["build"]),
    "--file",
    request.dockerfile,
    "--tag",
    request.tag,
    ...(stage === undefined ? [] : ["--target", stage]),
    ...Object.entries(buildArgs).flatMap(([name, value]) =>
      value === undefined ? [] : ["--build-arg", `${name}=${value}`]
    ),
    ...(ca === undefined ? [] : ["--secret", `id=ca,src=${ca}`]),
    ...extra,
    request.context,
  ];
}
