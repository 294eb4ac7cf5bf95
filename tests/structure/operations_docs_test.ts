import { assert, assertEquals, assertMatch } from "@std/assert";
import { textOf } from "./sources.ts";

/** The alerts of the chart, in their order. */
const ALERTS = [...textOf("charts/kos/templates/prometheusrule.yaml").matchAll(/^\s*- alert: (\w+)$/gm)]
  .map(([, name]) => name!);

/** The parts of docs/operations.md about single alerts, by name. */
const PARTS = new Map(
  textOf("docs/operations.md").split(/^#{2,3} /m).flatMap((part) => {
    const [, name, text] = /^(Kos\w+)\n([^]*)$/.exec(part) ?? [];
    return name === undefined ? [] : [[name, text!]];
  }),
);

Deno.test("docs/operations.md says of each alert what it means, where to look and what to do", () => {
  assert(ALERTS.length > 8);
  assertEquals([...PARTS.keys()], ALERTS);
  for (const [name, text] of PARTS) assertMatch(text, /^\n\S[^]*\n\n- Look at: [^]*\n- Then: /, name);
});
