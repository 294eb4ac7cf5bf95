import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import { decide, NO_MEMORY, type PodMetrics } from "../../src/autoscale/hpa.ts";
import { Recommender } from "../../src/autoscale/recommender.ts";
import { fixed, hpa, recommender } from "../../src/autoscale/scaler.ts";
import { simulate } from "../../src/autoscale/simulator.ts";
import { judge } from "../../src/autoscale/timeline.ts";
import { textOf } from "../structure/sources.ts";
import { simulation, spec } from "./settings.ts";
import { even, snapshotAt } from "./snapshots.ts";

const BOUNDS = { minReplicas: 1, maxReplicas: 4 };

/** What the engine and its metrics do against a pain is held by a test of theirs. */
function heldBy(file: string, ...tests: string[]): void {
  const text = textOf(file);
  for (const name of tests) assertStringIncludes(text, name, `${file} has no test of that name any more`);
}

Deno.test("pain 1: scaling in stops what moves, not the world, and not for longer than the SLO", () => {
  const load = (second: number): number => second < 600 ? 30_000 : 4_000;
  const given = { load, stateEntries: 1_000_000 };
  const stopping = simulate(simulation({ ...given, stopAll: true }), recommender(BOUNDS));
  const moving = simulate(simulation(given), recommender(BOUNDS));
  const rested = ({ processed }: typeof moving): number =>
    processed.filter((records) => records === 0).length;
  assertEquals(rested(moving), 0, "some partition goes on in every second");
  assert(rested(stopping) > 0);
  // A third of the state is 30 s of restore here, and the SLO 20 s: then who is there stays.
  const dear = new Recommender({ ...BOUNDS, sloSeconds: 20 });
  const idle = { running: 4, arrivals: even(4, 100), stateEntries: 40_000_000, restoreRate: 300_000 };
  for (let second = 0; second < 600; second += 15) {
    assertEquals(dear.observe(snapshotAt(second, idle)).replicas, 4);
  }
  heldBy(
    "tests/kafka/port/group_contract.ts",
    "who leaves hands over at once",
    "none gives up a partition that it",
  );
  heldBy("tests/integration/streams/process_test.ts", "SIGTERM leaves the group at once");
});

Deno.test("pain 2: scaling makes lag, and lag no scaling: it acts once a settling time", () => {
  const given = simulation({
    load: () => 17_000,
    stateEntries: 1_000_000,
    restoreRate: 50_000,
    seconds: 7_200,
  });
  const spiral = judge(simulate(given, hpa(spec({ lag: 100_000 }))), 1_800);
  assert(spiral.turns > 10, `lag alone turns ${spiral.turns} times`);
  const calm = judge(simulate(given, recommender({ ...BOUNDS, restoreRate: 50_000 })), 1_800);
  assertEquals(calm.changes, 0);
  // While it settles even a surge of lag changes nothing.
  const one = new Recommender(BOUNDS);
  assertEquals(one.observe(snapshotAt(0, { running: 1, arrivals: even(4, 4_000) })).replicas, 2);
  const { replicas, reason } = one.observe(
    snapshotAt(45, { running: 2, arrivals: even(4, 4_000), lags: even(4, 900_000) }),
  );
  assertEquals([replicas, reason], [2, "Keep 2: the last change was 45 s ago and settles in another 18 s."]);
});

Deno.test("pain 3: lag after a restart is gone sooner than help would come, so nobody comes", () => {
  // 2,000 a second come, so 8,000 of the 10,000 that it can process work off what is left.
  const restart = { running: 1, arrivals: even(4, 500), lags: even(4, 120_000) };
  const { replicas, reason } = new Recommender({ ...BOUNDS, catchUpSeconds: 30, startSeconds: 60 })
    .observe(snapshotAt(0, restart));
  assertEquals(replicas, 1);
  assertStringIncludes(reason, "its lag of 480,000 records is gone in 60 s");
  // Where what comes leaves no time to catch up, help comes.
  const swamped = { running: 1, arrivals: even(4, 2_000), lags: even(4, 480_000) };
  const help = new Recommender({ ...BOUNDS, catchUpSeconds: 30, startSeconds: 60 }).observe(
    snapshotAt(0, swamped),
  );
  assertEquals(help.replicas, 4);
  assertStringIncludes(help.reason, "takes 960 s for its lag");
});

