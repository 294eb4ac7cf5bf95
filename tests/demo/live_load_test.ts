import { assertEquals } from "@std/assert";
import { LiveLoad } from "../../src/demo/live_load.ts";
import { loadPlan } from "../../src/demo/load_plan.ts";

const SECONDS = 1000;

function load(): LiveLoad {
  return new LiveLoad(loadPlan(1000, 100 * SECONDS), 1000);
}

Deno.test("a load that nobody touches is the plan", () => {
  const live = load();
  assertEquals([5, 20, 55, 70].map((second) => live.rateAt(second * SECONDS)), [400, 2500, 4500, 400]);
  assertEquals(live.phaseAt(20 * SECONDS), "surge");
});

Deno.test("a surge and a burst by hand end, and the plan goes on where it is by then", () => {
  const live = load();
  live.rateAt(70 * SECONDS);
  live.surge();
  assertEquals([live.rateAt(71 * SECONDS), live.phaseAt(71 * SECONDS)], [2500, "surge"]);
  live.burst();
  assertEquals([live.rateAt(75 * SECONDS), live.phaseAt(75 * SECONDS)], [4500, "burst"]);
  assertEquals([live.rateAt(77 * SECONDS), live.phaseAt(77 * SECONDS)], [400, "calm"]);
});

Deno.test("a rate by hand stays", () => {
  const live = load();
  live.setRate(77);
  assertEquals([live.rateAt(20 * SECONDS), live.rateAt(99 * SECONDS)], [77, 77]);
  assertEquals(live.phaseAt(99 * SECONDS), "hand");
});
