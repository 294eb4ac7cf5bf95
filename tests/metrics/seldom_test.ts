import { assertEquals } from "@std/assert";
import { seldom } from "../../src/metrics/seldom.ts";

Deno.test("seldom: the same error is told once in ten seconds, and no more than twenty in that time", () => {
  let nowMs = 0;
  const told: string[] = [];
  const tell = seldom((error) => told.push((error as Error).message), () => nowMs);
  for (let i = 0; i < 1_000; i++) tell(new Error("no token"));
  tell(new Error("another"));
  assertEquals(told, ["no token", "another"]);
  nowMs = 10_000;
  tell(new Error("no token"));
  assertEquals(told, ["no token", "another", "no token"]);
  for (let i = 0; i < 1_000; i++) tell(new Error(`number ${i}`));
  assertEquals(told.length, 22, "of what differs each time, too");
  nowMs = 20_000;
  tell(new Error("number 7"));
  assertEquals(told.length, 23);
});
