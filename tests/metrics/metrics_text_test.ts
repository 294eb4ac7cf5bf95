import { assertEquals } from "@std/assert";
import { seriesOf, sumOfSeries } from "../../src/metrics/metrics_text.ts";

Deno.test("a metric's series have their labels, whatever is in them", () => {
  const text = 'lag{topic="a b",why="say \\"no\\", \\\\ or\\nleave"} 2\nlag 3e2\nlags{topic="c"} 5\n';
  assertEquals(seriesOf(text, "lag"), [
    { labels: { topic: "a b", why: 'say "no", \\ or\nleave' }, value: 2 },
    { labels: {}, value: 300 },
  ]);
  assertEquals(sumOfSeries(text, "lag"), 302);
  assertEquals(sumOfSeries(text, "la"), undefined);
});
