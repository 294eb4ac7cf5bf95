import { assertEquals, assertStringIncludes } from "@std/assert";
import { TopologyTestDriver } from "@kos/kos";
import { type Alert, fraudTopology } from "./topology.ts";

const MINUTE = 60_000;
const TOPOLOGY = { most: 3, within: MINUTE, prefix: "" };

function pay(driver: TopologyTestDriver, card: string, timeMs: number, shop = "bakery"): void {
  driver.pipe("payments", card, { cents: 100, shop }, timeMs);
}

function alerts(driver: TopologyTestDriver): [string, Alert][] {
  return driver.read<string, Alert>("alerts").map(({ key, value }) => [key, value]);
}

Deno.test("a card's fourth payment within a minute is an alert, which tells of all four", async () => {
  const driver = await TopologyTestDriver.create(fraudTopology(TOPOLOGY));
  for (const second of [0, 10, 20]) pay(driver, "A", second * 1_000);
  pay(driver, "B", 25_000);
  assertEquals(alerts(driver), []);
  pay(driver, "A", 30_000, "jeweller");
  const shops = ["bakery", "jeweller"];
  assertEquals(alerts(driver), [["A", { payments: 4, cents: 400, shops, since: 0 }]]);
});

Deno.test("payments that are a minute old don't count", async () => {
  const driver = await TopologyTestDriver.create(fraudTopology(TOPOLOGY));
  for (const second of [0, 20, 40, 60, 80, 100, 120]) pay(driver, "A", second * 1_000);
  assertEquals(alerts(driver), []);
});

Deno.test("cards that have not paid for a minute are forgotten", async () => {
  const driver = await TopologyTestDriver.create(fraudTopology(TOPOLOGY));
  pay(driver, "A", 0);
  pay(driver, "B", 50_000);
  const cards = driver.store<string, unknown>("recent-payments");
  assertEquals(cards.size, 2);
  pay(driver, "C", 65_000);
  assertEquals([cards.get("A"), cards.size], [null, 2]);
  pay(driver, "C", 10 * MINUTE);
  assertEquals(cards.size, 1);
});

Deno.test("what is no payment is a dead letter with the cause", async () => {
  const causes: string[] = [];
  const driver = await TopologyTestDriver.create(fraudTopology(TOPOLOGY), {
    deadLetterTopics: ["fraud-dead-letters"],
    onUndecodable: ({ error }) => {
      causes.push(String(error));
      return { deadLetter: "fraud-dead-letters" };
    },
  });
  driver.pipe("payments", "A", { cents: "1 €", shop: "bakery" }, 0);
  driver.pipeBytes("payments", null, new TextEncoder().encode("no JSON"), 0);
  assertEquals(driver.readBytes("fraud-dead-letters").length, 2);
  assertStringIncludes(causes[0]!, 'received {"cents":"1 €","shop":"bakery"}; expected a payment, such as');
  assertStringIncludes(causes[1]!, "Cannot decode JSON: received no JSON");
});
