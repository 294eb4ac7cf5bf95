import { assertEquals } from "@std/assert";
import type { PageSnapshot } from "../../src/dashboard/snapshot.ts";
import { advised, withoutCounts } from "../../src/scaling/advised_source.ts";
import { Advisor } from "../../src/scaling/advisor.ts";
import { snapshot, ToldSource } from "../dashboard/told_source.ts";
import { instance } from "./looks.ts";

Deno.test("advised source: snapshots get what is recommended, unless somebody says what is asked for", async () => {
  const source = new ToldSource();
  const stop = new AbortController();
  const instances = [instance("a", [0, 1], 9_000)];
  source.tell(
    snapshot(1, { instances: [] }),
    snapshot(2, { instances, running: 1 }),
    snapshot(3, { instances, running: 1, wanted: 3 }),
  );
  const seen: PageSnapshot[] = [];
  for await (
    const each of advised(source, new Advisor({ minReplicas: 1, maxReplicas: 4 })).snapshots(stop.signal)
  ) {
    seen.push(each);
    if (seen.length === 3) stop.abort();
  }
  assertEquals(seen.map(({ wanted }) => wanted), [undefined, 2, 3]);
  const reason =
    "the most loaded instance gets 18,000 records/s of the 10,000 that it can process; with 2 it " +
    "gets 9,000.";
  assertEquals(seen.map(({ decision }) => decision), [
    undefined,
    ...[1, 2].map(() => ({ atMs: 2, from: 1, replicas: 2, reason })),
  ]);
});

Deno.test("advised source: the numbers of a decision stand beside its sentence", () => {
  assertEquals(withoutCounts("Go from 1 to 12: so much comes."), "so much comes.");
  assertEquals(withoutCounts("1 → 4: a load"), "a load");
  assertEquals(withoutCounts("Keep 4: Go from 1 to 2: x"), "Keep 4: Go from 1 to 2: x");
});
