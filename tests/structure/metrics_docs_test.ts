import { assert, assertEquals } from "@std/assert";
import { Registry } from "prom-client";
import { registerGeneratorMetrics } from "../../src/datagen/metrics.ts";
import { EngineStats } from "../../src/engine/record/stats.ts";
import { watchEventLoop } from "../../src/metrics/event_loop.ts";
import { LagMetrics, type MetricsLevel } from "../../src/metrics/lag_metrics.ts";
import { LoadMetrics } from "../../src/metrics/load_metrics.ts";
import { registerProcessMetrics } from "../../src/metrics/process_metrics.ts";
import { StartTime } from "../../src/metrics/start_time.ts";
import { StreamsMetrics } from "../../src/metrics/streams_metrics.ts";
import { Advisor } from "../../src/scaling/advisor.ts";
import { registerRecommendation } from "../../src/scaling/routes.ts";
import { servedMetrics } from "../tools/charts/served_metrics.ts";

/** One metric: its type, and its labels in their order. */
type Described = Record<string, readonly [type: string, labels: string]>;

/** The rows of the tables in docs/metrics.md. */
const ROWS = [
  ...Deno.readTextFileSync(new URL("../../docs/metrics.md", import.meta.url))
    .matchAll(/^\| `([^`]+)` *\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|$/gm),
].map(([, name, ...cells]) => [name!, ...cells.map((cell) => cell.trim())]);

/** What all programs register, but for the metrics of single programs. */
function registered(level: MetricsLevel): Described {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: ["<TOPIC>"], client: "c", level });
  new LoadMetrics({ registry, lag, capacity: () => undefined, level });
  new StreamsMetrics({ registry, stats: new EngineStats() });
  registerProcessMetrics({ registry, component: "c", version: "1" });
  new StartTime(registry);
  registerRecommendation(registry, new Advisor({ minReplicas: 1, maxReplicas: 1 }));
  registerGeneratorMetrics(registry, () => undefined);
  watchEventLoop(registry).close();
  return Object.fromEntries(
    registry.getMetricsAsArray().map((metric) => {
      const { name, type, labelNames } = metric as unknown as {
        name: string;
        type: string;
        labelNames: string[];
      };
      return [name.replace("__topic_", "_<topic>"), [type, labelNames.join(", ")]];
    }),
  );
}

Deno.test("docs/metrics.md has every metric that src names, and no other", async () => {
  const served = [...await servedMetrics()].map((name) =>
    name.replace(/^(consumer_lag|consumer_lead)_game_frame_r[qs]$/, "$1_<topic>")
  );
  assertEquals(ROWS.map(([name]) => name!).sort(), [...new Set(served)].sort());
});

Deno.test("docs/metrics.md has the type, the labels, a unit and a meaning of each metric", () => {
  const rows: Described = Object.fromEntries(ROWS.map(([name, type, labels]) => [name!, [type!, labels!]]));
  const metrics = registered("partition");
  assert(Object.keys(metrics).length > 30);
  for (const [name, described] of Object.entries(metrics)) assertEquals(rows[name], described, name);
  for (const [name, , , unit, meaning] of ROWS) assert(unit !== "" && meaning !== "", name);
});

Deno.test("at the level of topics the metrics are those of docs/metrics.md, without the label partition", () => {
  const without = Object.entries(registered("partition"))
    .map(([name, [type, labels]]) => [name, [type, labels.replace(/, partition/, "")]]);
  assertEquals(registered("topic"), Object.fromEntries(without));
});
