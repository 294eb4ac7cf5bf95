import { assertEquals } from "@std/assert";
import { BusyTime } from "../../../../src/engine/app/progress/busy_time.ts";

Deno.test("busy time is what is between the waits", () => {
  const stats = { busyMs: 0 };
  let time = 100;
  const busy = new BusyTime(stats, () => time);
  time = 130;
  busy.rest();
  assertEquals(stats.busyMs, 30);
  time = 500;
  busy.begin();
  assertEquals(stats.busyMs, 30);
  time = 510;
  busy.rest();
  assertEquals(stats.busyMs, 40);
});
