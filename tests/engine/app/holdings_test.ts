/** What an application holds is given back, in an order, whatever fails. */
import { assertEquals } from "@std/assert";
import { Holdings } from "../../../src/engine/app/holdings.ts";

Deno.test("what is held is freed in the order in which it may end, whenever it was opened", async () => {
  const warnings: string[] = [];
  const holdings = new Holdings({ info() {}, warn: (line) => void warnings.push(line) });
  const freed: string[] = [];
  const free = (what: string, abandon: boolean): void => void freed.push(`${what} ${abandon}`);
  assertEquals(holdings.keep("the state directory", "a folder", free), "a folder");
  holdings.keep("the producer", "a producer", async (what, abandon) => {
    await Promise.resolve();
    free(what, abandon);
  });
  holdings.keep("the group", "a member", free);
  await holdings.free(false);
  assertEquals([freed, warnings], [["a member false", "a producer false", "a folder false"], []]);
});

Deno.test("what can't be freed is told, and the rest is freed all the same, each once", async () => {
  const warnings: string[] = [];
  const holdings = new Holdings({ info() {}, warn: (line) => void warnings.push(line) });
  const freed: string[] = [];
  holdings.keep("the group", 1, () => Promise.reject(new Error("no broker")));
  holdings.keep("the fetcher", 2, () => {
    throw new Error("no socket");
  });
  holdings.keep("the tasks", 3, (_, abandon) => freed.push(`tasks ${abandon}`));
  await holdings.free(true);
  await holdings.free(true);
  assertEquals(freed, ["tasks true"]);
  assertEquals(warnings, ["Cannot close the group: no broker", "Cannot close the fetcher: no socket"]);
});
