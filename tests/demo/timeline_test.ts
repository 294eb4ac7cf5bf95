import { assertEquals } from "@std/assert";
import { timelineCsv } from "../../src/demo/timeline.ts";
import { instance, snapshot } from "./snapshots.ts";

Deno.test("a timeline has a line a second, with a column for each partition's lag", () => {
  const partitions = [
    { topic: "in", partition: 0, lag: 3, seconds: 1, arrival: 1 },
    { topic: "in", partition: 1, lag: undefined, seconds: undefined, arrival: 1 },
  ];
  const run = [
    snapshot(1, { partitions, lag: 3, lagSeconds: 0.14, rates: { in: 10.4, out: 9.6, sessions: 5 } }),
    snapshot(2.04, {
      partitions,
      instances: [instance(), instance({ ready: false, load: undefined, busy: undefined })],
      running: 2,
      wanted: 2,
      rebalances: 3,
      decision: { from: 1, to: 2, reason: 'a load, "much"' },
    }),
  ];
  assertEquals(
    timelineCsv(run),
    "second,phase,in,out,sessions,lag,lag_seconds,wanted,running,ready,leaving,load,busy,capacity,rebalances," +
      "lag_in-0,lag_in-1,decision\n" +
      "1,calm,10,10,5,3,0.1,1,1,1,0,0.5,0.5,1000,0,3,,\n" +
      '2,calm,0,0,0,0,0,2,2,1,0,0.5,0.5,1000,3,3,,"a load, ""much"""\n',
  );
});
