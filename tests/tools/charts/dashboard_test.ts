import { assert, assertEquals } from "@std/assert";
import { type Any, chartFile } from "./renders.ts";

const dashboard = JSON.parse(await chartFile("files/dashboard.json"));
const expressions: string[] = dashboard.panels.flatMap(({ targets = [] }: Any) =>
  targets.map(({ expr }: Any) => expr)
);

Deno.test("the dashboard knows no application: what it shows of one is of the pods and topics that are chosen", () => {
  const variables = dashboard.templating.list.map(({ name }: Any) => name);
  assertEquals(variables, ["datasource", "namespace", "pod", "topic"]);
  let checked = 0;
  for (const expression of expressions) {
    assert(!/component=|game|GAME/.test(expression), `${expression} is of one application`);
    for (const [, metric, labels] of expression.matchAll(/\b(kos_[a-z_]+)\{([^}]*)\}/g)) {
      if (metric!.startsWith("kos_datagen_")) continue;
      checked++;
      assert(labels!.includes('pod=~"$pod"'), `${expression}: ${metric} is of all pods`);
      const byTopic = /^kos_(consumer_lag|arrival|partition)_/.test(metric!);
      assertEquals(labels!.includes('topic=~"$topic"'), byTopic, `${expression}: ${metric}`);
    }
  }
  assert(checked > 25, `only ${checked} expressions were found`);
});
