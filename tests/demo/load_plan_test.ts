import { assert, assertEquals } from "@std/assert";
import { parseProfile } from "../../src/datagen/profile.ts";
import { loadPlan, ownPlan, phaseAt } from "../../src/demo/load_plan.ts";

Deno.test("one instance carries the calm, only four the surge, and nobody the burst", () => {
  for (const seconds of [10, 30, 150]) {
    const { profile, phases } = loadPlan(3000, seconds * 1000);
    const rate = (share: number): number => profile.rateAt(share * seconds * 1000);
    assertEquals(["calm", "surge", "burst", "calm"], phases.map(({ name }) => name));
    assert(rate(0.1) < 3000 && rate(0.9) < 3000);
    assert(rate(0.3) > 2 * 3000 && rate(0.3) < 4 * 3000);
    assert(rate(0.55) > 4 * 3000);
    assertEquals(phases.at(-1)!.untilMs, seconds * 1000);
  }
});

Deno.test("each time of a plan is in a phase, and what comes after it is the drain", () => {
  const { phases } = loadPlan(3000, 100_000);
  assertEquals(
    [0, 14_999, 15_000, 50_000, 60_000, 99_999, 100_000].map((at) => phaseAt(phases, at)),
    ["calm", "calm", "surge", "burst", "calm", "calm", "drain"],
  );
});

Deno.test("a load of one's own is one phase", () => {
  const plan = ownPlan(parseProfile("step:100@5s,200@5s"), 10_000);
  assertEquals([plan.profile.rateAt(6_000), phaseAt(plan.phases, 6_000)], [200, "load"]);
});
