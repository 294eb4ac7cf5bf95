import { assertEquals } from "@std/assert";
import { RequestRate } from "../../src/metrics/request_rate.ts";

/** How many of so many requests are taken. */
function taken(rate: RequestRate, client: string, asked: number): number {
  return Array.from({ length: asked }, () => rate.takes(client)).filter((took) => took).length;
}

Deno.test("request rate: a client may save two seconds up, and then send as many as come in", () => {
  let nowMs = 0;
  const rate = new RequestRate(10, () => nowMs);
  assertEquals(taken(rate, "a", 100), 20);
  assertEquals(taken(rate, "a", 100), 0);
  nowMs += 500;
  assertEquals(taken(rate, "a", 100), 5);
  nowMs += 3_600_000;
  assertEquals(taken(rate, "a", 100), 20);
  assertEquals(taken(rate, "b", 100), 20, "each has its own");
});

Deno.test("request rate: many addresses make no more requests than the clients that are told apart", () => {
  const rate = new RequestRate(1, () => 0);
  let all = 0;
  for (let i = 0; i < 10_000; i++) all += taken(rate, `client ${i}`, 3);
  assertEquals(all, 2_000);
});
