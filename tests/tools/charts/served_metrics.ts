import { assert } from "@std/assert";
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../../../src/game/topics.ts";
import { metricTopic } from "../../../src/metrics/lag_metrics.ts";

const root = new URL("../../../", import.meta.url);

/** The names of the metrics that the binaries serve, read from where they are defined. */
export async function servedMetrics(): Promise<Set<string>> {
  const names = new Set<string>();
  for (const folder of ["metrics", "datagen", "streams", "scaling"]) {
    for await (const entry of Deno.readDir(new URL(`src/${folder}/`, root))) {
      if (!entry.name.endsWith(".ts")) continue;
      // Comments name metrics too, in examples.
      const text = (await Deno.readTextFile(new URL(`src/${folder}/${entry.name}`, root)))
        .replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");
      for (const [, name] of text.matchAll(/"((?:kos|process|consumer)_[a-z_]+)"/g)) names.add(name!);
    }
  }
  for (const topic of [REQUESTS_TOPIC, RESPONSES_TOPIC]) {
    names.add(`consumer_lag_${metricTopic(topic)}`);
    names.add(`consumer_lead_${metricTopic(topic)}`);
  }
  return names;
}

/** The metrics that a PromQL expression names; a histogram's series by the histogram's name. */
function metricsOf(expression: string): string[] {
  const withoutLabels = expression.replace(/\{[^}]*\}/g, "{}").replace(/\b(by|on) *\([^)]*\)/g, "");
  return [...withoutLabels.matchAll(/\b((?:kos|process|consumer)_[a-z_]+)/g)]
    .map(([, name]) => name!.replace(/_(bucket|sum|count)$/, ""));
}

/** Fails when an expression names no metric of ours, or one that no binary serves. @returns What they name. */
export async function assertServed(
  expressions: readonly { where: string; expression: string }[],
): Promise<Set<string>> {
  const served = await servedMetrics();
  assert(served.has("kos_streams_records_processed_total"), "no metrics were found in src");
  const used = new Set<string>();
  for (const { where, expression } of expressions) {
    const names = metricsOf(expression);
    assert(names.length > 0, `${where}: ${expression} names no metric of ours`);
    for (const name of names) {
      used.add(name);
      assert(served.has(name), `${where}: no binary serves ${name}`);
    }
  }
  return used;
}
