import { assertEquals, assertMatch } from "@std/assert";
import { Gauge, Registry } from "prom-client";
import { probe, type WantedSeries } from "../../src/metrics/probe.ts";
import { serveMetrics } from "../../src/metrics/server.ts";

const LAG = { name: "kos_consumer_lag_records", labels: { topic: "orders" } };

/** What a probe says of a program that serves the lag of `orders`, and whether all was there. */
async function probed(
  series: readonly WantedSeries[],
  notReady: () => string[] = () => [],
): Promise<[complete: boolean, lines: string[]]> {
  const registry = new Registry();
  const labelNames = ["topic", "partition"];
  const lag = new Gauge({ name: LAG.name, help: "h", labelNames, registers: [registry] });
  lag.set({ topic: "orders", partition: "-1" }, 0);
  const server = await serveMetrics({ registry, host: "127.0.0.1", port: 0, notReady });
  const lines: string[] = [];
  try {
    const say = (line: string) => lines.push(line.replace(server.url, "URL"));
    return [await probe({ url: server.url, series, withinMs: 0 }, say), lines];
  } finally {
    await server.close();
  }
}

Deno.test("a probe finds a program that is ready and serves the series, and prints what it saw", async () => {
  assertEquals(await probed([LAG]), [true, [
    'ok       URL/readyz: {"status":"ok"}',
    'ok       kos_consumer_lag_records{topic="orders"}: kos_consumer_lag_records{topic="orders",partition="-1"} 0',
  ]]);
});

Deno.test("a probe names a series that is missing, be it by its name or by a label", async () => {
  const begins = { name: "kos_consumer_lag" };
  const [complete, lines] = await probed([LAG, { ...LAG, labels: { topic: "order" } }, begins]);
  assertEquals(complete, false);
  assertEquals(lines.slice(2), [
    'missing  kos_consumer_lag_records{topic="order"}: not among 1 series',
    "missing  kos_consumer_lag: not among 1 series",
  ]);
});

Deno.test("a probe says why a program is not ready", async () => {
  const [complete, [ready]] = await probed([LAG], () => ["restoring"]);
  assertEquals(complete, false);
  assertMatch(ready!, /^missing {2}URL\/readyz: .*restoring/);
});

Deno.test("a probe waits for what comes later", async () => {
  let looks = 0;
  const notReady = () => ++looks === 1 ? ["restoring"] : [];
  const server = await serveMetrics({ registry: new Registry(), host: "127.0.0.1", port: 0, notReady });
  const complete = await probe({ url: server.url, series: [], withinMs: 60_000 }, () => {});
  await server.close();
  assertEquals([complete, looks], [true, 2]);
});

Deno.test("a probe says that nothing answers, and why", async () => {
  const lines: string[] = [];
  const server = await serveMetrics({ registry: new Registry(), host: "127.0.0.1", port: 0 });
  await server.close();
  const complete = await probe({ url: server.url, series: [LAG], withinMs: 0 }, (line) => lines.push(line));
  assertEquals([complete, lines.length], [false, 2]);
  assertMatch(
    lines[1]!,
    /^missing {2}kos_consumer_lag_records\{topic="orders"\}: \/metrics: no answer, .*refused/i,
  );
});
