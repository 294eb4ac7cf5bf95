import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parse } from "@std/yaml";
import { decide, type HpaSpec, NO_MEMORY } from "../../src/autoscale/hpa.ts";
import { loadOf } from "../../src/autoscale/load.ts";
import { seededRandom } from "../support/seeded_random.ts";

const PARTS = { arrival: 500, lag: 30_000, capacity: 1_000, catchUpSeconds: 60 };

Deno.test("load: what comes and the backlog by its catch-up time, by what the instance can do", () => {
  assertEquals(loadOf(PARTS), 1);
  assertEquals(loadOf({ ...PARTS, lag: 0 }), 0.5);
  assertEquals(loadOf({ ...PARTS, catchUpSeconds: 15 }), 2.5);
  assertEquals(loadOf({ ...PARTS, capacity: 250 }), 4);
});

Deno.test("load: 0 only where nothing comes and nothing is left, and then whatever can be done", () => {
  const idle = { ...PARTS, arrival: 0, lag: 0 };
  assertEquals(loadOf(idle), 0);
  assertEquals(loadOf({ ...idle, capacity: undefined }), 0);
  assertEquals(loadOf({ ...idle, capacity: 0 }), 0);
});

Deno.test("load: what is not known is no number", () => {
  for (const unknown of [undefined, NaN, Infinity, -1]) {
    for (const part of ["arrival", "lag", "capacity"]) {
      assertEquals(loadOf({ ...PARTS, [part]: unknown }), undefined, `${part} ${unknown}`);
    }
  }
  // An end that is known says nothing while the position is not.
  assertEquals(loadOf({ ...PARTS, arrival: 0, lag: undefined }), undefined);
  assertEquals(loadOf({ ...PARTS, capacity: 0 }), undefined);
});

Deno.test("load: a catch-up time of nothing is refused with what was received", () => {
  for (const catchUpSeconds of [0, -1, NaN, Infinity]) {
    assertThrows(
      () => loadOf({ ...PARTS, catchUpSeconds }),
      RangeError,
      `received a catch-up time of ${catchUpSeconds} s`,
    );
  }
});

Deno.test("load: by any numbers it is the sum of its parts, has no unit, and grows with what is asked", () => {
  const { random } = seededRandom();
  const amount = (most: number): number => random() * most;
  for (let i = 0; i < 2_000; i++) {
    const [a, b] = [0, 1].map(() => ({
      arrival: amount(1e6),
      lag: amount(1e8),
      capacity: 1 + amount(1e6),
      catchUpSeconds: 1 + amount(600),
    })) as [typeof PARTS, typeof PARTS];
    const shared = { capacity: a.capacity, catchUpSeconds: a.catchUpSeconds };
    const whole = loadOf({ ...shared, arrival: a.arrival + b.arrival, lag: a.lag + b.lag })!;
    assertAlmostEquals(whole, loadOf(a)! + loadOf({ ...b, ...shared })!, 1e-9 * whole);
    // Records of half the size: twice as many of them come, are left and can be done.
    const halves = { arrival: 2 * a.arrival, lag: 2 * a.lag, capacity: 2 * a.capacity };
    assertAlmostEquals(loadOf({ ...a, ...halves })!, loadOf(a)!, 1e-9 * loadOf(a)!);
    assert(loadOf({ ...a, lag: a.lag + 1 })! > loadOf(a)!);
    assert(loadOf({ ...a, capacity: a.capacity / 2 })! > loadOf(a)!);
  }
});

const { autoscaling } = parse(
  await Deno.readTextFile(new URL("../../charts/kos/values.yaml", import.meta.url)),
) as { autoscaling: { load: { target: number } } };

/** The chart's autoscaler, with no number of an application's or a machine's. */
const HPA: HpaSpec = {
  minReplicas: 1,
  maxReplicas: 12,
  targets: { load: autoscaling.load.target },
  behavior: {
    scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 12, periodSeconds: 15 }] },
    scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 12, periodSeconds: 15 }] },
  },
};

/** Where the autoscaler comes to rest, with 12 partitions that are alike. */
function replicasFor(arrival: number, capacity: number, from: number): number {
  let [replicas, memory] = [from, NO_MEMORY];
  for (let sync = 0; sync < 20; sync++) {
    const owned = Array.from({ length: replicas }, (_, i) => Math.ceil((12 - i) / replicas));
    const pods = owned.map((partitions) => ({
      values: { load: loadOf({ arrival: arrival * partitions / 12, lag: 0, capacity, catchUpSeconds: 60 }) },
    }));
    const decision = decide(HPA, memory, 15 * sync, replicas, pods);
    [replicas, memory] = [decision.replicas, decision.memory];
  }
  return replicas;
}

Deno.test("load: with one target an autoscaler finds enough pods of any speed, and rests there", () => {
  const { random } = seededRandom();
  for (let i = 0; i < 300; i++) {
    const pods = 0.1 + 6 * random();
    const speeds = [150, 20_000, 800_000];
    const [slow, usual, fast] = speeds.map((capacity) => replicasFor(pods * capacity, capacity, 1));
    assertEquals([slow, fast], [usual, usual], `${pods} pods' worth`);
    // It lets a pod have a tenth more than its target: that is its tolerance.
    const wanted = pods / autoscaling.load.target;
    assert(usual! >= wanted / 1.1 && usual! <= Math.ceil(wanted), `${usual} for ${pods} pods' worth`);
    const again = replicasFor(pods, 1, usual!);
    assertEquals(again, usual);
  }
});
