import { assert, assertEquals } from "@std/assert";
import { parse } from "@std/yaml";
import { usableShare } from "../../src/autoscale/counts.ts";
import type { HpaSpec } from "../../src/autoscale/hpa.ts";
import { fixed, hpa, METRICS, recommender } from "../../src/autoscale/scaler.ts";
import { simulate, type Simulation, type Timeline } from "../../src/autoscale/simulator.ts";
import { judge } from "../../src/autoscale/timeline.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { simulation } from "./settings.ts";

// The chart's own, so that this fails when somebody changes them to what does not come to rest.
const VALUES = parse(
  await Deno.readTextFile(new URL("../../charts/kos/values.yaml", import.meta.url)),
) as {
  kafka: { partitions: number };
  autoscaling: {
    minReplicas: number;
    maxReplicas: number;
    load: { target: number };
    lag: { targetPerPod: number };
    rate: { targetPerPod: number };
    behavior: HpaSpec["behavior"];
  };
};
/** What a pod does, of which the chart's target is 60 %. */
const CAPACITY = VALUES.autoscaling.rate.targetPerPod / 0.6;
/** Of both topics together, which are alike. */
const LAGS = { [METRICS.lag]: 2 * VALUES.autoscaling.lag.targetPerPod };
const CHART: HpaSpec = {
  minReplicas: VALUES.autoscaling.minReplicas,
  maxReplicas: VALUES.autoscaling.maxReplicas,
  targets: {
    ...LAGS,
    [METRICS.rate]: VALUES.autoscaling.rate.targetPerPod,
  },
  behavior: VALUES.autoscaling.behavior,
};

/** The chart's pods, which all stop when one comes or goes: the careful side. */
function run(spec: HpaSpec, load: Simulation["load"], more: Partial<Simulation> = {}): Timeline {
  const given = {
    load,
    capacity: CAPACITY,
    partitions: VALUES.kafka.partitions,
    startSeconds: 6,
    scrapeSeconds: 10,
    stopAll: true,
    ...more,
  };
  return simulate(simulation(given), hpa(spec));
}

const LOADS = [1, 2, 3].flatMap((pods) => [0.2, 0.5, 0.9, 1.2].map((share) => pods * share));

const peakOf = ({ replicas }: Timeline): number => Math.max(...replicas);
const endOf = ({ replicas }: Timeline): number => replicas[replicas.length - 1]!;

Deno.test("simulator: no constant load makes the chart's lag and rate turn round, and none that four pods carry leaves a lag", () => {
  for (const share of LOADS) {
    const settled = judge(run(CHART, () => share * CAPACITY), 900);
    assertEquals(settled.changes, 0, `${share}`);
    assert(settled.endLag < 200_000, `${share}: a lag of ${settled.endLag}`);
    const carried = settled.replicas * usableShare(VALUES.kafka.partitions, settled.replicas) * CAPACITY;
    assert(carried > share * CAPACITY, `${share}: ${settled.replicas} replicas`);
  }
});

/** As the chart has it: a part of what pods can use of their capacity at least. */
const LOAD_TARGET = VALUES.autoscaling.load.target *
  Math.min(...[1, 2, 3, 4].map((pods) => usableShare(VALUES.kafka.partitions, pods)));

/** Under a constant load of so many pods. */
function underLoad(pods: number, target: number, capacity = CAPACITY): ReturnType<typeof judge> {
  const spec = { ...CHART, targets: { [METRICS.load]: target } };
  return judge(run(spec, () => pods * capacity, { capacity }), 900);
}

Deno.test("simulator: no constant load makes kos_load turn round, with one target for any capacity", () => {
  for (const capacity of [100, 20_000, 3_000_000]) {
    for (const share of LOADS) {
      const { changes, worstSeconds, replicas } = underLoad(share, LOAD_TARGET, capacity);
      assertEquals([changes, worstSeconds], [0, 0], `${share} pods of ${capacity}: ${replicas} replicas`);
    }
  }
});

Deno.test("simulator: kos_load rests at any load that four pods carry, though capacity is measured a fifth wrong", () => {
  for (const wrong of [0.8, 1, 1.2]) {
    for (let pods = 0.1; pods < 3.9; pods += 0.05) {
      const { changes } = underLoad(pods, wrong * LOAD_TARGET);
      assertEquals(changes, 0, `${pods} pods at a target of ${wrong * LOAD_TARGET}`);
    }
  }
});

Deno.test("simulator: a target above the usable share turns round where three pods are asked for and carry two pods' load", () => {
  assert(underLoad(2.05, 0.75).turns >= 5);
});

Deno.test("simulator: no constant load makes a recommender turn round, whatever moves cost and how uneven partitions are", () => {
  for (const stateEntries of [0, 1_000_000, 4_000_000]) {
    for (const skew of [0, 0.5]) {
      for (const share of LOADS) {
        const given = simulation({
          load: () => share * 10_000,
          stateEntries,
          skew,
          partitions: 12,
          seconds: 7_200,
        });
        const { turns, endLag } = judge(
          simulate(given, recommender({ minReplicas: 1, maxReplicas: 12 })),
          900,
        );
        assertEquals([turns, endLag], [0, 0], `${share} pods, ${stateEntries} entries, skew ${skew}`);
      }
    }
  }
});

