/**
 * The chart as it is published: with images that a cluster can pull, where the one in the repository has the names
 * that `deno task image` gives. Pure: texts in, texts out.
 *
 * @module
 */
import { parse } from "@std/yaml";
import { ScriptError } from "../support/errors.ts";

/** Where releases go: the repository `owner/name` on GitHub, whose owner has the packages. */
export interface Place {
  readonly owner: string;
  readonly name: string;
}

/** What a text such as `owner/name` names; `undefined` for any other. */
export function parsePlace(text: string): Place | undefined {
  const match = /^([A-Za-z0-9][A-Za-z0-9-]*)\/([A-Za-z0-9._-]+)$/.exec(text);
  return match === null ? undefined : { owner: match[1]!, name: match[2]! };
}

/** What stands before the programs' names in those of their images. A registry takes small letters only. */
export function imagePrefix({ owner }: Place): string {
  return `ghcr.io/${owner.toLowerCase()}/kos-`;
}

/** Where the chart is pushed to. */
export function chartRepository({ owner }: Place): string {
  return `oci://ghcr.io/${owner.toLowerCase()}/charts`;
}

/** The place that Chart.yaml names as its home. @throws {ScriptError} When it names none on GitHub. */
export function homeOf(chart: string): Place {
  const { home } = parse(chart) as { home?: string };
  const place = parsePlace(/^https:\/\/github\.com\/(.+)$/.exec(home ?? "")?.[1] ?? "");
  if (place !== undefined) return place;
  throw new ScriptError(
    `Cannot tell where to publish: received the home "${home}" in Chart.yaml; set it to a repository on GitHub, or give --repository`,
  );
}

/** Chart.yaml for another place than its home. */
export function publishedChart(chart: string, place: Place): string {
  const home = homeOf(chart);
  return chart
    .replaceAll(`ghcr.io/${home.owner}/`, `ghcr.io/${place.owner.toLowerCase()}/`)
    .replaceAll(`${home.owner}/${home.name}`, `${place.owner}/${place.name}`);
}

/** values.yaml with the images of a place. @throws {ScriptError} When an image is not there exactly once. */
export function publishedValues(values: string, programs: readonly string[], place: Place): string {
  let text = values;
  for (const program of programs) {
    const local = new RegExp(`^( +repository: )kos-${program}$`, "gm");
    const found = values.match(local)?.length ?? 0;
    if (found !== 1) {
      throw new ScriptError(
        `Cannot publish the chart: received ${found} images kos-${program} in values.yaml; it must have one`,
      );
    }
    text = text.replace(local, `$1${imagePrefix(place)}${program}`);
  }
  return text;
}

/** What is wrong with the versions; `undefined` when all are one, and that of the tag. */
export function versionComplaint(
  versions: Readonly<Record<string, string>>,
  tag: string | undefined,
): string | undefined {
  const all = tag === undefined ? versions : { ...versions, "the tag": tag.replace(/^v/, "") };
  if (new Set(Object.values(all)).size === 1) return undefined;
  return Object.entries(all).map(([where, version]) => `${version} in ${where}`).join(", ");
}
