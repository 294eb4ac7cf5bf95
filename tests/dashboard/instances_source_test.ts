import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  instancesSource,
  type ReadableInstance,
  remoteInstances,
} from "../../src/dashboard/instances_source.ts";
import type { PageSnapshot } from "../../src/dashboard/snapshot.ts";
import { serving } from "../support/serving.ts";

/** The first snapshots of instances that are looked at each second of a clock of the test's own. */
async function read(instances: () => readonly ReadableInstance[], count: number): Promise<PageSnapshot[]> {
  const stop = new AbortController();
  let seconds = 0;
  const source = instancesSource({ title: "app", instances, everyMs: 0, now: () => seconds * 1_000 });
  const snapshots: PageSnapshot[] = [];
  for await (const snapshot of source.snapshots(stop.signal)) {
    snapshots.push(snapshot);
    seconds++;
    if (snapshots.length === count) stop.abort();
  }
  return snapshots;
}

function instance(name: string, metrics: () => string, ready = true): ReadableInstance {
  return { name, metrics: () => Promise.resolve(metrics()), ready: () => Promise.resolve(ready) };
}

Deno.test("instances source: counters become rates from the second look on", async () => {
  let processed = 0;
  const one = instance("one", () => `kos_streams_records_processed_total ${processed += 40}\n`);
  const snapshots = await read(() => [one], 3);
  assertEquals(snapshots.map(({ rates }) => rates.processed), [undefined, 40, 40]);
});

Deno.test("instances source: one that can't be read is named, and the others are shown", async () => {
  const broken = {
    ...instance("two", () => ""),
    metrics: () => Promise.reject(new Error("fetch failed", { cause: new Error("connection refused") })),
  };
  const [snapshot] = await read(() => [instance("one", () => "kos_load 0.5\n", false), broken], 1);
  assertEquals(snapshot!.instances.map(({ name, ready, load }) => [name, ready, load]), [[
    "one",
    false,
    0.5,
  ]]);
  assertEquals(snapshot!.problem, "Cannot read two: connection refused");
});

Deno.test("instances source: an instance that went and came back has no rate of the time between", async () => {
  let look = 0;
  const one = instance("one", () => `kos_streams_records_processed_total ${look * 100}\n`);
  const snapshots = await read(() => look++ === 1 ? [] : [one], 4);
  assertEquals(snapshots.map(({ rates }) => rates.processed), [undefined, undefined, undefined, 100]);
});

Deno.test("instances source: others are asked for metrics and readiness, and are not followed elsewhere", async () => {
  const server = await serving((_request, { pathname }) =>
    pathname === "/metrics"
      ? new Response("kos_load 0.25\n")
      : new Response(null, { status: 302, headers: { location: "http://localhost:1/" } })
  );
  try {
    const [other] = remoteInstances([`127.0.0.1:${server.port}`]);
    const signal = AbortSignal.timeout(10_000);
    assertEquals(await other!.metrics(signal), "kos_load 0.25\n");
    const error = await other!.ready(signal).catch(String);
    assertStringIncludes(String(error), "redirect");
  } finally {
    await server.close();
  }
});

Deno.test("instances source: what is no endpoint is not asked, and each is asked once", () => {
  const told = [
    "pod-2:9001",
    "[fd00::1]:9001",
    "pod-2:9001",
    "user@evil:80",
    "evil/x:80",
    "evil:80/x?",
    "",
    "a b:1",
  ];
  assertEquals(remoteInstances(told).map(({ name }) => name), ["[fd00::1]:9001", "pod-2:9001"]);
});