Deno.test("simulator: no constant load of any size makes a recommender turn round, once it knows its partitions", () => {
  // Always the same ones: that nothing turns is known of them, and not of all.
  const { random } = seededRandom(15);
  const one = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!;
  for (let i = 0; i < 60; i++) {
    const partitions = one([1, 2, 3, 4, 5, 8, 12, 24, 32, 48]);
    const maxReplicas = Math.ceil(partitions * (0.3 + 0.8 * random()));
    // Up to a third more than all pods can process.
    const mean = (0.02 + 1.3 * random()) * maxReplicas * usableShare(partitions, maxReplicas) * 10_000;
    const given = {
      partitions,
      skew: one([0, random(), 1.2 * random()]),
      startSeconds: one([2, 30, 90, 300]),
      rebalanceSeconds: one([0, 3, 10]),
      stateEntries: one([0, 10_000, 1_000_000, 5_000_000]),
      warmUp: random() < 0.4,
      stopAll: random() < 0.2,
    };
    const sloSeconds = one([10, 60, 300]);
    const own = { minReplicas: 1, maxReplicas, sloSeconds, ...given };
    const noise = () => mean * (0.95 + 0.1 * random());
    const timeline = simulate(simulation({ ...given, load: noise, seconds: 9_000 }), recommender(own));
    const what = `case ${i}: ${Math.round(mean)} records/s, ${JSON.stringify(own)}`;
    assertEquals(judge(timeline, 3_600).turns, 0, what);
    assert(judge(timeline).turns <= 1, `${what}: at the start up once and down once, as they are all new`);
  }
});

Deno.test("simulator: lag alone oscillates at a constant load", () => {
  assert(judge(run({ ...CHART, targets: LAGS }, () => 1.8 * CAPACITY), 900).turns >= 10);
});

Deno.test("simulator: a rate above what three pods with four partitions can use oscillates; with twelve it does not", () => {
  const above: HpaSpec = { ...CHART, targets: { ...LAGS, [METRICS.rate]: 0.8 * CAPACITY } };
  const load = (): number => 2.4 * CAPACITY;
  assert(judge(run(above, load, { partitions: 4 }), 900).turns >= 5);
  assertEquals(judge(run(above, load, { partitions: 12 }), 900).turns, 0);
});

Deno.test("simulator: a step drives the chart's lag and rate from 1 to 4 within a minute, and back to 1", () => {
  const load = (second: number): number => second >= 100 && second < 300 ? 3.6 * CAPACITY : 1_000;
  const timeline = run(CHART, load, { seconds: 900 });
  const peak = timeline.replicas.indexOf(4);
  assert(peak >= 100 && peak <= 160, `4 replicas after ${peak - 100} s`);
  assertEquals(endOf(timeline), 1);
  assertEquals(judge(timeline).turns, 1);
});

Deno.test("simulator: with two partitions four pods come back to one, as those without any have a lag of zero", () => {
  const load = (second: number): number => second < 120 ? 5 * CAPACITY : 1_000;
  const timeline = run(CHART, load, { partitions: 2, seconds: 1_200 });
  assertEquals([peakOf(timeline), endOf(timeline)], [4, 1]);
});

Deno.test("simulator: records are neither made nor lost, however pods come and go", () => {
  for (const warmUp of [false, true]) {
    for (const skew of [0, 1]) {
      const load = (second: number): number => second < 600 ? 2.9 * CAPACITY : second % 7;
      const more = { seconds: 1_500, skew, warmUp, stateEntries: 1_000_000, partitions: 7 };
      const { load: came, processed, lag } = run(CHART, load, more);
      const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
      const over = sum(came) - sum(processed) - lag.at(-1)!;
      assert(Math.abs(over) < 1, `${over} records`);
    }
  }
});

Deno.test("simulator: what a pod restores before it takes over costs no pause, and both are paid meanwhile", () => {
  const load = (second: number): number => second < 900 ? 15_000 : 2_000;
  const own = { minReplicas: 1, maxReplicas: 2 };
  const given = { load, stateEntries: 1_000_000, seconds: 1_800 };
  const cold = judge(simulate(simulation(given), recommender(own)), 300);
  const warm = judge(
    simulate(simulation({ ...given, warmUp: true }), recommender({ ...own, warmUp: true })),
    300,
  );
  assert(cold.worstSeconds >= 20, `${cold.worstSeconds} s`);
  assert(warm.worstSeconds <= 4, `${warm.worstSeconds} s`);
  assert(warm.podSeconds > cold.podSeconds);
});

Deno.test("simulator: the age of the oldest record is exact, in a partition that rests too", () => {
  // One of two pods never has anything to do, and the other falls behind by half.
  const { lagSeconds } = simulate(
    simulation({ load: () => 1_000, capacity: 500, partitions: 1, seconds: 100 }),
    fixed(2),
  );
  assertEquals([lagSeconds[0], lagSeconds[9], lagSeconds[99]], [0.5, 5, 50]);
});

Deno.test("simulator: lag that grows from period to period ends it, lag that a night takes away does not", () => {
  const course = (mean: number) => (second: number): number =>
    mean + 8_000 * Math.sin(2 * Math.PI * second / 3_600);
  const given = { seconds: 86_400, repeats: { fromSecond: 0, periodSeconds: 3_600 } };
  const never = simulate(simulation({ ...given, load: course(10_500) }), fixed(1));
  assertEquals([never.neverDrains, never.second.length], [true, 3 * 3_600]);
  const drains = simulate(simulation({ ...given, load: course(9_500) }), fixed(1));
  assertEquals([drains.neverDrains, drains.second.length], [false, 86_400]);
  assert(judge(drains).worstSeconds > 300);
});

Deno.test("simulator: ten thousand partitions are no trouble, and the same settings give the same timeline", () => {
  const given = simulation({
    load: (second) => second < 300 ? 700_000 : 20_000,
    partitions: 10_000,
    skew: 0.3,
    capacity: 10_000,
    seconds: 900,
  });
  const once = (): Timeline => simulate(given, recommender({ minReplicas: 10, maxReplicas: 200 }));
  const { replicas, lag } = once();
  assert(Math.max(...replicas) >= 70);
  assertEquals(once().lag, lag);
});
