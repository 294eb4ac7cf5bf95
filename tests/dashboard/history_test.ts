import { assertEquals, assertMatch } from "@std/assert";
import { History, HISTORY_MS, MOST_PARTITIONS } from "../../src/dashboard/history.ts";
import type { PageSnapshot } from "../../src/dashboard/snapshot.ts";
import { snapshot } from "./told_source.ts";

function dataOf(text: string): PageSnapshot & { readonly more?: unknown } {
  return JSON.parse(/^data: (.*)$/m.exec(text)![1]!);
}

function idOf(text: string): string {
  return /^id: (.*)$/m.exec(text)![1]!;
}

Deno.test("history: whoever comes for the first time gets all of it, in order", () => {
  const history = new History("a");
  for (const atMs of [1_000, 2_000, 3_000]) history.add(snapshot(atMs));
  const events = history.after(null);
  assertEquals(events.map(({ text }) => dataOf(text).atMs), [1_000, 2_000, 3_000]);
  assertMatch(events[0]!.text, /^id: a-1\nevent: snapshot\ndata: \{.*\}\n\n$/);
});

Deno.test("history: whoever comes again gets what was missed", () => {
  const history = new History("a");
  const [first] = [1_000, 2_000, 3_000].map((atMs) => history.add(snapshot(atMs)));
  assertEquals(history.after(idOf(first!.text)).map(({ atMs }) => atMs), [2_000, 3_000]);
  assertEquals(history.after("a-3"), []);
});

Deno.test("history: an id of another process, one that is ahead, and no id at all stand for nothing seen", () => {
  const history = new History("a");
  for (const atMs of [1_000, 2_000]) history.add(snapshot(atMs));
  for (const id of ["b-1", "a-9", "a-", "a-1.5", "a-99999999999999999", "", "nonsense"]) {
    assertEquals(history.after(id).length, 2, id);
  }
});

Deno.test("history: what is older than ten minutes is forgotten", () => {
  const history = new History("a");
  history.add(snapshot(1_000));
  history.add(snapshot(2_000));
  history.add(snapshot(1_001 + HISTORY_MS));
  assertEquals(history.after(null).map(({ atMs }) => atMs), [2_000, 1_001 + HISTORY_MS]);
});

Deno.test("history: a source that tells too often does not fill the memory", () => {
  const history = new History("a");
  for (let i = 0; i < 5_000; i++) history.add(snapshot(i));
  assertEquals(history.after(null).length, 1_200);
});

Deno.test("history: of very many partitions those are kept that lag most, and the rest as a sum", () => {
  const partitions = Array.from(
    { length: MOST_PARTITIONS + 3 },
    (_, partition) => ({ topic: "in", partition, lag: partition }),
  );
  const instances = [{ name: "one", ready: true, partitions: partitions.slice(0, 10) }];
  const text = new History("a").add(snapshot(1, { instances, unowned: partitions.slice(10) })).text;
  const kept = dataOf(text);
  assertEquals(kept.more, { count: 3, lag: 0 + 1 + 2 });
  assertEquals(kept.instances[0]!.partitions.map(({ partition }) => partition), [3, 4, 5, 6, 7, 8, 9]);
  assertEquals(kept.unowned!.length, MOST_PARTITIONS - 7);
});
