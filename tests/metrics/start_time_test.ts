import { assert, assertEquals } from "@std/assert";
import { Registry } from "../../src/metrics/prom_client.ts";
import { StartTime } from "../../src/metrics/start_time.ts";
import { sumOfSeries } from "../../src/metrics/metrics_text.ts";

Deno.test("start time: it has no series before it is known, and only the first time counts", async () => {
  const registry = new Registry();
  const askedForAt = performance.now() - 7_000;
  const start = new StartTime(registry, askedForAt);
  const seconds = async () => sumOfSeries(await registry.metrics(), "kos_start_seconds");
  assertEquals(await seconds(), undefined);
  start.ended();
  const first = await seconds();
  assert(first! >= 7, `${first}`);
  start.ended();
  assertEquals(await seconds(), first);
});
