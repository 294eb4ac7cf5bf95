import { assertEquals } from "@std/assert";
import { CounterRates } from "../../src/dashboard/counter_rates.ts";
import type { Series } from "../../src/metrics/metrics_text.ts";

function counter(value: number, topic = "in"): Series {
  return { metric: "records_total", labels: { topic }, value };
}

Deno.test("counter rates: the growth in a second, of each series by itself", () => {
  const rates = new CounterRates();
  assertEquals(rates.look(1_000, [counter(10), counter(0, "out")]), []);
  assertEquals(rates.look(3_000, [counter(30), counter(1, "out")]), [counter(10), counter(0.5, "out")]);
});

Deno.test("counter rates: one that begins anew, or is new, has none and never a negative one", () => {
  const rates = new CounterRates();
  rates.look(1_000, [counter(500)]);
  assertEquals(rates.look(2_000, [counter(20), counter(7, "new")]), []);
  assertEquals(rates.look(3_000, [counter(25), counter(7, "new")]), [counter(5), counter(0, "new")]);
});

Deno.test("counter rates: two looks at the same time tell nothing", () => {
  const rates = new CounterRates();
  rates.look(1_000, [counter(1)]);
  assertEquals(rates.look(1_000, [counter(2)]), []);
});
