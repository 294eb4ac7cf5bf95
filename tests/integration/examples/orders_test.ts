import { assertEquals } from "@std/assert";
import { avroSerde, SchemaRegistry, stringSerde } from "@kos/kos";
import { REVENUE, type Revenue } from "../../../examples/orders/topology.ts";
import { startRegistry } from "../../../scripts/registry.ts";
import { until } from "../../engine/app/app_contract.ts";
import { Example, PATIENCE_MS } from "./example_process.ts";

Deno.test("orders: JSON becomes each country's revenue in Avro, with its schema in a real registry", async () => {
  const server = await startRegistry();
  try {
    await Example.with("orders", {
      flags: ["--window=1s", "--grace=0s"],
      env: { SCHEMA_REGISTRY: server.url },
      topics: ["customers", "orders", "revenue"],
    }, async (example) => {
      // As what is fed later is of now, what is here is of before.
      const from = Math.floor(Date.now() / 1_000) * 1_000 - 600_000;
      const customer = (key: string, country: string) => ({
        key,
        timestamp: from - 1,
        value: JSON.stringify({ name: key, country }),
      });
      const order = (key: string, customer: string, cents: number, afterMs: number) => ({
        key,
        timestamp: from + afterMs,
        value: JSON.stringify({ customer, cents }),
      });
      await example.write("customers", [customer("ada", "AT")]);
      await until("the customer is known", async () => {
        const answer = await fetch(`${example.storesUrl}/stores/customers/ada`);
        await answer.body?.cancel();
        return answer.ok;
      }, PATIENCE_MS);
      // Those of one number and of one customer stay in their order, and so in the windows that they are meant for.
      await example.write("orders", [
        order("1", "ada", 500, 100),
        order("1", "ada", 250, 900),
        { key: "1", timestamp: from + 950, value: "no JSON" },
        order("1", "ada", 1, 1_000),
      ]);
      const revenue = avroSerde<Revenue>(REVENUE, { registry: new SchemaRegistry(server.url) });
      await example.reading("revenue", { key: stringSerde(), value: revenue }, async (records) => {
        await until("a window has closed", () => records.length > 0, PATIENCE_MS);
        assertEquals(records, [{
          key: "AT",
          value: { country: "AT", from, until: from + 1_000, orders: 2, cents: 750 },
        }]);
      });
      for (const topic of ["customers", "orders"]) await example.caughtUp(topic);
      await example.fed("revenue");
      const subjects = await (await fetch(`${server.url}/subjects`)).json();
      assertEquals(subjects.includes(`${example.prefix}revenue-value`), true, String(subjects));
    });
  } finally {
    await server.stop();
  }
});
