import { assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { KilledPods } from "../../../scripts/e2e/killed_pods.ts";
import { parseQuantity } from "../../../scripts/e2e/quantity.ts";
import {
  complaints,
  type Expectation,
  gaps,
  reached,
  type Sample,
  toCsv,
  toSvg,
} from "../../../scripts/e2e/timeline.ts";

import { e2e } from "../../../scripts/e2e_cluster.ts";
import { UsageError } from "../../../src/cli/arguments.ts";

const EXPECTED: Expectation = { metrics: ["lag"], peak: 4, withinSeconds: 60, rest: 1, maxTurns: 1 };

/** A sample each ten seconds. */
function samples(...parts: [load: number, replicas: number, pods?: number][]): Sample[] {
  return parts.map(([load, replicas, pods = replicas], i) => ({
    second: 10 * i,
    load,
    replicas,
    ready: replicas,
    desired: replicas,
    metrics: { lag: { sum: 1_000.4 * replicas, pods } },
  }));
}

const GOOD = samples([1, 1], [9, 1], [9, 2], [9, 4], [9, 4], [1, 4], [1, 3], [1, 2], [1, 1]);

Deno.test("a step up and down is found, with the answers to it", () => {
  assertEquals(reached(GOOD, 4, 1), { raisedAt: 10, peakAt: 30, loweredAt: 50, restAt: 80 });
  assertEquals(complaints(GOOD, EXPECTED), []);
});

Deno.test("each way to fail is said", () => {
  const late = { ...EXPECTED, withinSeconds: 15 };
  assertEquals(complaints(GOOD, late), ["4 replicas took 20 s after the load was raised; allowed: 15 s"]);
  assertEquals(complaints(samples([1, 1], [9, 2], [9, 3], [1, 3], [1, 1]), EXPECTED), [
    "4 replicas were never reached",
  ]);
  assertEquals(complaints(samples([1, 1], [9, 4], [1, 4], [1, 2]), EXPECTED), [
    "it did not come back to 1: it ended at 2",
  ]);
  assertEquals(complaints(samples([1, 1], [1, 1]), EXPECTED), [
    "the load was never raised",
    "it did not come back to 1: it ended at 1",
  ]);
  const flapping = samples([1, 1], [9, 4], [9, 3], [9, 4], [1, 4], [1, 1]);
  assertEquals(complaints(flapping, EXPECTED), ["scaling turned round 3 times; allowed: 1"]);
  assertEquals(complaints(samples([1, 1], [9, 4], [9, 4, 0], [1, 4], [1, 1]), EXPECTED), [
    "lag had no value in 1 of 5 samples, first after 20 s",
  ]);
  const missed = samples([1, 1], [9, 4], [9, 4, 0], [1, 4], [1, 1]);
  assertEquals(complaints(missed, { ...EXPECTED, mayMiss: { lag: 1 } }), []);
  assertEquals(gaps(missed, ["lag"], { lag: 0 }).length, 1);
  assertEquals(gaps([], ["lag"]), ["nothing was recorded"]);
  const rested = GOOD.map((sample) => sample.second === 70 ? { ...sample, ready: 0 } : sample);
  assertEquals(complaints(rested, EXPECTED), ["no pod was ready in 1 of 9 samples, first after 70 s"]);
});

Deno.test("the table leaves a missing value empty", () => {
  assertEquals(
    toCsv(samples([1, 1], [9, 2, 0]), ["lag"]),
    "second,load,replicas,ready,desired,lag,lag_pods\n0,1,1,1,1,1000,1\n10,9,2,2,2,,0\n",
  );
});

Deno.test("a load is not rounded away", () => {
  const [sample] = samples([1, 2]);
  const metrics = { load: { sum: 1.23456, pods: 2 } };
  assertEquals(toCsv([{ ...sample!, metrics }], ["load"]).split("\n")[1], "0,1,2,2,2,1.235,2");
});

Deno.test("the picture has a panel each, texts escaped, and every point within it", () => {
  const withLoad = GOOD.map((s) => ({
    ...s,
    metrics: { ...s.metrics, load: { sum: 0.25 * s.replicas, pods: 1 } },
  }));
  const svg = toSvg("a < b & c", withLoad, { lags: ["lag"], rate: "rate", load: "load" });
  assertStringIncludes(svg, "a &lt; b &amp; c");
  for (const title of ["Replicas", "Load of all pods, in pods", "Lag in records", "Records a second"]) {
    assertStringIncludes(svg, `>${title}<`);
  }
  const [, width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.map(Number);
  for (const [, x, y] of svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)) {
    assertEquals(
      Number(x) >= 0 && Number(x) <= width! && Number(y) >= 0 && Number(y) <= height!,
      true,
      `${x} ${y}`,
    );
  }
});

Deno.test("quantities are read as the API writes them", () => {
  const read = ["0", "12k", "1500m", "3M", "2Ki", "1e3", "-5", "250u"].map(parseQuantity);
  assertEquals(read, [0, 12_000, 1.5, 3_000_000, 2_048, 1_000, -5, 0.00025]);
  for (const text of ["", "k", "1 k", "12x", "1e"]) {
    assertThrows(() => parseQuantity(text), SyntaxError, "expected one such as");
  }
});

Deno.test("wrong flags are refused before anything is asked of a cluster", async () => {
  const { signal } = new AbortController();
  await assertRejects(() => e2e(["--high", "max"], signal), UsageError, 'Cannot use --high: received "max"');
  await assertRejects(() => e2e(["--max-turns", "few"], signal), UsageError, "whole number");
  await assertRejects(() => e2e(["--hihg", "9"], signal), UsageError, "--hihg");
});

Deno.test("a pod that was restarted, evicted or replaced is told, and one that came or went is not", () => {
  const killed = new KilledPods();
  const pod = { name: "kafka-0", uid: "1", component: "kafka", restarts: 0, reason: "" };
  killed.note([pod, { ...pod, name: "app-a", uid: "2" }]);
  killed.note([pod, { ...pod, name: "app-b", uid: "3" }]);
  assertEquals(killed.complaints, []);
  killed.note([{ ...pod, uid: "4" }, { ...pod, name: "app-b", uid: "3", restarts: 2, reason: "OOMKilled" }]);
  killed.note([{ ...pod, uid: "4" }, { ...pod, name: "app-c", uid: "5", reason: "Evicted" }]);
  assertEquals(killed.complaints, [
    "kafka-0 was replaced by another pod",
    "app-b was restarted 2 times: OOMKilled",
    "app-c was evicted",
  ]);
});