Deno.test("pain 4: more instances for one hot partition come in vain, and it says so", () => {
  const arrivals = [25_000, 1_000, 1_000, 1_000];
  const { replicas, reason } = new Recommender(BOUNDS).observe(
    snapshotAt(0, { running: 1, arrivals, lags: [900_000, 0, 0, 0] }),
  );
  assertEquals(replicas, 1);
  assertStringIncludes(reason, "partition 0 alone gets 25,000, which more instances can't help");
});

Deno.test("pain 5: a metric capped to what the partitions allow stays within the tolerance, a load does not", () => {
  // 64 partitions with a lag of 100 and more each, capped at 64 × 100, on 63 pods with a target of 100.
  const capped: PodMetrics[] = Array.from({ length: 63 }, () => ({ values: { lag: 6_400 / 63 } }));
  const large = spec({ lag: 100 }, { maxReplicas: 64 });
  assertEquals(decide(large, NO_MEMORY, 0, 63, capped).replicas, 63, "for ever");
  const own = new Recommender({ minReplicas: 1, maxReplicas: 64 });
  assertEquals(own.observe(snapshotAt(0, { running: 63, arrivals: even(64, 9_000) })).replicas, 64);
});

Deno.test("pain 6: no count is asked for that leaves the most loaded instance as many partitions", () => {
  for (const partitions of [4, 12, 30]) {
    for (let arrival = 500; arrival <= 9_500; arrival += 500) {
      const own = new Recommender({ minReplicas: 1, maxReplicas: partitions });
      const looks = { running: 1, arrivals: even(partitions, arrival) };
      const { replicas } = own.observe(snapshotAt(0, looks));
      const most = (count: number): number => Math.ceil(partitions / count);
      assert(replicas === 1 || most(replicas) < most(replicas - 1), `${replicas} of ${partitions}`);
    }
  }
});

Deno.test("pain 7: what ends a transaction is no lag", () =>
  heldBy(
    "tests/engine/app/progress/lag_tracker_test.ts",
    "records of open transactions are no lag: they can't be read yet",
  ));

Deno.test("pain 8: records that retention deleted are no lag", () =>
  heldBy("tests/metrics/lag_metrics_test.ts", "lag: never negative and never what retention deleted"));

Deno.test("pain 9: a partition without a committed offset is of unknown lag, and brings no instance", () => {
  const looks = { running: 2, arrivals: even(4, 1_000), lags: even(4, 0).map(() => undefined) };
  const own = new Recommender(BOUNDS);
  for (let second = 0; second < 600; second += 15) {
    assertEquals(own.observe(snapshotAt(second, looks)).replicas, 2);
  }
  heldBy(
    "tests/engine/app/progress/lag_tracker_test.ts",
    "a partition whose committed offset is not read yet",
  );
});

Deno.test("pain 10: a lag below zero counts as none", () => {
  const negative = { running: 1, arrivals: even(4, 2_400), lags: [-900_000, 0, 0, 0] };
  assertEquals(new Recommender(BOUNDS).observe(snapshotAt(0, negative)).replicas, 1);
  const beside = { ...negative, lags: [-900_000, 900_000, 900_000, 900_000] };
  assert(new Recommender(BOUNDS).observe(snapshotAt(0, beside)).replicas > 1, "nor does it hide others'");
  heldBy("tests/metrics/lag_metrics_test.ts", "lag: never negative and never what retention deleted");
});

