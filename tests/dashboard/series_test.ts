import { assertEquals } from "@std/assert";
import { readSeries } from "../../src/dashboard/series.ts";

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
