import { join, relative, resolve } from "@std/path";
import { run } from "./tools.ts";

/** The chart. */
export const CHART: string = resolve(import.meta.dirname!, "../../charts/kos");

/** The release and its namespace in golden renders. */
const RELEASE = "kos";

/** The Kubernetes that is rendered for; helm itself may have been built without one. */
export const KUBERNETES_VERSION = "1.33.13";

/** The values files in the chart's folder ci, one a feature, by their names without `-values.yaml`; sorted. */
export async function features(): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(join(CHART, "ci"))) {
    if (name.endsWith("-values.yaml")) names.push(name.slice(0, -"-values.yaml".length));
  }
  return names.sort();
}

/**
 * The features whose whole render is kept: the four that differ most. The chart's unit tests hold what the others
 * alone have.
 */
export const GOLDEN: readonly string[] = ["application", "fixed", "operator", "schema-registry"];

/** The values file of a feature. */
export function valuesFile(feature: string): string {
  return join(CHART, "ci", `${feature}-values.yaml`);
}

/** What the chart renders to with the values of one of {@linkcode GOLDEN}, as it was last accepted. */
export function goldenFile(feature: string): string {
  return join(CHART, "tests/golden", `${feature}.yaml`);
}

/** The first line of a golden render: a render of other sources has another one, which also shows where there is no helm. */
export async function goldenHeader(feature: string): Promise<string> {
  const parts: string[] = [];
  const sources = [
    join(CHART, "Chart.yaml"),
    join(CHART, "values.yaml"),
    valuesFile(feature),
    ...await filesIn(join(CHART, "templates")),
    ...await filesIn(join(CHART, "files")),
  ];
  for (const file of sources) parts.push(relative(CHART, file), await Deno.readTextFile(file));
  const bytes = new TextEncoder().encode(parts.join("\0"));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return `# Rendered by deno task chart --update; sources ${digest.slice(0, 16)}`;
}

/** All files in a folder and those below it, sorted. */
export async function filesIn(dir: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    const path = join(dir, entry.name);
    if (entry.isDirectory) files.push(...await filesIn(path));
    else files.push(path);
  }
  return files.sort();
}

/** What helm renders the chart to with a feature's values, or why it does not. */
export async function render(
  helm: string,
  feature: string,
): Promise<{ readonly text: string } | { readonly error: string }> {
  const place = ["--namespace", RELEASE, "--kube-version", KUBERNETES_VERSION];
  const { success, stdout, stderr } = await run(helm, [
    "template",
    RELEASE,
    CHART,
    ...place,
    "-f",
    valuesFile(feature),
  ]);
  return success ? { text: stdout } : { error: stderr };
}
