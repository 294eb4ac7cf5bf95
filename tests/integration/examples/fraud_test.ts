import { assertEquals, assertStringIncludes } from "@std/assert";
import { jsonSerde, stringSerde } from "@kos/kos";
import type { Alert } from "../../../examples/fraud/topology.ts";
import { until } from "../../engine/app/app_contract.ts";
import { Example, helpOf, PATIENCE_MS } from "./example_process.ts";

Deno.test("fraud: too many payments are an alert, and what is no payment is a dead letter", async () => {
  const topics = ["payments", "alerts", "fraud-dead-letters"];
  await Example.with("fraud", { flags: ["--most=1"], topics }, async (example) => {
    const since = Date.now() - 600_000;
    const pay = (afterMs: number, shop: string) => ({
      key: "4000",
      timestamp: since + afterMs,
      value: JSON.stringify({ cents: 100, shop }),
    });
    await example.write("payments", [
      pay(0, "bakery"),
      { key: "4000", timestamp: since, value: '{"cents":"much"}' },
      pay(30_000, "jeweller"),
      pay(120_000, "bakery"),
    ]);
    await example.caughtUp("payments");
    const text = stringSerde();
    await example.reading("alerts", { key: text, value: jsonSerde<Alert>() }, async (alerts) => {
      await until("an alert", () => alerts.length > 0, PATIENCE_MS);
      const value = { payments: 2, cents: 200, shops: ["bakery", "jeweller"], since };
      assertEquals(alerts, [{ key: "4000", value }]);
    });
    await example.reading("fraud-dead-letters", { key: text, value: text }, async (letters) => {
      await until("a dead letter", () => letters.length > 0, PATIENCE_MS);
      assertEquals(letters, [{ key: "4000", value: '{"cents":"much"}' }]);
    });
    await example.fed("alerts");
  });
});

Deno.test("fraud: it is exactly once unless a flag says otherwise", async () => {
  const help = await helpOf("fraud");
  assertStringIncludes(help, "exactly_once with transactions (default: exactly_once,");
  assertStringIncludes(help, "continue, fail or dead-letter (default: dead-letter,");
});
