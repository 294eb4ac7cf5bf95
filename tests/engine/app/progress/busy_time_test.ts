import { assertEquals } from "@std/assert";
import { BusyTime } from "../../../../src/engine/app/progress/busy_time.ts";

Deno.test("busy time is what is between the waits", () => {
  const stats = { busyMs: 0, busyCpuMs: 0 };
  let time = 100;
  const busy = new BusyTime(stats, undefined, () => time);
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

Deno.test("busy time has the CPU time of what is between the waits beside it, where that is asked for", () => {
  const stats = { busyMs: 0, busyCpuMs: 0 };
  let time = 100;
  let cpu = 7;
  const busy = new BusyTime(stats, () => cpu, () => time);
  [time, cpu] = [130, 10];
  busy.rest();
  assertEquals(stats, { busyMs: 30, busyCpuMs: 3 });
  [time, cpu] = [500, 90];
  busy.begin();
  [time, cpu] = [600, 100];
  busy.rest();
  assertEquals(stats, { busyMs: 130, busyCpuMs: 13 });
});
