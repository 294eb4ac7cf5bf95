import { assertEquals } from "@std/assert";
import { TopologyTestDriver } from "@kos/kos";
import { clicksTopology, type Visit, VISITS } from "./topology.ts";

const MINUTE = 60_000;

async function started(): Promise<TopologyTestDriver> {
  const options = { pause: 30 * MINUTE, grace: 30 * MINUTE, keep: 24 * 60 * MINUTE, prefix: "" };
  return await TopologyTestDriver.create(clicksTopology(options));
}

function click(driver: TopologyTestDriver, user: string, page: string, minute: number): void {
  driver.pipe("clicks", user, { page }, minute * MINUTE);
}

/** A user's visits as they are read from outside: first and last minute, clicks, first and last page. */
function visitsOf(driver: TopologyTestDriver, user: string): (string | number)[][] {
  return driver.sessionStore<string, Visit>(VISITS).entries(user, 0, Infinity).map((visit) => {
    const { startMs, endMs, value: { clicks, entry, page } } = visit;
    return [startMs / MINUTE, endMs / MINUTE, clicks, entry, page];
  });
}

Deno.test("clicks without a long pause are one visit, and those behind the pause another", async () => {
  const driver = await started();
  click(driver, "ada", "/", 0);
  click(driver, "bob", "/news", 5);
  click(driver, "ada", "/shop", 30);
  click(driver, "ada", "/", 61);
  assertEquals(visitsOf(driver, "ada"), [[0, 30, 2, "/", "/shop"], [61, 61, 1, "/", "/"]]);
  assertEquals(visitsOf(driver, "bob"), [[5, 5, 1, "/news", "/news"]]);
});

Deno.test("a late click between two visits makes them one", async () => {
  const driver = await started();
  click(driver, "ada", "/", 0);
  click(driver, "ada", "/shop", 40);
  click(driver, "ada", "/basket", 20);
  assertEquals(visitsOf(driver, "ada"), [[0, 40, 3, "/", "/basket"]]);
});

Deno.test("each change of a visit goes out by its user, as it is then", async () => {
  const driver = await started();
  click(driver, "ada", "/", 0);
  click(driver, "ada", "/shop", 1);
  const visits = driver.read<string, Visit & { from: number; until: number }>("visits");
  assertEquals(visits.map(({ key, value }) => [key, value]), [
    ["ada", { from: 0, until: 0, clicks: 1, entry: "/", page: "/" }],
    ["ada", { from: 0, until: MINUTE, clicks: 2, entry: "/", page: "/shop" }],
  ]);
});
