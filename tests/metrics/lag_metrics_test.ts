import { assertEquals, assertStringIncludes } from "@std/assert";
import { Registry } from "prom-client";
import {
  LagMetrics,
  lagSeconds,
  metricTopic,
  type PartitionLag,
  recordsLag,
  recordsLead,
} from "../../src/metrics/lag_metrics.ts";

const TOPICS = ["GAME-FRAME-RQ", "GAME-FRAME-RS"];

function partition(topic: string, partition: number, position: number, start: number, end: number) {
  return { topic, partition, position, startOffset: start, endOffset: end };
}

async function series(registry: Registry, prefix = "consumer_"): Promise<string[]> {
  return (await registry.metrics()).split("\n").filter((line) => line.startsWith(prefix));
}

Deno.test("lag: no series before the first assignment is known, then 0 for every topic of which nothing is owned", async () => {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: TOPICS, client: "c" });
  assertEquals(await series(registry), []);
  lag.update([], false);
  assertEquals(await series(registry), []);
  lag.update([]);
  assertEquals(await series(registry), [
    'consumer_lag_game_frame_rq{client="c",topic="GAME-FRAME-RQ",partition="-1",metric="records-lag"} 0',
    'consumer_lead_game_frame_rq{client="c",topic="GAME-FRAME-RQ",partition="-1",metric="records-lead"} 0',
    'consumer_lag_game_frame_rs{client="c",topic="GAME-FRAME-RS",partition="-1",metric="records-lag"} 0',
    'consumer_lead_game_frame_rs{client="c",topic="GAME-FRAME-RS",partition="-1",metric="records-lead"} 0',
    'consumer_lag_seconds{client="c",topic="GAME-FRAME-RQ",partition="-1"} 0',
    'consumer_lag_seconds{client="c",topic="GAME-FRAME-RS",partition="-1"} 0',
  ]);
});

Deno.test("lag: a series a partition owned, revoked ones removed, the placeholder only where none is owned", async () => {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: TOPICS, client: "c", now: () => 10_000 });
  lag.update([
    { ...partition("GAME-FRAME-RQ", 0, 40, 10, 100), nextTimestamp: 7_500 },
    partition("GAME-FRAME-RQ", 3, 5, 0, 5),
  ]);
  assertEquals(await series(registry), [
    'consumer_lag_game_frame_rq{client="c",topic="GAME-FRAME-RQ",partition="0",metric="records-lag"} 60',
    'consumer_lag_game_frame_rq{client="c",topic="GAME-FRAME-RQ",partition="3",metric="records-lag"} 0',
    'consumer_lead_game_frame_rq{client="c",topic="GAME-FRAME-RQ",partition="0",metric="records-lead"} 30',
    'consumer_lead_game_frame_rq{client="c",topic="GAME-FRAME-RQ",partition="3",metric="records-lead"} 5',
    'consumer_lag_game_frame_rs{client="c",topic="GAME-FRAME-RS",partition="-1",metric="records-lag"} 0',
    'consumer_lead_game_frame_rs{client="c",topic="GAME-FRAME-RS",partition="-1",metric="records-lead"} 0',
    'consumer_lag_seconds{client="c",topic="GAME-FRAME-RQ",partition="0"} 2.5',
    'consumer_lag_seconds{client="c",topic="GAME-FRAME-RQ",partition="3"} 0',
    'consumer_lag_seconds{client="c",topic="GAME-FRAME-RS",partition="-1"} 0',
  ]);
  assertEquals(lag.totals(), new Map([["GAME-FRAME-RQ", 60], ["GAME-FRAME-RS", 0]]));

  lag.update([partition("GAME-FRAME-RS", 3, 1, 0, 9)]);
  assertEquals(await series(registry, "consumer_lag_game"), [
    'consumer_lag_game_frame_rq{client="c",topic="GAME-FRAME-RQ",partition="-1",metric="records-lag"} 0',
    'consumer_lag_game_frame_rs{client="c",topic="GAME-FRAME-RS",partition="3",metric="records-lag"} 8',
  ]);
});

Deno.test("lag: for any topology by names without the topic, and without the client", async () => {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: ["orders", "prices"], client: "c", now: () => 10_000 });
  lag.update([
    { ...partition("orders", 0, 40, 10, 100), nextTimestamp: 7_500 },
    partition("orders", 1, 5, 0, 9),
  ]);
  assertEquals(await series(registry, "kos_consumer_lag"), [
    'kos_consumer_lag_records{topic="orders",partition="0"} 60',
    'kos_consumer_lag_records{topic="orders",partition="1"} 4',
    'kos_consumer_lag_records{topic="prices",partition="-1"} 0',
    // That of partition 1 is not fetched yet.
    'kos_consumer_lag_seconds{topic="orders",partition="0"} 2.5',
    'kos_consumer_lag_seconds{topic="prices",partition="-1"} 0',
  ]);
});

