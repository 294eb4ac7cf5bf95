import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import type { HpaSpec } from "../../src/autoscale/hpa.ts";
import { judge, METRICS, simulate, type Simulation, usableShare } from "../../src/autoscale/simulator.ts";

const LAGS = { [METRICS.requests]: 100_000, [METRICS.responses]: 100_000 };

// The chart's own, so that this fails when somebody changes them to what does not come to rest.
const VALUES = parse(
  await Deno.readTextFile(new URL("../../charts/kos/values.yaml", import.meta.url)),
) as {
  kafka: { partitions: number };
  autoscaling: {
    minReplicas: number;
    maxReplicas: number;
    lag: { targetPerPod: number };
    rate: { targetPerPod: number };
    behavior: HpaSpec["behavior"];
  };
};
/** What a pod does, of which the chart's target is 60 %. */
const CAPACITY = VALUES.autoscaling.rate.targetPerPod / 0.6;
const CHART: HpaSpec = {
  minReplicas: VALUES.autoscaling.minReplicas,
  maxReplicas: VALUES.autoscaling.maxReplicas,
  targets: {
    [METRICS.requests]: VALUES.autoscaling.lag.targetPerPod,
    [METRICS.responses]: VALUES.autoscaling.lag.targetPerPod,
    [METRICS.rate]: VALUES.autoscaling.rate.targetPerPod,
  },
  behavior: VALUES.autoscaling.behavior,
};

function settings(hpa: HpaSpec, load: Simulation["load"], more: Partial<Simulation> = {}): Simulation {
  return {
    hpa,
    capacity: CAPACITY,
    partitions: VALUES.kafka.partitions,
    load,
    seconds: 3_600,
    rebalanceSeconds: 3,
    startSeconds: 6,
    scrapeSeconds: 10,
    rateWindowSeconds: 60,
    syncSeconds: 15,
    ...more,
  };
}

Deno.test("no constant load makes the chart's lags and rate turn round, and none that four pods carry leaves a lag", () => {
  for (const pods of [1, 2, 3]) {
    for (const share of [0.2, 0.5, 0.9, 1.2]) {
      const timeline = simulate(settings(CHART, () => pods * share * CAPACITY));
      const settled = judge(timeline, 900);
      assertEquals(settled.changes, 0, `${share} × ${pods}`);
      assert(settled.endLag < 100_000, `${share} × ${pods}: a lag of ${settled.endLag}`);
      const carried = settled.replicas * usableShare(VALUES.kafka.partitions, settled.replicas) * CAPACITY;
      assert(carried > pods * share * CAPACITY, `${share} × ${pods}: ${settled.replicas} replicas`);
    }
  }
});

Deno.test("lag alone oscillates at a constant load, which is why there is a rate", () => {
  const timeline = simulate(settings({ ...CHART, targets: LAGS }, () => 1.8 * CAPACITY));
  assert(judge(timeline, 900).turns >= 10);
});

Deno.test("a rate above what three pods with four partitions can use oscillates; with twelve it does not", () => {
  const hpa: HpaSpec = { ...CHART, targets: { ...LAGS, [METRICS.rate]: 0.8 * CAPACITY } };
  const load = (): number => 2.4 * CAPACITY;
  assert(judge(simulate(settings(hpa, load, { partitions: 4 })), 900).turns >= 5);
  assertEquals(judge(simulate(settings(hpa, load, { partitions: 12 })), 900).turns, 0);
});

Deno.test("a step drives the chart's lags and rate from 1 to 4 within a minute, and back to 1", () => {
  const timeline = simulate(
    settings(CHART, (second) => second >= 100 && second < 300 ? 3.6 * CAPACITY : 1_000, { seconds: 900 }),
  );
  const peak = timeline.find(({ replicas }) => replicas === 4)!.second;
  assert(peak >= 100 && peak <= 160, `4 replicas after ${peak - 100} s`);
  assertEquals(timeline.at(-1)!.replicas, 1);
  assertEquals(judge(timeline).turns, 1);
});

Deno.test("with two partitions four pods come back to one, as those without any have a lag of zero", () => {
  const timeline = simulate(
    settings(CHART, (second) => second < 120 ? 5 * CAPACITY : 1_000, { partitions: 2, seconds: 1_200 }),
  );
  assertEquals(Math.max(...timeline.map(({ replicas }) => replicas)), 4);
  assertEquals(timeline.at(-1)!.replicas, 1);
});

Deno.test("records are neither made nor lost", () => {
  const timeline = simulate(
    settings(CHART, (second) => second < 600 ? 2.9 * CAPACITY : 0, { seconds: 1_500 }),
  );
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
  const came = sum(timeline.map(({ load }) => load));
  const went = sum(timeline.map(({ processed }) => processed));
  assert(Math.abs(came - went - 2 * timeline.at(-1)!.lag) < 1, `${came} came, ${went} went`);
});

Deno.test("a timeline is judged by its changes, turns, pods and lags", () => {
  const moments = [1, 1, 4, 3, 4, 4, 1].map((replicas, i) => ({
    second: 10 * i,
    replicas,
    lag: 10 * replicas,
  }));
  const expected = { replicas: 1, changes: 4, turns: 3, podSeconds: 170, maxLag: 40, endLag: 10 };
  assertEquals(judge(moments), expected);
  assertEquals(judge(moments, 40), { ...expected, changes: 1, turns: 0, podSeconds: 80 });
  assertEquals(judge([]), { replicas: 0, changes: 0, turns: 0, podSeconds: 0, maxLag: 0, endLag: 0 });
});
