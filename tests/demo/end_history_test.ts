import { assertEquals } from "@std/assert";
import { EndHistory } from "../../src/demo/end_history.ts";

Deno.test("what waits since before the first look waits at least since then", () => {
  const history = new EndHistory();
  assertEquals(history.waitedSeconds(0), 0);
  history.note(5_000, 100);
  assertEquals(history.waitedSeconds(40), 0);
  history.note(8_000, 100);
  assertEquals(history.waitedSeconds(40), 3);
});

Deno.test("a wait grows while nobody processes, and is gone when all is done", () => {
  const history = new EndHistory();
  const waits: number[] = [];
  for (let second = 0; second < 5; second++) {
    history.note(second * 1000, 100 * second);
    waits.push(history.waitedSeconds(100));
  }
  assertEquals(waits, [0, 0, 1, 2, 3]);
  assertEquals(history.waitedSeconds(350), 0.5);
  assertEquals(history.waitedSeconds(400), 0);
  history.note(9_000, 500);
  assertEquals(history.waitedSeconds(400), 5);
});