Deno.test("lag: at the level of topics the parts are added up, and a sum without one of them is not known", async () => {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: ["t", "u"], client: "c", level: "topic", now: () => 9_000 });
  const all = ["consumer_", "kos_consumer", "kos_lag_age"];
  const shown = async () => (await Promise.all(all.map((prefix) => series(registry, prefix)))).flat().sort();
  const [old, young] = [
    { ...partition("t", 0, 40, 10, 100), nextTimestamp: 4_000, ageMs: 2_000 },
    { ...partition("t", 1, 5, 0, 9), nextTimestamp: 8_000 },
  ];
  lag.update([old!, young!]);
  assertEquals(await shown(), [
    'consumer_lag_seconds{client="c",topic="t"} 5',
    'consumer_lag_seconds{client="c",topic="u"} 0',
    'consumer_lag_t{client="c",topic="t",metric="records-lag"} 64',
    'consumer_lag_u{client="c",topic="u",metric="records-lag"} 0',
    'consumer_lead_t{client="c",topic="t",metric="records-lead"} 5',
    'consumer_lead_u{client="c",topic="u",metric="records-lead"} 0',
    'kos_consumer_lag_records{topic="t"} 64',
    'kos_consumer_lag_records{topic="u"} 0',
    'kos_consumer_lag_seconds{topic="t"} 5',
    'kos_consumer_lag_seconds{topic="u"} 0',
    'kos_lag_age_seconds{client="c",topic="t"} 2',
  ]);
  // Of one of its partitions nothing is known: at least so old it is.
  lag.update([{ ...old!, position: undefined }, young!], false);
  assertEquals(await shown(), [
    'consumer_lag_seconds{client="c",topic="t"} 1',
    'kos_consumer_lag_seconds{topic="t"} 1',
    'kos_lag_age_seconds{client="c",topic="t"} 2',
  ]);
  // Caught up in what is known is not caught up.
  lag.update([{ ...old!, position: undefined }, { ...young!, position: 9 }]);
  assertEquals((await shown()).filter((line) => line.includes('seconds{topic="t"')), []);
});

Deno.test("lag: what comes is known after ten seconds, of the log's ends, whether it is read or not", async () => {
  const registry = new Registry();
  let time = 1_000;
  const lag = new LagMetrics({ registry, topics: ["t"], client: "c", clock: () => time });
  const at = async (seconds: number, end: number, ageMs = 0) => {
    time = 1_000 + 1_000 * seconds;
    lag.update([{ ...partition("t", 0, 5, 0, end), ageMs }]);
    return (await series(registry, "kos_arrival")).map((line) => Number(line.split(" ")[1]));
  };
  assertEquals(await at(0, 1_000), []);
  assertEquals(await at(9, 1_900), []);
  assertEquals(await at(10, 2_000), [100]);
  // An answer of two seconds ago stands for then.
  assertEquals(await at(22, 3_000, 2_000), [100]);
  for (let s = 25; s <= 100; s += 5) await at(s, 3_000);
  assertEquals(await at(101, 3_000), [0]);
  // The topic was made anew.
  assertEquals(await at(102, 7), []);
  assertEquals(await at(112, 27), [2]);
});

Deno.test("lag: never negative and never what retention deleted", () => {
  // Retention took 30..49: of 100 records only 50 are left to process.
  assertEquals(recordsLag(partition("t", 0, 30, 50, 100)), 50);
  assertEquals(recordsLead(partition("t", 0, 30, 50, 100)), 0);
  // The end is older than the position, as the two are read at different times.
  assertEquals(recordsLag(partition("t", 0, 101, 0, 100)), 0);
  // All was deleted.
  assertEquals(recordsLag(partition("t", 0, 30, 100, 100)), 0);
});

Deno.test("lag: seconds are 0 when caught up or when the record is from the future", () => {
  const behind = partition("t", 0, 1, 0, 2);
  assertEquals(lagSeconds({ ...behind, nextTimestamp: 1_000 }, 4_000), 3);
  assertEquals(lagSeconds({ ...behind, nextTimestamp: 5_000 }, 4_000), 0);
  assertEquals(lagSeconds({ ...partition("t", 0, 2, 0, 2), nextTimestamp: 1_000 }, 4_000), 0);
});

