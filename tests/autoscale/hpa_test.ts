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

/** What the controller of Kubernetes 1.33 makes of a metric with a target of 100, by its source. */
const OF_THE_SOURCE: readonly {
  readonly what: string;
  readonly current: number;
  readonly values: readonly (number | undefined)[];
  readonly expected: number;
}[] = [
  {
    what: "two at the target, two missing: 1 is no way up or down, so they don't count",
    current: 4,
    values: [100, 100, undefined, undefined],
    expected: 4,
  },
  { what: "one at the target, one missing", current: 2, values: [100, undefined], expected: 2 },
  {
    what: "missing ones bring the average within the tolerance",
    current: 3,
    values: [85, 85, undefined],
    expected: 3,
  },
  {
    what: "below the target more pods than replicas bring none",
    current: 1,
    values: [80, 80, undefined],
    expected: 1,
  },
  {
    what: "above the target fewer pods than replicas take none, with one missing",
    current: 10,
    values: [300, 300, undefined],
    expected: 10,
  },
  { what: "but they do with none missing", current: 10, values: [300, 300], expected: 6 },
  { what: "a tenth above is within", current: 2, values: [110, 110], expected: 2 },
  { what: "and a thousandth more is not", current: 2, values: [110.1, 110.1], expected: 3 },
  { what: "less than a thousandth is cut off", current: 2, values: [110.0009, 110.0009], expected: 2 },
  { what: "in the average too", current: 2, values: [110, 110.001], expected: 2 },
  { what: "a tenth below is within", current: 10, values: new Array(10).fill(90), expected: 10 },
  { what: "and a thousandth less is not", current: 20, values: new Array(20).fill(89.999), expected: 18 },
  { what: "what is no number arrives as 0", current: 2, values: [NaN, NaN], expected: 1 },
  { what: "no replicas: scaling is off", current: 0, values: [], expected: 0 },
];

Deno.test("the controller's source, case by case", () => {
  for (const { what, current, values, expected } of OF_THE_SOURCE) {
    const spec = { ...SPEC, maxReplicas: 20 };
    assertEquals(replicas(current, pods(...values), spec), expected, what);
  }
});

Deno.test("a load is compared in thousandths: 0.77 is a tenth above 0.7, and within", () => {
  const spec: HpaSpec = { ...SPEC, targets: { load: 0.7 } };
  const of = (...loads: number[]): number =>
    decide(spec, NO_MEMORY, 0, loads.length, loads.map((load) => ({ values: { load } }))).replicas;
  assertEquals([of(0.77, 0.77), of(0.771, 0.771), of(0.7709, 0.7709), of(0.77, 0.771)], [2, 3, 2, 2]);
});

/** Syncs of one controller, one after the other. */
function controller(spec: HpaSpec, current: number): (second: number, value: number | undefined) => number {
  let memory: HpaMemory = NO_MEMORY;
  return (second, value) => {
    const decision = decide(spec, memory, second, current, pods(...new Array(current).fill(value)));
    memory = decision.memory;
    return current = decision.replicas;
  };
}

Deno.test("a controller that has just started takes what is there for its first recommendation", () => {
  const windows: HpaSpec = {
    ...SPEC,
    behavior: {
      scaleUp: { ...SPEC.behavior.scaleUp, stabilizationWindowSeconds: 15 },
      scaleDown: { ...SPEC.behavior.scaleDown, stabilizationWindowSeconds: 60 },
    },
  };
  const up = controller(windows, 1);
  assertEquals([up(0, 300), up(10, 300), up(15, 300)], [1, 1, 3]);
  const down = controller(windows, 4);
  assertEquals([down(0, 0), down(59, 0), down(60, 0)], [4, 4, 1]);
  const blind = controller(windows, 4);
  assertEquals([blind(0, undefined), blind(59, 0), blind(60, 0)], [4, 4, 1], "also if it saw nothing then");
});

Deno.test("what came is forgotten after the longest period up, also for the way down", () => {
  const spec: HpaSpec = {
    ...SPEC,
    maxReplicas: 20,
    behavior: {
      scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 2, periodSeconds: 15 }] },
      scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
    },
  };
  const sync = controller(spec, 1);
  // In a minute 4 came, of which the controller has 2 in mind: the period began with 3, less one.
  assertEquals([sync(0, 900), sync(20, 900), sync(50, 0)], [3, 5, 2]);
});

Deno.test("what went in a period may come again beside what its policy allows", () => {
  const spec: HpaSpec = {
    ...SPEC,
    maxReplicas: 20,
    behavior: {
      scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 2, periodSeconds: 60 }] },
      scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] },
    },
  };
  const sync = controller(spec, 4);
  assertEquals([sync(0, 0), sync(15, 900)], [3, 6]);
});

Deno.test("of several policies the one with the most change counts, or the least, or none", () => {
  const policies = [
    { type: "Pods", value: 1, periodSeconds: 60 },
    { type: "Percent", value: 50, periodSeconds: 60 },
  ] as const;
  const of = (selectPolicy: "Max" | "Min" | "Disabled", current: number, value: number): number => {
    const rules = { stabilizationWindowSeconds: 0, selectPolicy, policies };
    const spec = { ...SPEC, maxReplicas: 20, behavior: { scaleUp: rules, scaleDown: rules } };
    return replicas(current, pods(...new Array(current).fill(value)), spec);
  };
  assertEquals(
    [of("Max", 5, 900), of("Min", 5, 900), of("Disabled", 5, 900)],
    [8, 6, 5],
    "7.5 is 8 on the way up",
  );
  assertEquals(
    [of("Max", 5, 0), of("Min", 5, 0), of("Disabled", 5, 0)],
    [2, 4, 5],
    "2.5 is 2 on the way down",
  );
});

Deno.test("without a behavior it doubles, to 4 at least, and goes down after five minutes", () => {
  const { behavior: _, ...spec } = { ...SPEC, maxReplicas: 20 };
  let memory: HpaMemory = NO_MEMORY;
  let current = 1;
  const sync = (second: number, value: number): number => {
    const decision = decide(spec, memory, second, current, pods(...new Array(current).fill(value)));
    memory = decision.memory;
    return current = decision.replicas;
  };
  assertEquals([sync(0, 2_000), sync(5, 900), sync(10, 900), sync(15, 900)], [4, 8, 16, 20]);
  assertEquals([sync(20, 10), sync(315, 10)], [20, 20], "20 and more were asked for 300 s ago");
  assertEquals([sync(315.001, 10), sync(316, 50)], [2, 2]);
});
