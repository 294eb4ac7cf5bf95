import { assertEquals } from "@std/assert";
import { RepeatedWarning } from "../../../../src/engine/app/progress/repeated_warning.ts";

Deno.test("what fails every two seconds is told of at growing intervals, and at once when it begins again", () => {
  const told: number[] = [];
  let now = 0;
  const warning = new RepeatedWarning(() => told.push(now / 1000), () => now);
  for (; now <= 120_000; now += 2_000) warning.failed("no answer");
  assertEquals(told, [0, 4, 12, 28, 60]);
  for (; now <= 3_600_000; now += 2_000) warning.failed("no answer");
  assertEquals(told.slice(5, 9), [124, 252, 508, 808]);
  told.length = 0;
  now = 7_200_000;
  for (; now <= 7_206_000; now += 2_000) warning.failed("no answer");
  assertEquals(told, [7200, 7204]);
});
