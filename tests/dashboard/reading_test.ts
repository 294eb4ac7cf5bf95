import { assertEquals } from "@std/assert";
import { type InstanceReading, snapshotOf } from "../../src/dashboard/reading.ts";
import type { Series } from "../../src/metrics/metrics_text.ts";

function series(metric: string, value: number, labels: Record<string, string> = {}): Series {
  return { metric, labels, value };
}

function lag(partition: string, records: number, topic = "in"): Series {
  return series("kos_consumer_lag_records", records, { topic, partition });
}

function instance(name: string, values: readonly Series[], rates: readonly Series[] = []): InstanceReading {
  return { name, ready: true, values, rates };
}

const PARTS = [{ id: 0, sources: ["in"], steps: [], stores: [], sinks: ["out"] }];

Deno.test("reading: partitions, load and rates of each instance, and their sums", () => {
  const labels = { topic: "in", partition: "0" };
  const one = instance("one", [
    lag("0", 100),
    series("kos_consumer_lag_seconds", 2, labels),
    series("kos_arrival_records_per_second", 30, labels),
    series("kos_partition_load", 0.4, labels),
    series("kos_load", 0.4),
    series("kos_capacity_records_per_second", 75),
    series("kos_streams_rebalances_total", 3),
  ], [
    series("kos_busy_seconds_total", 0.6),
    series("kos_streams_records_processed_total", 50),
    series("kos_streams_records_produced_total", 5, { topic: "out" }),
    series("kos_streams_records_produced_total", 50, { topic: "app-store-changelog" }),
  ]);
  const snapshot = snapshotOf(7, { instances: [one] }, PARTS);
  assertEquals(snapshot, {
    atMs: 7,
    running: 1,
    instances: [{
      name: "one",
      ready: true,
      partitions: [{ topic: "in", partition: 0, lag: 100, seconds: 2, arrival: 30, load: 0.4 }],
      load: 0.4,
      busy: 0.6,
      capacity: 75,
      processed: 50,
    }],
    rates: { in: 30, out: 5, processed: 50 },
    topics: { in: { in: 30 }, out: { in: 5 }, "app-store-changelog": { in: 50 } },
    drainSeconds: 5,
    rebalances: 3,
  });
});

Deno.test("reading: what is not known is left out, and is not 0", () => {
  assertEquals(snapshotOf(1, { instances: [instance("one", [])], problem: "no answer" }), {
    atMs: 1,
    running: 1,
    instances: [{ name: "one", ready: true, partitions: [] }],
    rates: {},
    topics: {},
    problem: "no answer",
  });
});

Deno.test("reading: the series of an instance that owns nothing is no partition; a topic as one is", () => {
  const values = [lag("-1", 0), series("kos_consumer_lag_records", 9, { topic: "other" })];
  const [read] = snapshotOf(1, { instances: [instance("one", values)] }).instances;
  assertEquals(read!.partitions, [{ topic: "other", partition: -1, lag: 9 }]);
});

Deno.test("reading: an instance that restores says so, and is not ready where nobody asked it", () => {
  const values = [series("kos_streams_restore_remaining_records", 12_000)];
  const [read] = snapshotOf(1, { instances: [{ name: "one", values, rates: [] }] }).instances;
  assertEquals([read!.ready, read!.state], [false, "restoring 12,000 records"]);
});

Deno.test("reading: lag that grows is never drained, and none is drained now", () => {
  const arrival = series("kos_arrival_records_per_second", 30, { topic: "in", partition: "0" });
  const processed = series("kos_streams_records_processed_total", 20);
  const drained = (records: number): number | undefined =>
    snapshotOf(1, { instances: [instance("one", [lag("0", records), arrival], [processed])] }).drainSeconds;
  assertEquals([drained(10), drained(0)], [undefined, 0]);
});

Deno.test("reading: the highest recommendation is what is wanted", () => {
  const instances = [2, 3].map((count) => instance(`${count}`, [series("kos_recommended_replicas", count)]));
  assertEquals(snapshotOf(1, { instances }).wanted, 3);
});
