import { parse, parseAll } from "@std/yaml";
import { CHART, features, GOLDEN, goldenFile, render } from "../../../scripts/chart/files.ts";

/** Whatever YAML or JSON holds. */
// deno-lint-ignore no-explicit-any -- tests look into objects of many kinds
export type Any = any;

/** A file of the chart. */
export async function chartFile(path: string): Promise<string> {
  return await Deno.readTextFile(`${CHART}/${path}`);
}

/** A YAML file of the chart. */
export async function chartYaml(path: string): Promise<Any> {
  return parse(await chartFile(path));
}

/** The objects of a feature's golden render. */
export async function objectsOf(feature: string): Promise<Any[]> {
  return objectsIn(await Deno.readTextFile(goldenFile(feature)));
}

/** The objects of a render. */
export function objectsIn(text: string): Any[] {
  return (parseAll(text) as Any[]).filter((object) => object !== null);
}

/** What the chart renders to with a feature's values. */
export interface Render {
  readonly feature: string;
  readonly objects: readonly Any[];
}

/** The golden renders. */
export async function goldenRenders(): Promise<Render[]> {
  return await Promise.all(GOLDEN.map(async (feature) => ({ feature, objects: await objectsOf(feature) })));
}

/** What helm makes of the chart now, with the values of each feature. @throws {Error} When it refuses one. */
export async function helmRenders(helm: string): Promise<Render[]> {
  const renders: Render[] = [];
  for (const feature of await features()) {
    const rendered = await render(helm, feature);
    if ("error" in rendered) throw new Error(`Cannot render ${feature}: received ${rendered.error}`);
    renders.push({ feature, objects: objectsIn(rendered.text) });
  }
  return renders;
}

/** The object of that kind and name. @throws {Error} When there is none. */
export function find(objects: readonly Any[], kind: string, name: string): Any {
  const object = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (object === undefined) throw new Error(`Cannot find ${kind} ${name} in the render`);
  return object;
}

/** A pod, with the labels that it has. */
export interface Pod {
  readonly name: string;
  readonly labels: Record<string, string>;
  /** The names of the volumes that each pod claims for itself. */
  readonly claims: readonly string[];
  readonly spec: Any;
}

/** The pods of a render: those of Deployments and StatefulSets, and pods themselves. */
export function podsOf(objects: readonly Any[]): Pod[] {
  return objects.flatMap((object) => {
    const pod = object.kind === "Pod" ? object : object.spec?.template;
    if (pod?.spec?.containers === undefined) return [];
    return [{
      name: `${object.kind}/${object.metadata.name}`,
      labels: pod.metadata?.labels ?? {},
      claims: (object.spec.volumeClaimTemplates ?? []).map(({ metadata }: Any) => metadata.name),
      spec: pod.spec,
    }];
  });
}
