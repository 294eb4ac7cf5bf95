import { assertEquals, assertStringIncludes } from "@std/assert";
import { servePage } from "../../src/dashboard/serve_page.ts";
import { sumOfSeries } from "../../src/metrics/metrics_text.ts";
import { Advisor } from "../../src/scaling/advisor.ts";
import { scalingRoutes } from "../../src/scaling/routes.ts";
import { ToldSource } from "../dashboard/told_source.ts";
import { statusAs } from "../support/status_as.ts";
import { instance, look } from "./looks.ts";

/** What a page's server answers, by its path. */
async function served(
  advisor: Advisor,
  use: (ask: (path: string, init?: RequestInit) => Promise<Response>, port: number) => Promise<void>,
): Promise<void> {
  const server = await servePage({
    source: new ToldSource(),
    routes: scalingRoutes(advisor),
    port: 0,
  });
  try {
    await use((path, init) => fetch(`http://127.0.0.1:${server.port}${path}`, init), server.port);
  } finally {
    await server.close();
  }
}

Deno.test("routes: nothing is recommended before anything was seen, which is no 0", async () => {
  await served(new Advisor({ minReplicas: 1, maxReplicas: 4 }), async (ask) => {
    assertEquals(await (await ask("/scaling")).json(), {
      reason: "Nothing has been looked at yet.",
      hotPartitions: [],
      decisions: [],
    });
    const text = await (await ask("/metrics")).text();
    assertEquals(sumOfSeries(text, "kos_recommended_replicas"), undefined);
    assertEquals(sumOfSeries(text, "kos_recommendation_age_seconds"), undefined);
  });
});

Deno.test("routes: /scaling and /metrics say the same, with the hot partition that nothing helps", async () => {
  const advisor = new Advisor({ minReplicas: 1, maxReplicas: 4 });
  const { partitions } = instance("a", [0, 1, 2], 4_000);
  const hot = { topic: "in", partition: 3, lag: 90_000, arrival: 30_000 };
  advisor.observe(look(60, [instance("a", [], 0, { partitions: [...partitions, hot] })]));
  await served(advisor, async (ask) => {
    const answer = await ask("/scaling");
    assertEquals(answer.headers.get("content-type"), "application/json; charset=utf-8");
    const { replicas, running, reason, at, inputs, hotPartitions, decisions } = await answer.json();
    assertEquals([replicas, running, at], [2, 1, "1970-01-01T00:01:00.000Z"]);
    assertStringIncludes(reason, "partition 3 alone gets 30,000, which more instances can't help");
    assertEquals(hotPartitions, [{ partition: 3, arrival: 30_000 }]);
    assertEquals(decisions, [{ at, from: 1, replicas: 2, reason }]);
    assertEquals([inputs.capacity, inputs.lag, "restoreRate" in inputs], [10_000, 90_000, false]);
    const text = await (await ask("/metrics")).text();
    assertEquals(sumOfSeries(text, "kos_recommended_replicas"), 2);
  });
});

Deno.test("routes: they are read with GET, and by no other name of this machine than its own", async () => {
  await served(new Advisor({ minReplicas: 1, maxReplicas: 4 }), async (ask, port) => {
    for (const path of ["/scaling", "/metrics"]) {
      const posted = await ask(path, { method: "POST" });
      await posted.body?.cancel();
      assertEquals([posted.status, await statusAs(port, path, "evil.example")], [405, 403], path);
    }
  });
});
