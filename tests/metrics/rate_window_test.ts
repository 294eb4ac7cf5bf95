import { assertEquals } from "@std/assert";
import { RateWindow } from "../../src/metrics/rate_window.ts";

const SETTINGS = { span: 60, step: 5, least: 10 };

Deno.test("rate window: the mean of a window that moves along", () => {
  const window = new RateWindow(SETTINGS);
  const seen = [];
  // Ten a step for ten steps, then twenty.
  for (let at = 0, count = 0; at <= 200; at += 5, count += at <= 50 ? 10 : 20) {
    window.note(at, count);
    seen.push(window.perSecond);
  }
  assertEquals(seen.slice(0, 4), [undefined, undefined, 2_000, 2_000]);
  assertEquals(seen.at(-1), 4_000);
});

Deno.test("rate window: notes close to each other are not kept, and the newest one counts", () => {
  const window = new RateWindow(SETTINGS);
  for (let at = 0; at <= 20; at++) window.note(at, at);
  window.note(20.5, 41);
  assertEquals(window.perSecond, 2_000);
});

Deno.test("rate window: old news changes nothing", () => {
  const window = new RateWindow(SETTINGS);
  window.note(0, 100);
  window.note(20, 120);
  window.note(21, 118);
  assertEquals(window.perSecond, 1_000);
  window.note(19, 120);
  assertEquals(window.perSecond, 1_000);
  window.note(22, 144);
  assertEquals(window.perSecond, 2_000);
});

Deno.test("rate window: a count that is less than all of it, or stays back, begins anew", () => {
  for (const [first, again] of [[10, 3], [0, 3]] as const) {
    const window = new RateWindow(SETTINGS);
    window.note(0, first);
    window.note(20, 20);
    window.note(30, again);
    assertEquals(window.perSecond, undefined);
    window.note(40, again + 20);
    assertEquals(window.perSecond, 2_000);
  }
});
