import { assertAlmostEquals, assertMatch } from "@std/assert";
import { delay } from "@std/async/delay";
import { Registry } from "prom-client";
import { watchEventLoop } from "../../src/metrics/event_loop.ts";
import { sumOfSeries } from "../../src/metrics/metrics_text.ts";

Deno.test("event loop: a timer that fires late is counted by how late it was", async () => {
  const registry = new Registry();
  let now = 0;
  // The clock of a loop that is blocked for 400 ms each time.
  const watch = watchEventLoop(registry, () => now += 650);
  try {
    let text = "";
    do {
      await delay(20);
      text = await registry.metrics();
    } while (sumOfSeries(text, "kos_event_loop_delay_seconds_count")! < 2);
    assertMatch(text, /kos_event_loop_delay_seconds_bucket\{le="0.25"\} 0/);
    const [sum, count] = ["sum", "count"].map((part) =>
      sumOfSeries(text, `kos_event_loop_delay_seconds_${part}`)!
    );
    assertAlmostEquals(sum! / count!, 0.4);
  } finally {
    watch.close();
  }
});
