import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { reportHtml } from "../../../scripts/demo/report.ts";
import { isGood, linesOf } from "../../../scripts/demo/words.ts";
import { figuresOf } from "../../../src/demo/figures.ts";
import type { DemoSummary } from "../../../src/demo/run.ts";
import { snapshot } from "../../demo/snapshots.ts";

const RUN = [
  snapshot(0),
  snapshot(1, { phase: "surge", decision: { from: 1, to: 2, reason: "1 → 2: <much> & more" } }),
];
const SUMMARY: DemoSummary = {
  frames: 10,
  answered: 9,
  changes: 9,
  updates: 9,
  expected: 9,
  correct: 9,
  missing: 0,
  wrong: 0,
  lacking: 0,
  unexpected: 0,
  example: undefined,
  seconds: 1,
  sent: 19,
  lost: 0,
  drainMs: 100,
  figures: figuresOf(RUN, 1),
  killed: 0,
  run: RUN,
};

Deno.test("the report is one file that needs nothing else, and escapes what it is told", () => {
  const html = reportHtml("A run", SUMMARY, ["all < well"]);
  assertStringIncludes(html, "1 → 2: &lt;much&gt; &amp; more");
  assertStringIncludes(html, "all &lt; well");
  assertStringIncludes(html, "<svg");
  const addresses = [...html.matchAll(/https?:\/\/[^"' )]+/g)].map(([address]) => address);
  assertEquals(new Set(addresses), new Set(["http://www.w3.org/2000/svg"]));
  assert(!/<script|<link|src=|url\(/.test(html));
});

Deno.test("a demo is good only if each session is right and no record was lost", () => {
  assertEquals(isGood(SUMMARY), true);
  for (const wrong of ["missing", "wrong", "unexpected", "lost"] as const) {
    assertEquals(isGood({ ...SUMMARY, [wrong]: 1 }), false, wrong);
  }
  assertEquals(isGood({ ...SUMMARY, expected: 0 }), false);
});

Deno.test("after a kill sessions may have hits twice, which is said, and may lack none", () => {
  const killed = { ...SUMMARY, killed: 1, wrong: 2 };
  assertEquals([isGood(killed), isGood({ ...killed, lacking: 1 })], [true, false]);
  assertStringIncludes(linesOf(killed).join("\n"), "2 sessions have hits twice");
});

Deno.test("the end of a demo says how the lag went, also when it did not", () => {
  assertStringIncludes(linesOf(SUMMARY).join("\n"), "gone 0.1 s after the load ended");
  assertStringIncludes(linesOf({ ...SUMMARY, drainMs: undefined }).join("\n"), "it was not gone a minute");
});
