import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import { prometheusSource, type PrometheusSourceOptions } from "../../src/dashboard/prometheus_source.ts";
import type { PageSnapshot } from "../../src/dashboard/snapshot.ts";
import { writeRecords } from "../kafka/port/records.ts";
import { serving } from "../support/serving.ts";
import { shoutLog, shoutService } from "../support/shout_service.ts";
import { prometheusTest, withPrometheus } from "./real_prometheus.ts";

/** What kube-state-metrics says of two pods, of which the second is not ready, and of their autoscaler. */
const KUBE_STATE = `
kube_pod_status_ready{namespace="arcade",pod="shout-1",condition="true"} 1
kube_pod_status_ready{namespace="arcade",pod="shout-1",condition="false"} 0
kube_pod_status_ready{namespace="arcade",pod="shout-2",condition="true"} 0
kube_pod_status_ready{namespace="arcade",pod="shout-2",condition="false"} 1
kube_horizontalpodautoscaler_status_desired_replicas{namespace="arcade",horizontalpodautoscaler="shout"} 3
kube_horizontalpodautoscaler_status_desired_replicas{namespace="other",horizontalpodautoscaler="x"} 7
kos_load{namespace="other",pod="shout-9"} 1
kos_load{namespace="arcade",pod="not-shout-1"} 1
`;

/** Reads until a snapshot is as it should be. */
async function until(
  options: PrometheusSourceOptions,
  isIt: (snapshot: PageSnapshot) => boolean | Promise<boolean>,
): Promise<PageSnapshot> {
  const stop = new AbortController();
  try {
    for await (const snapshot of prometheusSource({ everyMs: 100, ...options }).snapshots(stop.signal)) {
      if (await isIt(snapshot)) return snapshot;
    }
    throw new Error("The source has ended");
  } finally {
    stop.abort();
  }
}

prometheusTest(
  "prometheus source, real: what instances serve is on the page, and one that dies leaves it",
  async () => {
    const log = await shoutLog();
    const [first, second] = [await shoutService(log), await shoutService(log)];
    const kube = await serving(() => new Response(KUBE_STATE));
    const pods = [first, second].map(({ server }, i) => ({
      port: server!.port,
      labels: { namespace: "arcade", pod: `shout-${i + 1}` },
    }));
    try {
      await withPrometheus({ targets: [...pods, { port: kube.port, labels: {} }] }, async (url) => {
        const asked = { url, namespace: "arcade", pods: "shout-.*" };
        const both = await until(asked, async ({ instances, rates, wanted }) => {
          await writeRecords(log, "in", [{ value: "a", partition: 1 }, { value: "b", partition: 2 }]);
          return instances.length === 2 && wanted === 3 &&
            instances.every(({ partitions }) =>
              partitions.length === 2 && partitions.every(({ lag }) => lag !== undefined)
            ) && [rates.in, rates.processed, rates.out].every((rate) => rate !== undefined && rate > 0);
        });
        assertEquals(
          both.instances.map(({ name, ready }) => ({ name, ready })).sort((a, b) => a.name < b.name ? -1 : 1),
          [{ name: "shout-1", ready: true }, { name: "shout-2", ready: false }],
        );
        const owned = both.instances.flatMap(({ partitions }) => partitions);
        assertEquals(
          owned.map(({ topic, partition }) => `${topic} ${partition}`).sort(),
          [0, 1, 2, 3].map((n) => `in ${n}`),
        );
        await second.close();
        const one = await until(
          asked,
          ({ instances: [only, ...others] }) => others.length === 0 && only?.partitions.length === 4,
        );
        assertEquals(one.instances[0]!.name, "shout-1");
      });
    } finally {
      await second.close();
      await first.close();
      await kube.close();
      await log.close();
    }
  },
);

/** A quarter of an hour, a point each 15 s: the second pod is there for the last five minutes. */
function quarterOfAnHour(nowMs: number): string {
  const pod = (name: string): string => `namespace="arcade",pod="${name}"`;
  const metrics = ["kos_load", "kos_consumer_lag_records", "kos_streams_records_processed_total"];
  const lines = metrics.map((
    metric,
  ) => [`# TYPE ${metric.replace(/_total$/, "")} ${metric.endsWith("_total") ? "counter" : "gauge"}`]);
  for (let ago = 900; ago >= 0; ago -= 15) {
    const at = Math.floor(nowMs / 1_000) - ago;
    lines[0]!.push(`kos_load{${pod("a")}} ${ago > 450 ? "NaN" : "1.5"} ${at}`);
    lines[1]!.push(`kos_consumer_lag_records{${pod("a")},topic="a\\"b\\\\c",partition="0"} ${ago} ${at}`);
    lines[2]!.push(`kos_streams_records_processed_total{${pod("a")}} ${(900 - ago) * 50} ${at}`);
    if (ago <= 300) lines[0]!.push(`kos_load{${pod("b")}} 0.5 ${at}`);
  }
  return [...lines.flat(), "# EOF\n"].join("\n");
}

prometheusTest(
  "prometheus source, real: the ten minutes before come at once, with what is not known left out",
  async () => {
    const now = Math.floor(Date.now() / 1_000) * 1_000;
    await withPrometheus({ past: quarterOfAnHour(now) }, async (url) => {
      const snapshots: PageSnapshot[] = [];
      const last = await until({ url, now: () => now }, (snapshot) => {
        snapshots.push(snapshot);
        return snapshot.atMs === now;
      });
      assertEquals(
        snapshots.map(({ atMs }) => (now - atMs) / 1_000),
        [...Array(41).keys()].map((i) => 600 - 15 * i),
      );
      assertEquals(snapshots.map(({ running }) => running), [...Array(20).fill(1), ...Array(21).fill(2)]);
      assertEquals(snapshots[0]!.instances[0]!.load, undefined);
      assertEquals(last.instances.map(({ load }) => load), [1.5, 0.5]);
      assertEquals(snapshots[0]!.instances[0]!.partitions, [{ topic: 'a"b\\c', partition: 0, lag: 600 }]);
      for (const { rates } of snapshots) assertAlmostEquals(rates.processed!, 50, 0.01);
    });
  },
);

prometheusTest(
  "prometheus source, real: what it has not got, and a pattern that it can't read, are said",
  async () => {
    await withPrometheus({}, async (url) => {
      const empty = await until({ url }, () => true);
      assertEquals(empty.problem, `Prometheus has no series of kos at ${url}`);
      const broken = await until({ url, pods: "shout-(" }, () => true);
      assertMatch(broken.problem!, /^Cannot read http.*: received .*missing closing \)/);
      const quoted = await until({ url, namespace: 'a"b\\c\u0001\u2028d' }, () => true);
      assertEquals(quoted.problem, empty.problem);
    });
  },
);
