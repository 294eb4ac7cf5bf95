import { assertEquals } from "@std/assert";
import { Registry } from "prom-client";
import { exportMetrics } from "../../src/metrics/open_telemetry.ts";

/** A metric in OTLP's JSON, as far as it is read here. */
interface Exported {
  readonly name: string;
  readonly sum?: { readonly dataPoints: readonly Point[]; readonly isMonotonic: boolean };
  readonly gauge?: { readonly dataPoints: readonly Point[] };
}

interface Point {
  readonly asDouble: number;
  readonly attributes: readonly { readonly key: string; readonly value: { readonly stringValue: string } }[];
}

Deno.test("open telemetry: without an exporter nothing is exported", () => {
  assertEquals(exportMetrics(new Registry()), false);
});

Deno.test("open telemetry: Deno's exporter sends a registry's metrics where its variables say", async () => {
  const received = Promise.withResolvers<Exported[]>();
  const sink = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.text();
    const exported = new URL(request.url).pathname === "/v1/metrics" ? metricsOf(body) : [];
    if (exported.length > 0) received.resolve(exported);
    return Response.json({});
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", new URL("../support/exporting.ts", import.meta.url).pathname],
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${sink.addr.port}`,
      OTEL_METRIC_EXPORT_INTERVAL: "200",
      OTEL_SERVICE_NAME: "streams",
    },
  }).spawn();
  try {
    const ended = child.status.then(({ code }) => {
      throw new Error(`It ended with code ${code} and exported nothing`);
    });
    ended.catch(() => {});
    const exported = await Promise.race([received.promise, ended]);
    assertEquals(exported.map(shown).sort(), [
      "kos_test_lag=3 topic=orders",
      "kos_test_seconds_count=1",
      "kos_test_seconds_sum=0.5",
      "kos_test_total=7",
    ]);
    assertEquals(exported.find(({ name }) => name === "kos_test_total")?.sum?.isMonotonic, true);
  } finally {
    child.kill("SIGKILL");
    await child.status;
    await sink.shutdown();
  }
});

/** The metrics of kos in an export: Deno has some of its own. */
function metricsOf(body: string): Exported[] {
  const { resourceMetrics } = JSON.parse(body) as {
    resourceMetrics: { scopeMetrics: { metrics: Exported[] }[] }[];
  };
  return resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
    .filter(({ name }) => name.startsWith("kos_"));
}

function shown({ name, sum, gauge }: Exported): string {
  const [point] = (sum ?? gauge)!.dataPoints;
  const labels = point!.attributes.map(({ key, value }) => ` ${key}=${value.stringValue}`);
  return `${name}=${point!.asDouble}${labels.join("")}`;
}
