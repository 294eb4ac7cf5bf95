import { assertEquals } from "@std/assert";
import { TopologyTestDriver } from "@kos/kos";
import { ordersTopology, type Revenue } from "./topology.ts";

const MINUTE = 60_000;
const START = 1_800_000_000_000;

/** A driver with two customers of Austria and one of Italy. */
async function started(): Promise<TopologyTestDriver> {
  const topology = ordersTopology({ window: 5 * MINUTE, grace: 10_000, prefix: "" });
  const driver = await TopologyTestDriver.create(topology);
  driver.pipe("customers", "c1", { name: "Ada", country: "AT" }, START);
  driver.pipe("customers", "c2", { name: "Bob", country: "AT" }, START);
  driver.pipe("customers", "c3", { name: "Cai", country: "IT" }, START);
  return driver;
}

function order(driver: TopologyTestDriver, customer: string, cents: number, afterMs: number): void {
  driver.pipe("orders", crypto.randomUUID(), { customer, cents }, START + afterMs);
}

function revenue(driver: TopologyTestDriver): (string | number)[][] {
  return driver.read<string, Revenue>("revenue").map(({ key, value: { from, until, orders, cents } }) => [
    key,
    (from - START) / MINUTE,
    (until - START) / MINUTE,
    orders,
    cents,
  ]);
}

Deno.test("a country's orders of five minutes come out as one record, when the window has closed", async () => {
  const driver = await started();
  order(driver, "c1", 500, 1_000);
  order(driver, "c2", 250, 2 * MINUTE);
  order(driver, "c3", 900, 3 * MINUTE);
  assertEquals(revenue(driver), []);
  order(driver, "c1", 100, 5 * MINUTE + 5_000);
  assertEquals(revenue(driver), [], "the grace is not over");
  order(driver, "c1", 100, 5 * MINUTE + 10_000);
  assertEquals(revenue(driver), [["AT", 0, 5, 2, 750], ["IT", 0, 5, 1, 900]]);
});

Deno.test("an order that comes within the grace counts in its window, and a later one does not", async () => {
  const driver = await started();
  order(driver, "c1", 500, 1_000);
  order(driver, "c1", 1, 5 * MINUTE + 5_000);
  order(driver, "c1", 30, 4 * MINUTE);
  order(driver, "c1", 1, 5 * MINUTE + 10_000);
  order(driver, "c1", 7_000, 4 * MINUTE);
  order(driver, "c1", 1, 10 * MINUTE + 10_000);
  assertEquals(revenue(driver), [["AT", 0, 5, 2, 530], ["AT", 5, 10, 2, 2]]);
});

Deno.test("an order counts for the country that its customer has then; without a customer it counts for none", async () => {
  const driver = await started();
  order(driver, "c1", 500, 1_000);
  driver.pipe("customers", "c1", { name: "Ada", country: "IT" }, START + 2_000);
  order(driver, "c1", 70, 3_000);
  order(driver, "nobody", 1, 4_000);
  order(driver, "c2", 1, 6 * MINUTE);
  assertEquals(revenue(driver), [["AT", 0, 5, 1, 500], ["IT", 0, 5, 1, 70]]);
});

Deno.test("what is no order does not decode, and the error says what is wrong with it", async () => {
  const errors: string[] = [];
  const driver = await TopologyTestDriver.create(ordersTopology({ window: MINUTE, grace: 0, prefix: "" }), {
    onUndecodable: ({ error }) => {
      errors.push(String(error));
      return "continue";
    },
  });
  driver.pipe("orders", "1", { customer: "c1", cents: -5 });
  driver.pipe("orders", "2", { customer: "c1" });
  assertEquals(errors.map((error) => error.split("; ")[1]), [
    "cents: Too small: expected number to be >0",
    "cents: Invalid input: expected number, received undefined",
  ]);
});