Deno.test("lag: what is not known is no number", () => {
  const known = partition("t", 0, 30, 10, 100);
  assertEquals(recordsLag({ ...known, position: undefined }), undefined);
  assertEquals(recordsLag({ ...known, endOffset: undefined }), undefined);
  assertEquals(recordsLag({ ...known, startOffset: undefined }), 70);
  assertEquals(recordsLead({ ...known, position: undefined }), undefined);
  assertEquals(recordsLead({ ...known, startOffset: undefined }), undefined);
  assertEquals(lagSeconds({ ...known, endOffset: undefined, nextTimestamp: 1 }, 4_000), undefined);
  // Behind, but the next record is not fetched yet.
  assertEquals(lagSeconds(known, 4_000), undefined);
});

Deno.test("lag: a partition of which nothing is known has no series but its age, and is in nobody's sum", async () => {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: ["t"], client: "c" });
  lag.update([
    partition("t", 0, 40, 10, 100),
    {
      topic: "t",
      partition: 1,
      position: undefined,
      startOffset: undefined,
      endOffset: undefined,
      ageMs: Infinity,
    },
    { topic: "t", partition: 2, position: 7, startOffset: undefined, endOffset: undefined, ageMs: Infinity },
  ]);
  assertEquals(await series(registry, "consumer_l"), [
    'consumer_lag_t{client="c",topic="t",partition="0",metric="records-lag"} 60',
    'consumer_lead_t{client="c",topic="t",partition="0",metric="records-lead"} 30',
  ]);
  assertEquals(await series(registry, "kos_lag_age"), [
    'kos_lag_age_seconds{client="c",topic="t",partition="0"} 0',
    'kos_lag_age_seconds{client="c",topic="t",partition="1"} +Inf',
    'kos_lag_age_seconds{client="c",topic="t",partition="2"} +Inf',
  ]);
  assertEquals(lag.totals(), new Map([["t", 60]]));
});

Deno.test("lag: the last value stands while it is young, and goes when nothing was heard for longer, a 0 too", async () => {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: ["t"], client: "c", now: () => 9_000 });
  const aged = (ageMs: number) => [
    { ...partition("t", 0, 40, 10, 100), nextTimestamp: 8_000, ageMs },
    { ...partition("t", 1, 5, 0, 5), ageMs },
  ];
  lag.update(aged(14_000));
  assertEquals(await series(registry, "consumer_lag_t"), [
    'consumer_lag_t{client="c",topic="t",partition="0",metric="records-lag"} 60',
    'consumer_lag_t{client="c",topic="t",partition="1",metric="records-lag"} 0',
  ]);
  lag.update(aged(16_000));
  assertEquals(await series(registry), []);
  assertEquals(await series(registry, "kos_lag_age"), [
    'kos_lag_age_seconds{client="c",topic="t",partition="0"} 16',
    'kos_lag_age_seconds{client="c",topic="t",partition="1"} 16',
  ]);
});

Deno.test("lag: an update after the scrape began does not show in it", async () => {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: TOPICS, client: "c" });
  const at = (n: number): PartitionLag[] => TOPICS.map((topic) => partition(topic, 0, 0, 0, n));
  lag.update(at(1));
  const scrape = registry.metrics();
  // Any point at which the scrape may be suspended.
  for (let i = 0; i < 5; i++) {
    lag.update(at(2 + i));
    await Promise.resolve();
  }
  const values = (await scrape).split("\n").filter((line) => line.startsWith("consumer_lag_game"))
    .map((line) => line.split(" ").at(-1));
  assertEquals(values, ["1", "1"]);
});

Deno.test("lag: the list given is copied", async () => {
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: ["t"], client: "c" });
  const mine = { topic: "t", partition: 0, position: 0, startOffset: 0, endOffset: 7 };
  lag.update([mine]);
  mine.endOffset = 99;
  assertStringIncludes((await series(registry, "consumer_lag_t{"))[0]!, "} 7");
});

Deno.test("lag: names are lower case with _ and topics that share one keep their own series", async () => {
  assertEquals(metricTopic("KINGOFSCALING-APP.x$1"), "kingofscaling_app_x_1");
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: ["a.b"], client: "c" });
  lag.update([partition("a.b", 0, 0, 0, 1), partition("A-B", 0, 0, 0, 2)]);
  assertEquals(await series(registry, "consumer_lag_a_b"), [
    'consumer_lag_a_b{client="c",topic="a.b",partition="0",metric="records-lag"} 1',
    'consumer_lag_a_b{client="c",topic="A-B",partition="0",metric="records-lag"} 2',
  ]);
});