Deno.test("pain 11: when metrics are missing the count stays, is never 0, and may still rise", () => {
  const own = new Recommender(BOUNDS);
  const nothing = { running: 3, arrivals: even(4, 0).map(() => undefined), capacity: undefined };
  assertEquals(own.observe(snapshotAt(0, nothing)), {
    replicas: 3,
    reason: "Keep 3: what an instance can process has not been measured yet.",
  });
  const some = { running: 3, arrivals: [100, 100, 100, undefined] };
  let last = "";
  for (let second = 15; second < 600; second += 15) {
    const { replicas, reason } = own.observe(snapshotAt(second, some));
    assertEquals(replicas, 3);
    last = reason;
  }
  assertEquals(last, "Keep 3: the load of 1 of 4 partitions is not known, so none goes.");
  assertEquals(
    own.observe(snapshotAt(600, { running: 3, arrivals: [9_000, 9_000, 9_000, undefined] })).replicas,
    4,
  );
  heldBy(
    "tests/metrics/lag_metrics_test.ts",
    "a partition of which nothing is known has no series but its age",
  );
});

Deno.test("pain 12: the target is an age in seconds, whatever the rate and the capacity", () => {
  for (const scale of [1, 100, 10_000]) {
    const load = (second: number): number => (second % 1_800 < 900 ? 0.4 : 2.8) * 100 * scale;
    const given = simulation({ load, capacity: 100 * scale, seconds: 7_200 });
    const { worstSeconds } = judge(simulate(given, recommender({ ...BOUNDS, sloSeconds: 60 })), 600);
    assert(worstSeconds > 0 && worstSeconds < 60, `${worstSeconds} s at ${100 * scale} records/s`);
  }
});

Deno.test("pain 13: an age is that of a record, not one between two offsets", () => {
  heldBy(
    "tests/metrics/lag_metrics_test.ts",
    "lag: seconds are 0 when caught up or when the record is from the",
  );
  // The model's as well: 1,000 a second came for 100 s and nobody was there for 40 of them.
  const { lagSeconds } = simulate(
    simulation({
      load: (second) => second < 100 ? 1_000 : 9_000,
      capacity: 500,
      partitions: 1,
      seconds: 110,
    }),
    fixed(1),
  );
  assertEquals(lagSeconds[99], 50);
});

Deno.test("pain 14: instances that come and go count nothing twice", () => {
  heldBy(
    "tests/engine/app/app_contract.ts",
    "instances share the tasks, none is lost when they come and go under load",
  );
  heldBy("tests/integration/streams/crash_test.ts", "with exactly once: the output is right to the record");
});

Deno.test("pain 15: the chart says each window and policy, and what they do is known", () => {
  const { autoscaling } = parse(textOf("charts/kos/values.yaml")) as {
    autoscaling: { behavior: ReturnType<typeof spec>["behavior"] };
  };
  for (const rules of [autoscaling.behavior.scaleUp, autoscaling.behavior.scaleDown]) {
    assert(rules.stabilizationWindowSeconds >= 0 && rules.policies.length > 0);
  }
  // One pod a minute on the way down, by the chart's own policy.
  const loads = (second: number): number => second < 300 ? 36_000 : 1_000;
  const own = { ...spec({ rate: 6_000 }), behavior: autoscaling.behavior };
  const { second, replicas } = simulate(simulation({ load: loads, seconds: 1_200 }), hpa(own));
  const downs = Array.from(second).filter((at) => at > 0 && replicas[at]! < replicas[at - 1]!);
  const [policy] = autoscaling.behavior.scaleDown.policies;
  assertEquals(downs.length, 3);
  downs.slice(1).forEach((at, i) => assert(at - downs[i]! >= policy!.periodSeconds));
});

Deno.test("pain 16: an instance counts when it has restored, and until then no further one is asked for", () => {
  const told: number[] = [];
  // 20 s of restore after 30 s of start.
  const given = simulation({ load: () => 13_000, stateEntries: 1_000_000, seconds: 1_800 });
  const timeline = simulate(given, recommender(BOUNDS, (second) => told.push(second)));
  assertEquals(told.length, 1, `acts at ${told}`);
  assertEquals(judge(timeline).replicas, 2);
  heldBy("tests/engine/app/app_contract.ts", "with standbys, a task that moves restores next to nothing");
});
