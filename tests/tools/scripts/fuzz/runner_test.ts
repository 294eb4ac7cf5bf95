import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Order } from "../../../../scripts/fuzz/messages.ts";
import { runTarget } from "../../../../scripts/fuzz/runner.ts";
import { textOf } from "../../../../scripts/fuzz/support.ts";
import { closingLine, table } from "../../../../scripts/fuzz/report.ts";

/** Targets that do what none must. */
const TARGETS = new URL("./bad_targets.ts", import.meta.url).href;

function order(target: string, settings: Partial<Order> = {}): Order {
  return { target, seed: 1, until: Date.now() + 600_000, inputs: 20_000, targets: TARGETS, ...settings };
}

Deno.test("an input that leads into new code is kept and changed further, to what no chance finds", async () => {
  const result = await runTarget(order("guided", { inputs: 200_000 }), () => {});
  assertEquals(result.findings.map(({ message }) => message), ["Error: found"]);
  assertEquals(textOf(result.findings[0]!.input!).slice(0, 4), "kos!");
  assertStringIncludes(table([result]), "guided");
  assertEquals(
    closingLine([result], 1).replace(/[\d,]+ inputs/, "some inputs"),
    "fuzz: some inputs tried, 1 untyped errors (seed 1)",
  );
});

Deno.test("an input that never comes back is a finding, and the process is ended", async () => {
  // It is not begun anew once its time is over.
  const { findings } = await runTarget(order("endless", { until: 0 }), () => {});
  assertEquals(findings.map(({ fault, input }) => [fault, textOf(input!)]), [["time", "zzzz"]]);
});

Deno.test("an input that takes memory without end is a finding, and the process is ended", async () => {
  const result = await runTarget(order("greedy", { until: 0 }), () => {});
  assertEquals(result.findings.map(({ fault }) => fault), ["memory"]);
});

Deno.test("a heap that grows with the inputs is a finding", async () => {
  const result = await runTarget(order("leaking", { inputs: 6_000 }), () => {});
  assertEquals(result.findings.map(({ fault }) => fault), ["growth"]);
});

Deno.test("one input is tried again alone", async () => {
  const input = btoa("kos!");
  const result = await runTarget(order("guided", { input }), () => {});
  assertEquals(result.findings.map(({ message }) => message), ["Error: found"]);
});
