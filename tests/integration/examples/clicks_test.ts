import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { jsonSerde, stringSerde } from "@kos/kos";
import type { Visit } from "../../../examples/clicks/topology.ts";
import { until } from "../../engine/app/app_contract.ts";
import { Example, PATIENCE_MS } from "./example_process.ts";

Deno.test("clicks: visits are read over HTTP, and by a page that may run its own script only", async () => {
  await Example.with("clicks", { topics: ["clicks", "visits"] }, async (example) => {
    const startMs = Date.now() - 600_000;
    const click = (key: string, afterMs: number, page: string) => ({
      key,
      timestamp: startMs + afterMs,
      value: JSON.stringify({ page }),
    });
    await example.write("clicks", [click("ada", 0, "/"), click("bob", 5, "/"), click("ada", 9, "/shop")]);
    const visit = { clicks: 2, entry: "/", page: "/shop" };
    await example.reading("visits", { key: stringSerde(), value: jsonSerde<Visit>() }, async (visits) => {
      await until("all clicks are in visits", () => visits.length === 3, PATIENCE_MS);
      const last = visits.filter(({ key }) => key === "ada").at(-1)!.value;
      assertEquals(last, { from: startMs, until: startMs + 9, ...visit } as Visit);
    });
    await example.caughtUp("clicks");
    const answer = await (await fetch(`${example.storesUrl}/stores/visits/ada`)).json();
    assertEquals(answer.value, [{ key: "ada", startMs, endMs: startMs + 9, value: visit }]);
    const page = await fetch(`${example.storesUrl}/`);
    assertEquals([page.status, page.headers.get("content-type")], [200, "text/html; charset=utf-8"]);
    assertMatch(page.headers.get("content-security-policy")!, /script-src 'sha256-\S+';.*connect-src 'self'/);
    assertStringIncludes(await page.text(), "<h1>Visits</h1>");
    await example.fed("visits");
  });
});
