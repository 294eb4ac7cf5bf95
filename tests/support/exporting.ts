/** Exports metrics until it is ended: what tests/metrics/open_telemetry_test.ts runs. */
import { Counter, Gauge, Histogram, Registry } from "../../src/metrics/prom_client.ts";
import { exportMetrics } from "../../src/metrics/open_telemetry.ts";

if (import.meta.main) {
  const registers = [new Registry()];
  new Counter({ name: "kos_test_total", help: "a counter", registers }).inc(7);
  new Gauge({ name: "kos_test_lag", help: "a gauge", labelNames: ["topic"], registers })
    .set({ topic: "orders" }, 3);
  new Gauge({ name: "kos_test_limit", help: "a gauge", registers }).set(Infinity);
  new Histogram({ name: "kos_test_seconds", help: "a histogram", registers }).observe(0.5);
  if (!exportMetrics(registers[0]!)) Deno.exit(3);
  // The exporter alone does not keep a process alive.
  setInterval(() => {}, 60_000);
}
