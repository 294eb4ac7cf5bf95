import process from "node:process";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Registry } from "prom-client";
import { registerProcessMetrics } from "../../src/metrics/process_metrics.ts";
import { StreamsMetrics } from "../../src/metrics/streams_metrics.ts";

function fakeStats() {
  return {
    processed: 0,
    dropped: { null_key: 0, late: 0 } as Record<string, number>,
    decodeFailures: {} as Record<string, number>,
    produced: {} as Record<string, number>,
    busyMs: 0,
    offsetResets: 0,
    commits: 0,
    commitFailures: 0,
    rebalances: 0,
    restored: 0,
    restoringMs: 0,
    restoreRemaining: 0,
    tasks: 0,
    restoringTasks: 0,
    warmingTasks: () => 2,
    sizes: [] as { store: string; entries: number; bytes: number }[],
    stores() {
      return this.sizes;
    },
  };
}

async function lines(registry: Registry): Promise<string[]> {
  return (await registry.metrics()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** What is shown of an instance that does so much a second, for a minute. */
async function capacityOf(cpus: number, busyMs: number, busyCpuMs: number): Promise<string | undefined> {
  const registry = new Registry();
  const stats = { ...fakeStats(), busyCpuMs: 0 };
  let at = 0;
  new StreamsMetrics({ registry, stats, clock: () => at, cpus });
  await registry.metrics();
  for (let i = 0; i < 300; i++) {
    at += 1_000;
    stats.busyMs += busyMs;
    stats.busyCpuMs += busyCpuMs;
    stats.processed += 1_000;
    await registry.metrics();
  }
  return (await lines(registry)).find((line) => line.startsWith("kos_capacity"))?.split(" ")[1];
}

Deno.test("streams metrics: the capacity is what the cores that it can count on do, whatever it uses now", async () => {
  // As fast as a core, though a tenth or a quarter is all that it can count on.
  assertEquals(await capacityOf(0.1, 50, 50), "2000");
  assertEquals(await capacityOf(0.25, 50, 50), "5000");
  // At its limit: a tenth of the time on the wall is given to it.
  assertEquals(await capacityOf(0.1, 1_000, 100), "1000");
  // Of four cores its loop uses one.
  assertEquals(await capacityOf(4, 500, 400), "2000");
});

Deno.test("streams metrics: each scrape shows the numbers as they are, as absolute values", async () => {
  const registry = new Registry();
  const stats = fakeStats();
  new StreamsMetrics({ registry, stats });
  stats.processed = 5;
  await registry.metrics();
  stats.processed = 7;
  stats.dropped["late"] = 2;
  stats.decodeFailures["GAME-FRAME-RQ"] = 1;
  stats.produced["SESSIONS"] = 3;
  stats.commits = 4;
  stats.restoringMs = 2_500;
  stats.restoreRemaining = 9;
  stats.tasks = 3;
  stats.restoringTasks = 1;
  const text = await lines(registry);
  for (
    const line of [
      "kos_streams_records_processed_total 7",
      'kos_streams_records_dropped_total{reason="null_key"} 0',
      'kos_streams_records_dropped_total{reason="late"} 2',
      'kos_streams_decode_failures_total{topic="GAME-FRAME-RQ"} 1',
      'kos_streams_records_produced_total{topic="SESSIONS"} 3',
      "kos_streams_commits_total 4",
      "kos_streams_commit_failures_total 0",
      "kos_streams_rebalances_total 0",
      "kos_streams_records_restored_total 0",
      "kos_streams_restoring_seconds_total 2.5",
      "kos_streams_restore_remaining_records 9",
      "kos_streams_tasks 3",
      "kos_streams_restoring_tasks 1",
      "kos_streams_warming_tasks 2",
    ]
  ) assert(text.includes(line), `${line} is missing in:\n${text.join("\n")}`);
});

Deno.test("streams metrics: capacity is the records of a second of work, and not known before there was one", async () => {
  const registry = new Registry();
  const stats = fakeStats();
  const metrics = new StreamsMetrics({ registry, stats });
  const capacity = async () =>
    (await lines(registry)).filter((line) => line.startsWith("kos_capacity") || line.startsWith("kos_busy"));
  const work = (ms: number, records: number): void => {
    stats.busyMs += ms;
    stats.processed += records;
    metrics.observeCommit(0.01);
  };
  work(0, 0);
  work(900, 90);
  assertEquals(await capacity(), ["kos_busy_seconds_total 0.9"]);
  work(600, 60);
  assertEquals(await capacity(), ["kos_busy_seconds_total 1.5", "kos_capacity_records_per_second 100"]);
  // What it got done before the last ten seconds of work says nothing of now.
  for (let i = 0; i < 24; i++) work(500, 100);
  assertEquals((await capacity())[1], "kos_capacity_records_per_second 200");
});

Deno.test("streams metrics: the work of a restore is no measure of capacity", () => {
  const stats = fakeStats();
  let time = 0;
  const metrics = new StreamsMetrics({ registry: new Registry(), stats, clock: () => time });
  const work = (ms: number, records: number): void => {
    time += ms;
    stats.busyMs += ms;
    stats.processed += records;
    metrics.observeCommit(0.01);
  };
  work(0, 0);
  for (let i = 0; i < 4; i++) work(500, 100);
  assertEquals(metrics.capacity, 200);
  stats.restoreRemaining = 9;
  for (let i = 0; i < 40; i++) work(500, 1);
  assertEquals(metrics.capacity, 200);
  stats.restoreRemaining = 0;
  for (let i = 0; i < 40; i++) work(500, 50);
  assertEquals(metrics.capacity, 100);
});

Deno.test("streams metrics: stores are summed over tasks and those gone are removed", async () => {
  const registry = new Registry();
  const stats = fakeStats();
  new StreamsMetrics({ registry, stats });
  stats.sizes = [
    { store: "a", entries: 1, bytes: 10 },
    { store: "a", entries: 2, bytes: 20 },
    { store: "b", entries: 4, bytes: 40 },
  ];
  const stores = async () => (await lines(registry)).filter((line) => line.startsWith("kos_streams_store_"));
  assertEquals(await stores(), [
    'kos_streams_store_entries{store="a"} 3',
    'kos_streams_store_entries{store="b"} 4',
    'kos_streams_store_bytes{store="a"} 30',
    'kos_streams_store_bytes{store="b"} 40',
  ]);
  stats.sizes = [];
  assertEquals(await stores(), []);
});

Deno.test("streams metrics: commit latency falls into buckets in seconds", async () => {
  const registry = new Registry();
  const metrics = new StreamsMetrics({ registry, stats: fakeStats() });
  metrics.observeCommit(0.02);
  metrics.observeCommit(0.3);
  const text = await lines(registry);
  assert(text.includes('kos_streams_commit_duration_seconds_bucket{le="0.01"} 0'), text.join("\n"));
  assert(text.includes('kos_streams_commit_duration_seconds_bucket{le="0.025"} 1'), text.join("\n"));
  assert(text.includes("kos_streams_commit_duration_seconds_count 2"), text.join("\n"));
});

Deno.test("process metrics: CPU, memory and what is running", async () => {
  const registry = new Registry();
  registerProcessMetrics({ registry, component: "streams", version: "1.2.3" });
  const value = async (name: string) =>
    Number((await lines(registry)).find((line) => line.startsWith(name + " "))?.split(" ")[1]);
  const before = await value("process_cpu_seconds_total");
  const usedUs = () => process.cpuUsage().user + process.cpuUsage().system;
  for (let x = 0, end = usedUs() + 20_000; usedUs() < end;) x = Math.sqrt(x + 1);
  assert(await value("process_cpu_seconds_total") >= before + 0.005, "CPU time does not go up");
  assert(await value("process_resident_memory_bytes") > 10_000_000);
  assert(await value("kos_heap_used_bytes") > 1_000_000);
  const started = await value("process_start_time_seconds");
  assert(Math.abs(started - Date.now() / 1000) < 3600 * 24);
  assertStringIncludes(
    await registry.metrics(),
    `kos_build_info{component="streams",version="1.2.3",deno="${Deno.version.deno}",node=""} 1`,
  );
});
