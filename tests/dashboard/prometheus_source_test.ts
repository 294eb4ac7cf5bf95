import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { prometheusSource } from "../../src/dashboard/prometheus_source.ts";
import type { PageSnapshot } from "../../src/dashboard/snapshot.ts";
import { jsonResponse } from "../../src/metrics/json_response.ts";
import { serving } from "../support/serving.ts";

/** What a Prometheus says of the query: for each series its labels, and its value at each time asked for. */
type Answers = (query: string) => readonly (readonly [labels: Record<string, string>, value: string])[];

interface Asked {
  readonly query: string;
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** The first snapshots of a Prometheus that gives these answers, each poll a second after the last. */
async function read(
  answers: Answers,
  count: number,
  options: { readonly namespace?: string; readonly pods?: string } = {},
): Promise<{ snapshots: PageSnapshot[]; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = await serving(async (request, { pathname }) => {
    const form = new URLSearchParams(await request.text());
    assertEquals(pathname, "/api/v1/query_range");
    const [start, end, step] = ["start", "end", "step"].map((name) => Number(form.get(name)));
    const query = form.get("query")!;
    asked.push({ query, start: start!, end: end!, step: step! });
    const times: number[] = [];
    for (let at = start!; at <= end!; at += step!) times.push(at);
    const result = answers(query).map(([metric, value]) => ({
      metric,
      values: times.map((at) => [at, value]),
    }));
    return jsonResponse({ status: "success", data: { resultType: "matrix", result } });
  });
  try {
    return { snapshots: await first(server.url, count, options), asked };
  } finally {
    await server.close();
  }
}

async function first(url: string, count: number, options = {}): Promise<PageSnapshot[]> {
  const stop = new AbortController();
  let now = 1_800_000_000_000;
  const source = prometheusSource({ url, ...options, everyMs: 0, now: () => now });
  const snapshots: PageSnapshot[] = [];
  for await (const snapshot of source.snapshots(stop.signal)) {
    snapshots.push(snapshot);
    if (snapshots.length >= count) stop.abort();
    if (snapshots.length >= 41) now += 1_000;
  }
  return snapshots;
}

const PODS: Answers = (query) => {
  const pod = (name: string): Record<string, string> => ({ pod: name, namespace: "kos" });
  if (query.startsWith("{__name__")) {
    return ["kstreams-a", "kstreams-b"].flatMap((name, i) => [
      [{ ...pod(name), __name__: "kos_load", client: name }, `0.${i + 4}`],
      [{ ...pod(name), __name__: "kos_consumer_lag_records", topic: "in", partition: String(i) }, "100"],
    ]);
  }
  if (query.startsWith("rate(kos_streams_records_processed_total")) return [[pod("kstreams-a"), "50"]];
  if (query.startsWith("kube_pod_status_ready")) return [[pod("kstreams-a"), "1"], [pod("kstreams-b"), "0"]];
  if (query.startsWith("kube_horizontal")) return [[{ horizontalpodautoscaler: "kstreams" }, "3"]];
  return [];
};

Deno.test("prometheus source: the ten minutes before, then what is", async () => {
  const { snapshots, asked } = await read(PODS, 42);
  const times = snapshots.map(({ atMs }) => atMs);
  assertEquals(times.slice(0, 2), [1_799_999_400_000, 1_799_999_415_000]);
  assertEquals(times.slice(-2), [1_800_000_000_000, 1_800_000_001_000]);
  assertEquals(asked.at(-1)!.start, asked.at(-1)!.end);
});

Deno.test("prometheus source: pods with their partitions, rates and readiness, and what the autoscaler wants", async () => {
  const { snapshots: [snapshot] } = await read(PODS, 1);
  assertEquals([snapshot!.running, snapshot!.wanted], [2, 3]);
  assertEquals(snapshot!.instances, [
    {
      name: "kstreams-a",
      ready: true,
      partitions: [{ topic: "in", partition: 0, lag: 100 }],
      load: 0.4,
      processed: 50,
    },
    { name: "kstreams-b", ready: false, partitions: [{ topic: "in", partition: 1, lag: 100 }], load: 0.5 },
  ]);
});

Deno.test("prometheus source: only the namespace and the pods that are asked for", async () => {
  const { asked } = await read(PODS, 1, { namespace: 'a"b', pods: "kstreams-.*" });
  assertMatch(asked[0]!.query, /^\{__name__=~"kos_.*",namespace="a\\"b",pod=~"kstreams-\.\*"\}$/);
  for (const { query } of asked) assertStringIncludes(query, 'namespace="a\\"b"');
});

Deno.test("prometheus source: of several autoscalers none is believed", async () => {
  const two: Answers = (query) =>
    query.startsWith("kube_horizontal")
      ? [[{ horizontalpodautoscaler: "a" }, "3"], [{ horizontalpodautoscaler: "b" }, "9"]]
      : PODS(query);
  assertEquals((await read(two, 1)).snapshots[0]!.wanted, undefined);
});

Deno.test("prometheus source: without series, without an answer, and without sense it says so, and goes on", async () => {
  const { snapshots: [empty] } = await read(() => [], 1);
  assertMatch(empty!.problem!, /^Prometheus has no series of kos at http/);
  assertEquals(empty!.running, undefined);
  const closed = await serving(() => new Response("<html>", { status: 404 }));
  const [stranger] = await first(closed.url, 1);
  assertStringIncludes(stranger!.problem!, "received status 404 and no JSON");
  await closed.close();
  const gone = await first(closed.url, 2);
  assertEquals(gone.map(({ problem }) => problem!.startsWith(`Cannot read ${closed.url}: `)), [true, true]);
  const secret = "hunter2-hunter2";
  const [open] = await first(closed.url.replace("//", `//ann:${secret}@`), 1);
  assertStringIncludes(open!.problem!, `Cannot read ${closed.url}: `);
  assert(!/ann:|hunter2/.test(open!.problem!), open!.problem);
  // What fetch itself says is no reason.
  assertEquals(gone.map(({ problem }) => problem!.endsWith("fetch failed")), [false, false]);
});

Deno.test("prometheus source: whoever recommends a number is no instance, and an autoscaler's goes before it", async () => {
  const recommended = (query: string) =>
    query.startsWith("{__name__")
      ? [...PODS(query), [{ __name__: "kos_recommended_replicas", pod: "kos-page-0" }, "2"] as const]
      : PODS(query);
  const { snapshots: [scaled] } = await read(recommended, 1);
  assertEquals([scaled!.wanted, scaled!.running], [3, 2]);
  const alone: Answers = (query) => query.startsWith("kube_horizontal") ? [] : recommended(query);
  const { snapshots: [advised] } = await read(alone, 1);
  assertEquals([advised!.wanted, advised!.instances.map(({ name }) => name)], [2, [
    "kstreams-a",
    "kstreams-b",
  ]]);
});
