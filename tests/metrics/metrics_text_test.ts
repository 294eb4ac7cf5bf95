import { assertEquals } from "@std/assert";
import { readSeries, seriesOf, sumOfSeries } from "../../src/metrics/metrics_text.ts";

Deno.test("a metric's series have their labels, whatever is in them", () => {
  const text = 'lag{topic="a b",why="say \\"no\\", \\\\ or\\nleave"} 2\nlag 3e2\nlags{topic="c"} 5\n';
  assertEquals(seriesOf(text, "lag"), [
    { metric: "lag", labels: { topic: "a b", why: 'say "no", \\ or\nleave' }, value: 2 },
    { metric: "lag", labels: {}, value: 300 },
  ]);
  assertEquals(sumOfSeries(text, "lag"), 302);
  assertEquals(sumOfSeries(text, "la"), undefined);
});

Deno.test("series: those that are wanted are read, with labels of any text", () => {
  const text = [
    "# HELP lag of a topic",
    "# TYPE lag gauge",
    'lag{topic="in",partition="0"} 3',
    'lag{topic="a\\"b\\\\n\\n,}{",partition="1"} 2.5e3 1700000000000',
    "lag_seconds 9",
    "load +Inf",
    "other 1",
    "nonsense",
    "",
  ].join("\n");
  assertEquals(readSeries(text, new Set(["lag", "load"])), [
    { metric: "lag", labels: { topic: "in", partition: "0" }, value: 3 },
    { metric: "lag", labels: { topic: 'a"b\\n\n,}{', partition: "1" }, value: 2_500 },
    { metric: "load", labels: {}, value: Infinity },
  ]);
});
