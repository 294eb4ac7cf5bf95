import { assertEquals, assertThrows } from "@std/assert";
import type { PageSnapshot } from "../../src/dashboard/snapshot.ts";
import { ControlRefused } from "../../src/dashboard/source.ts";
import { DemoPageSource } from "../../src/demo/page_source.ts";
import type { DemoControl } from "../../src/demo/run.ts";
import type { PartitionSnapshot } from "../../src/demo/snapshot.ts";
import { instance, snapshot } from "./snapshots.ts";

/** A demo's control that notes what is asked for, and may not have more instances. */
function noted(): DemoControl & { readonly asked: unknown[] } {
  const asked: unknown[] = [];
  let now = 25;
  return {
    asked,
    rate: () => now,
    setRate: (rate) => void asked.push(now = rate),
    surge: () => void asked.push("surge"),
    burst: () => void asked.push("burst"),
    addInstance: () => false,
    killInstance: (name) => name === "streams-1",
  };
}

function partition(number: number, lag: number | undefined): PartitionSnapshot {
  return { topic: "in", partition: number, lag, seconds: undefined, arrival: 10 };
}

function opened(): DemoPageSource {
  let now = 0;
  return new DemoPageSource({ topology: [], maxRate: 5_000, now: () => now += 1_000 });
}

/** The snapshots of a page that reads the source. */
async function read(source: DemoPageSource, count: number): Promise<PageSnapshot[]> {
  const stop = new AbortController();
  const found: PageSnapshot[] = [];
  for await (const each of source.snapshots(stop.signal)) {
    found.push(each);
    if (found.length === count) stop.abort();
  }
  return found;
}

Deno.test("the demo's page: instances have the lag that is known of their partitions, others nobody has", async () => {
  const source = opened();
  const partitions = [partition(0, 30), partition(1, 70)];
  const instances = [
    instance({ partitions: [partition(0, undefined)] }),
    instance({ name: "streams-2", ready: false, load: undefined }),
    instance({ name: "streams-3", leaving: true }),
  ];
  source.tell(
    snapshot(1, { partitions, instances, lag: 100, rates: { in: 20, out: 70, sessions: 5 } }),
    noted(),
  );
  const [page] = await read(source, 1);
  assertEquals(page!.instances.map(({ name, ready, state }) => [name, ready, state]), [
    ["streams-1", true, undefined],
    ["streams-2", false, "starting"],
    ["streams-3", false, "leaving"],
  ]);
  assertEquals(page!.instances[0]!.partitions, [{ topic: "in", partition: 0, lag: 30, arrival: 10 }]);
  assertEquals("load" in page!.instances[1]!, false);
  assertEquals(page!.unowned, [{ topic: "in", partition: 1, lag: 70, arrival: 10 }]);
  assertEquals(page!.rates, { in: 20, processed: 70, out: 5, target: 25 });
  assertEquals(page!.topics, { in: { in: 20 }, SESSIONS: { in: 5 } });
  assertEquals(page!.drainSeconds, 2);
});

Deno.test("the demo's page: the last decision stays, and a lag that grows is drained at no time", async () => {
  const source = opened();
  const decision = { from: 1, to: 3, reason: "1 → 3: a load of 2.5" };
  const rates = { in: 70, out: 20, sessions: 5 };
  for (const some of [{}, { decision }, { lag: 9, rates }]) source.tell(snapshot(1, some), noted());
  const pages = await read(source, 3);
  const told = { atMs: 2_000, from: 1, replicas: 3, reason: "a load of 2.5" };
  assertEquals(pages.map((page) => page.decision), [undefined, told, told]);
  assertEquals(pages.map((page) => page.drainSeconds), [0, 0, undefined]);
});

Deno.test("the demo's page: what is asked for reaches the demo, and the slider is where the generator aims", async () => {
  const source = opened();
  const control = noted();
  source.tell(snapshot(1), control);
  source.control.setRate!(4_000);
  source.tell(snapshot(2), control);
  source.control.surge!();
  source.control.burst!();
  source.control.killInstance!("streams-1");
  source.tell(snapshot(3, { rates: { in: 7, out: 0, sessions: 0 } }), control);
  assertEquals((await read(source, 3)).map(({ rates }) => rates.target), [25, 4_000, 4_000]);
  assertEquals(control.asked, [4_000, "surge", "burst"]);
});

Deno.test("the demo's page: what can't be done is refused with the reason", () => {
  const source = opened();
  assertThrows(() => source.control.surge!(), ControlRefused, "has not begun yet");
  source.tell(snapshot(1), noted());
  assertThrows(() => source.control.addInstance!(), ControlRefused, "there are as many as may be");
  assertThrows(() => source.control.killInstance!("streams-9"), ControlRefused, "Cannot kill streams-9");
});

Deno.test("the demo's page offers to kill only what can be killed", () => {
  const embedded = new DemoPageSource({ topology: [], maxRate: 5_000, canKill: false });
  assertEquals(embedded.control.killInstance, undefined);
  const { killInstance } = opened().control;
  assertEquals(typeof killInstance, "function");
});
