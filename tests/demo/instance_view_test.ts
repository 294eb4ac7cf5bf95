import { assertEquals, assertThrows } from "@std/assert";
import { readInstance } from "../../src/demo/instance_view.ts";

const TEXT = `# HELP kos_consumer_lag_records x
kos_consumer_lag_records{topic="GAME-FRAME-RQ",partition="0"} 12
kos_consumer_lag_records{topic="GAME-FRAME-RS",partition="0"} 30
kos_consumer_lag_records_sum 9
kos_busy_seconds_total 1.5
kos_capacity_records_per_second 3000
kos_streams_rebalances_total 2
kos_streams_records_processed_total 77
`;

Deno.test("what an instance tells is read from the text of its metrics", () => {
  assertEquals(readInstance(TEXT), {
    processed: 77,
    busySeconds: 1.5,
    capacity: 3000,
    rebalances: 2,
    partitions: [
      { topic: "GAME-FRAME-RQ", partition: 0, lag: 12 },
      { topic: "GAME-FRAME-RS", partition: 0, lag: 30 },
    ],
  });
});

Deno.test("an instance without partitions has none, and one that does not know them yet says nothing", () => {
  const none = TEXT.replaceAll(/partition="0"} \d+/g, 'partition="-1"} 0');
  assertEquals(readInstance(none).partitions, []);
  const unknown = readInstance(TEXT.replaceAll(/^kos_(consumer|capacity).*\n/gm, ""));
  assertEquals([unknown.partitions, unknown.capacity], [undefined, undefined]);
});

Deno.test("metrics of another program are refused", () => {
  assertThrows(() => readInstance("up 1\n"), Error, "kos_streams_records_processed_total");
});
