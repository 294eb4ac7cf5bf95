import { assertEquals, assertThrows } from "@std/assert";
import { decide, type HpaMemory, type HpaSpec, NO_MEMORY, type PodMetrics } from "../../src/autoscale/hpa.ts";

const SPEC: HpaSpec = {
  minReplicas: 1,
  maxReplicas: 4,
  targets: { rs: 100, rq: 100 },
  behavior: {
    scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 4, periodSeconds: 15 }] },
    scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 4, periodSeconds: 15 }] },
  },
};

const pods = (...values: (number | undefined)[]): PodMetrics[] =>
  values.map((value) => ({ values: value === undefined ? {} : { rs: value, rq: value } }));
const replicas = (current: number, seen: readonly PodMetrics[], spec = SPEC): number =>
  decide(spec, NO_MEMORY, 0, current, seen).replicas;

Deno.test("the average over the pods comes to its target, within bounds and a tenth", () => {
  assertEquals(replicas(1, pods(250)), 3);
  assertEquals(replicas(1, pods(2_500)), 4, "not above the most");
  assertEquals(replicas(2, pods(0, 0)), 1, "not below the least");
  assertEquals(replicas(2, pods(105, 110)), 2, "7.5 % above is within the tolerance");
  assertEquals(replicas(2, pods(112, 112)), 3);
  assertEquals(replicas(4, pods(91, 91, 91, 91)), 4);
  assertEquals(replicas(4, pods(70, 70, 70, 70)), 3);
});

Deno.test("the largest of what the metrics ask for counts", () => {
  const seen: PodMetrics[] = [{ values: { rs: 30, rq: 290 } }];
  const { replicas, proposals } = decide(SPEC, NO_MEMORY, 0, 1, seen);
  assertEquals(replicas, 3);
  assertEquals(proposals, { rs: 1, rq: 3 });
});

Deno.test("pods without a series keep it where it is on the way down, and count as idle on the way up", () => {
  // As on a cluster with two partitions, four pods, and no series of the idle pods: four for ever.
  assertEquals(replicas(4, pods(80, 80, undefined, undefined)), 4);
  // With an explicit zero it comes down.
  assertEquals(replicas(4, pods(80, 80, 0, 0)), 2);
  assertEquals(replicas(2, pods(150, undefined)), 2, "150 of one pod is 75 a pod of two");
  assertEquals(replicas(2, pods(290, undefined)), 3);
});

Deno.test("pending pods count as idle on the way up only", () => {
  const pending: PodMetrics = { pending: true, values: {} };
  assertEquals(replicas(2, [...pods(150), pending]), 2);
  assertEquals(replicas(2, [...pods(290), pending]), 3);
  assertEquals(replicas(2, [...pods(10), pending]), 1);
});

Deno.test("a metric that can't be read lets nothing go, and none at all lets nothing happen", () => {
  const one: PodMetrics[] = [{ values: { rs: 0 } }, { values: { rs: 0 } }];
  assertEquals(replicas(2, one), 2);
  assertEquals(replicas(1, [{ values: { rs: 300 } }]), 3, "but the other may bring pods");
  assertEquals(replicas(3, pods(undefined, undefined, undefined)), 3);
});

Deno.test("the window up takes the least of its recommendations, the window down the largest", () => {
  const spec: HpaSpec = {
    ...SPEC,
    behavior: {
      scaleUp: { ...SPEC.behavior.scaleUp, stabilizationWindowSeconds: 15 },
      scaleDown: { ...SPEC.behavior.scaleDown, stabilizationWindowSeconds: 60 },
    },
  };
  let memory: HpaMemory = NO_MEMORY;
  let current = 1;
  const at = (second: number, lag: number): number => {
    const decision = decide(spec, memory, second, current, pods(...new Array(current).fill(lag)));
    memory = decision.memory;
    return current = decision.replicas;
  };
  assertEquals(at(0, 0), 1);
  assertEquals(at(5, 300), 1, "1 was asked for 5 s ago");
  assertEquals(at(10, 300), 1);
  assertEquals(at(15, 300), 3, "that is no longer in the window");
  assertEquals(at(20, 0), 3);
  assertEquals(at(74, 0), 3, "3 was asked for 59 s ago");
  assertEquals(at(75, 0), 1);
});

Deno.test("policies bound what comes and goes in a period", () => {
  const spec: HpaSpec = {
    ...SPEC,
    maxReplicas: 20,
    behavior: {
      scaleUp: {
        stabilizationWindowSeconds: 0,
        selectPolicy: "Max",
        policies: [{ type: "Pods", value: 2, periodSeconds: 60 }, {
          type: "Percent",
          value: 100,
          periodSeconds: 60,
        }],
      },
      scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
    },
  };
  let memory: HpaMemory = NO_MEMORY;
  let current = 4;
  const at = (second: number, lag: number): number => {
    const decision = decide(spec, memory, second, current, pods(...new Array(current).fill(lag)));
    memory = decision.memory;
    return current = decision.replicas;
  };
  assertEquals(at(0, 1_000), 8, "twice as many, the larger of the two");
  assertEquals(at(30, 1_000), 8, "the period began with 4");
  assertEquals(at(60, 1_000), 16);
  assertEquals(at(200, 0), 15);
  assertEquals(at(230, 0), 15);
  assertEquals(at(260, 0), 14);
});

Deno.test("a disabled direction stays, and bounds come before all", () => {
  const still: HpaSpec = {
    ...SPEC,
    behavior: { ...SPEC.behavior, scaleDown: { ...SPEC.behavior.scaleDown, selectPolicy: "Disabled" } },
  };
  assertEquals(replicas(3, pods(0, 0, 0), still), 3);
  assertEquals(replicas(9, pods(...new Array(9).fill(100))), 4);
  assertThrows(
    () => replicas(1, pods(0), { ...SPEC, minReplicas: 5 }),
    RangeError,
    "received minReplicas 5 and maxReplicas 4",
  );
});
