import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { PageInstance } from "../../src/dashboard/snapshot.ts";
import { Advisor, type Decision } from "../../src/scaling/advisor.ts";
import { instance, look } from "./looks.ts";

const DOWN = "Cannot read http://prometheus: received status 503";

/** An advisor, with what it has told. */
function opened(maxReplicas = 4) {
  const decided: Decision[] = [];
  const blind: (string | undefined)[] = [];
  const told = {
    decided: (decision: Decision) => void decided.push(decision),
    blind: (problem: string | undefined) => void blind.push(problem),
  };
  return { advisor: new Advisor({ minReplicas: 1, maxReplicas, warmUp: true, told }), decided, blind };
}

/** So many instances with four partitions, each of which gets so much. */
function spread(count: number, arrival: number): PageInstance[] {
  return Array.from(
    { length: count },
    (_, i) => instance(`i-${i}`, [0, 1, 2, 3].filter((partition) => partition % count === i), arrival),
  );
}

/** Shows the same instances each quarter of a minute. @returns What was recommended each time. */
function watch(advisor: Advisor, from: number, to: number, instances: readonly PageInstance[]): unknown[] {
  const said: unknown[] = [];
  for (let second = from; second < to; second += 15) {
    advisor.observe(look(second, instances));
    said.push(advisor.advice.replicas);
  }
  return said;
}

Deno.test("advisor: what it recommends comes with the reason, what it was decided from, and when", () => {
  const { advisor, decided } = opened();
  advisor.observe(look(7, spread(1, 6_000)));
  const { inputs, ...advice } = advisor.advice;
  const reason = "Go from 1 to 4: the most loaded instance gets 24,000 records/s of the 10,000 that it can " +
    "process; with 4 it gets 6,000.";
  const decision = { atMs: 7_000, from: 1, replicas: 4, reason };
  assertEquals(advice, {
    replicas: 4,
    running: 1,
    reason,
    atMs: 7_000,
    hotPartitions: [],
    decisions: [decision],
  });
  assertEquals(decided, [decision]);
  const { instances, ...sums } = inputs!;
  assertEquals(sums, {
    capacity: 10_000,
    arrival: 24_000,
    lag: 0,
    partitions: 4,
    unknownPartitions: 0,
    stateEntries: undefined,
    restoreRate: undefined,
    startSeconds: undefined,
  });
  assertEquals(instances.map(({ name, partitions, arrival }) => [name, partitions, arrival]), [
    ["i-0", 4, 24_000],
  ]);
});

Deno.test("advisor: whoever follows slowly, or not at all, does not make it change its mind", () => {
  const { advisor, decided } = opened();
  // Nobody starts one, however long it takes.
  assertEquals(new Set(watch(advisor, 0, 900, spread(1, 6_000))), new Set([4]));
  assertMatch(advisor.advice.reason, /^Keep 4: .*; 1 runs so far\.$/);
  // The load is gone, and those that came stay for minutes, as an autoscaler has them do.
  const said = watch(advisor, 900, 1_800, spread(4, 500));
  assertEquals(said, [...said.filter((count) => count === 4), ...said.filter((count) => count === 1)]);
  assertMatch(advisor.advice.reason, /^Keep 1: .*; 4 run still\.$/);
  assertEquals(decided.map(({ from, replicas }) => [from, replicas]), [[1, 4], [4, 1]]);
});

Deno.test("advisor: a source that is down keeps the last word and says so, once", () => {
  const { advisor, blind } = opened();
  advisor.observe(look(0, spread(2, 4_000)));
  const { atMs, inputs } = advisor.advice;
  for (const second of [15, 30]) advisor.observe({ atMs: second * 1_000, instances: [], problem: DOWN });
  const kept = advisor.advice;
  assertEquals([kept.replicas, kept.running, kept.atMs, kept.inputs], [2, undefined, atMs, inputs]);
  assertEquals(kept.reason, `Keep 2, as of 1970-01-01T00:00:00.000Z: ${DOWN}.`);
  advisor.observe(look(31, spread(2, 4_000)));
  assertEquals(advisor.advice.problem, undefined);
  assertMatch(advisor.advice.reason, /^Keep 2: the most loaded/);
  assertEquals(blind, [DOWN, undefined]);
});

Deno.test("advisor: one that can't be read is not taken for gone as long as nobody has its partitions", () => {
  const { advisor } = opened();
  const [first] = spread(2, 100);
  advisor.observe(look(0, spread(2, 4_000)));
  for (let second = 15; second < 300; second += 15) {
    advisor.observe(look(second, [first!], { problem: "Cannot read i-1: no answer" }));
    assertEquals(advisor.advice.replicas, 2);
  }
  assertStringIncludes(advisor.advice.reason, "Cannot read i-1: no answer");
  // The one that is left has all of them, so the other is gone.
  const alone = { problem: "Cannot read i-1: no answer" };
  for (let second = 300; second < 450; second += 15) advisor.observe(look(second, spread(1, 100), alone));
  assertEquals(advisor.advice.replicas, 1);
});

Deno.test("advisor: one of which Prometheus lacks the last scrape is not taken for gone", () => {
  const { advisor } = opened();
  advisor.observe(look(0, spread(2, 4_000)));
  assertEquals(new Set(watch(advisor, 15, 600, [spread(2, 100)[0]!])), new Set([2]));
  assertStringIncludes(advisor.advice.reason, "2 of 4 partitions is not known");
});

Deno.test("advisor: before it knows there is no number, and never 0", () => {
  const { advisor } = opened();
  assertEquals([advisor.advice.replicas, advisor.advice.reason], [
    undefined,
    "Nothing has been looked at yet.",
  ]);
  advisor.observe(look(0, [instance("a", [], 0, { ready: false })]));
  assertEquals(advisor.advice.replicas, undefined);
  assertStringIncludes(
    advisor.advice.reason,
    "Nothing is recommended yet: no instance has told of a partition",
  );
  advisor.observe(look(1, [instance("b", [1], 10)]));
  assertStringIncludes(advisor.advice.reason, "not all partitions have been told of yet");
  advisor.observe(look(2, [instance("a", [0], 10), instance("b", [1], 10)]));
  assertEquals(advisor.advice.replicas, 2);
});

Deno.test("advisor: where no partitions are told it says what is missing", () => {
  const { advisor } = opened();
  advisor.observe(look(0, [instance("a", [-1], 9_999_999)]));
  assertEquals(advisor.advice.replicas, undefined);
  assertStringIncludes(advisor.advice.reason, "--metrics-level topic");
});

Deno.test("advisor: a partition that more instances can't help is in every sentence, and named", () => {
  const { advisor } = opened();
  const hot = [...spread(2, 1_000)[1]!.partitions, { topic: "in", partition: 2, lag: 0, arrival: 12_000 }];
  const instances = [instance("a", [0], 1_000), instance("b", [], 0, { partitions: hot })];
  advisor.observe(look(0, instances));
  const clause = "; partition 2 alone gets 12,000, which more instances can't help: it needs a faster one, " +
    "or keys that spread";
  for (let second = 15; second < 120; second += 15) {
    advisor.observe(look(second, instances));
    assertStringIncludes(advisor.advice.reason, clause);
    assertEquals(advisor.advice.hotPartitions, [{ partition: 2, arrival: 12_000 }]);
  }
});

Deno.test("advisor: what has been asked for by hand stays asked for", () => {
  const { advisor } = opened();
  advisor.observe(look(0, spread(1, 500)), 1);
  assertEquals(advisor.observe(look(1, spread(1, 500)), 2), undefined);
  assertEquals(advisor.advice.replicas, 2);
});

Deno.test("advisor: a clock that is set back keeps nothing from being decided", () => {
  const { advisor } = opened();
  assertEquals(watch(advisor, 90_000, 90_060, spread(1, 1_000)), [1, 1, 1, 1]);
  assertEquals(watch(advisor, 1_000, 1_060, spread(1, 6_000)).at(-1), 4);
});
