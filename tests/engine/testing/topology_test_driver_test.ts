import { assertEquals, assertThrows } from "@std/assert";
import { int64Serde, jsonSerde, stringSerde } from "../../../src/serde/mod.ts";
import { JoinWindows, ProcessingError, StreamsBuilder } from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";

const text = { key: stringSerde(), value: stringSerde() };

async function joinDriver(windows: JoinWindows): Promise<TopologyTestDriver> {
  const builder = new StreamsBuilder();
  const left = builder.stream("left", text);
  const right = builder.stream("right", text);
  left.join(right, (l, r, key) => `${key}:${l}+${r}`, windows, { ...text, otherValue: stringSerde() }).to(
    "out",
    text,
  );
  return await TopologyTestDriver.create(builder.build());
}

function outputs(driver: TopologyTestDriver): [string, number][] {
  return driver.read<string, string>("out").map(({ value, timestamp }) => [value, timestamp]);
}

Deno.test("a join gives each pair within the window once, with the later time", async () => {
  const driver = await joinDriver(JoinWindows.ofTimeDifferenceAndGrace(10, 100));
  driver.pipe("left", "k", "l1", 100);
  assertEquals(outputs(driver), []);
  driver.pipe("right", "k", "r1", 110);
  assertEquals(outputs(driver), [["k:l1+r1", 110]]);
  driver.pipe("right", "k", "r2", 90);
  assertEquals(outputs(driver), [["k:l1+r2", 100]]);
  driver.pipe("right", "k", "r3", 111);
  driver.pipe("right", "k", "r4", 89);
  driver.pipe("right", "other", "r5", 100);
  assertEquals(outputs(driver), []);
  driver.pipe("left", "k", "l2", 100);
  assertEquals(outputs(driver), [["k:l2+r2", 100], ["k:l2+r1", 110]]);
});

Deno.test("the bounds of a join window can differ", async () => {
  const driver = await joinDriver(JoinWindows.ofTimeDifferenceAndGrace(0, 100).after(20));
  driver.pipe("left", "k", "l", 100);
  for (const time of [99, 100, 120, 121]) driver.pipe("right", "k", `r${time}`, time);
  assertEquals(outputs(driver).map(([value]) => value), ["k:l+r100", "k:l+r120"]);
  driver.pipe("left", "k", "l2", 101);
  assertEquals(outputs(driver).map(([value]) => value), ["k:l2+r120", "k:l2+r121"]);
});

Deno.test("a record later than window and grace is dropped and counted", async () => {
  const driver = await joinDriver(JoinWindows.ofTimeDifferenceAndGrace(10, 30));
  driver.pipe("left", "k", "early", 1_000);
  driver.pipe("left", "k", "on", 1_049);
  // 1000 is just within the retention of 20 + 30 ms behind 1049.
  driver.pipe("right", "k", "r", 1_000);
  assertEquals(outputs(driver), [["k:early+r", 1_000]]);
  assertEquals(driver.stats.dropped.late, 0);
  driver.pipe("left", "k", "late", 999);
  assertEquals(driver.stats.dropped.late, 1);
  driver.pipe("left", "k", "on", 1_060);
  driver.pipe("right", "k", "r2", 1_005);
  assertEquals(outputs(driver), [["k:late+r", 1_000]]);
});

Deno.test("records without a key or value are dropped and counted", async () => {
  const driver = await joinDriver(JoinWindows.ofTimeDifferenceWithNoGrace(10));
  driver.pipe("left", null, "l", 1);
  driver.pipe("right", "k", null, 1);
  driver.pipe("left", "k", "l", -1);
  assertEquals(outputs(driver), []);
  assertEquals(driver.stats.dropped, {
    null_key: 1,
    null_value: 1,
    late: 0,
    undecodable: 0,
    negative_timestamp: 1,
    processing_error: 0,
    production_error: 0,
  });
  assertEquals(driver.stats.processed, 3);
});

Deno.test("headers go with a record, and all sinks' records are read in their order", async () => {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text);
  stream.to("first", text);
  stream.flatMapValues((value) => value.split(" ")).to("second", text);
  stream.to("third", text);
  const driver = await TopologyTestDriver.create(builder.build());
  const headers = [{ key: "h", value: new Uint8Array([1, 2]) }, { key: "empty", value: null }];
  driver.pipe("in", "k", "a b", 1, headers);
  driver.pipe("in", "k", "c", 2);
  const records = driver.readAllBytes();
  assertEquals(
    records.map(({ topic, value }) => `${topic}:${new TextDecoder().decode(value!)}`),
    ["first:a b", "second:a", "second:b", "third:a b", "first:c", "second:c", "third:c"],
  );
  assertEquals(records.map((record) => record.headers), [...Array(4).fill(headers), [], [], []]);
  assertEquals(driver.readAllBytes(), []);
});

Deno.test("a value object that is changed in place and sent again is written as it is then", async () => {
  const builder = new StreamsBuilder();
  const json = { key: stringSerde(), value: jsonSerde<{ n: number }>() };
  builder.stream("in", text).flatMapValues(function* () {
    const same = { n: 1 };
    yield same;
    same.n = 2;
    yield same;
  }).to("out", json);
  const driver = await TopologyTestDriver.create(builder.build());
  driver.pipe("in", "a", "x", 1);
  assertEquals(driver.read<string, { n: number }>("out").map(({ value }) => value.n), [1, 2]);
});

Deno.test("a value object that a joiner changes in place is written as it is for each pair", async () => {
  const builder = new StreamsBuilder();
  const lists = { key: stringSerde(), value: jsonSerde<string[]>() };
  const left = builder.stream("left", lists);
  left.to("copy", lists);
  left.join(
    builder.stream("right", text),
    (list, value) => {
      list.push(value);
      return list;
    },
    JoinWindows.ofTimeDifferenceAndGrace(10, 100),
    { ...lists, otherValue: text.value },
  ).to("out", lists);
  const driver = await TopologyTestDriver.create(builder.build());
  driver.pipe("right", "k", "r1", 1);
  driver.pipe("right", "k", "r2", 2);
  driver.pipe("left", "k", [], 3);
  assertEquals(driver.read("copy").map(({ value }) => value), [[]]);
  assertEquals(driver.read("out").map(({ value }) => value), [["r1"], ["r1", "r2"]]);
});

Deno.test("count, reduce and aggregate keep one value a key, with the latest time", async () => {
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", text).groupByKey(text);
  const counts = { key: stringSerde(), value: int64Serde() };
  grouped.count({ value: int64Serde(), name: "counts" }).toStream().to("counts-out", counts);
  grouped.reduce((all, value) => all + value).toStream().to("reduced", text);
  const lists = { key: stringSerde(), value: jsonSerde<string[]>() };
  grouped.aggregate(() => [] as string[], (_key, value, list) => {
    if (value === "remove") return null;
    list.push(value);
    return list;
  }, { value: jsonSerde<string[]>(), name: "lists" }).toStream().to("lists-out", lists);
  const driver = await TopologyTestDriver.create(builder.build());
  for (
    const [key, value, time] of [["a", "x", 10], ["b", "y", 11], ["a", "z", 5], ["a", "remove", 12], [
      "a",
      "w",
      13,
    ]] as const
  ) {
    driver.pipe("in", key, value, time);
  }
  const rows = (topic: string) =>
    driver.read(topic).map(({ key, value, timestamp }) => [key, value, timestamp]);
  assertEquals(rows("counts-out"), [["a", 1, 10], ["b", 1, 11], ["a", 2, 10], ["a", 3, 12], ["a", 4, 13]]);
  assertEquals(rows("reduced").at(-1), ["a", "xzremovew", 13]);
  assertEquals(rows("lists-out"), [
    ["a", ["x"], 10],
    ["b", ["y"], 11],
    ["a", ["x", "z"], 10],
    ["a", null, 12],
    ["a", ["w"], 13],
  ]);
  assertEquals(driver.store<string, number>("counts").get("a"), 4);
  assertEquals(driver.store<string, string[]>("lists").entries().map(({ key }) => key).sort(), ["a", "b"]);
  assertEquals(driver.countOf("test-counts-changelog"), 5);
});

Deno.test("a count goes on however long its key was quiet, of a stream and of a table grouped anew", async () => {
  const hour = 3_600_000;
  const printable = { key: stringSerde(), value: int64Serde() };
  const builder = new StreamsBuilder();
  builder.stream("words", text).groupByKey(text).count({ value: int64Serde() }).toStream().to(
    "counts",
    printable,
  );
  builder.table("users", text).groupBy((user, city) => [city, user] as const, text)
    .count({ value: int64Serde() }).toStream().to("per-city", printable);
  const driver = await TopologyTestDriver.create(builder.build());
  for (const [key, at] of [["a", 0], ["a", 1], ["b", 2 * hour], ["a", 2 * hour + 1]] as const) {
    driver.pipe("words", key, "x", at);
  }
  assertEquals(driver.read("counts").map(({ key, value }) => `${key}=${value}`), [
    "a=1",
    "a=2",
    "b=1",
    "a=3",
  ]);
  driver.pipe("users", "ann", "Rome", 0);
  driver.pipe("users", "bob", "Rome", 1);
  driver.pipe("users", "cem", "Oslo", 2 * hour);
  driver.pipe("users", "ann", "Oslo", 2 * hour + 1);
  assertEquals(
    driver.read("per-city").map(({ key, value }) => `${key}=${value}`),
    ["Rome=1", "Rome=2", "Oslo=1", "Rome=1", "Oslo=2"],
  );
});

Deno.test("a record with a clock that is decades ahead leaves every key of a count", async () => {
  const builder = new StreamsBuilder();
  builder.stream("words", text).groupByKey(text).count({ value: int64Serde(), name: "counts" });
  const driver = await TopologyTestDriver.create(builder.build());
  for (let i = 0; i < 5; i++) driver.pipe("words", `k${i}`, "x", 1000);
  driver.pipe("words", "bad-clock", "x", 4e12);
  assertEquals(driver.store("counts").size, 6);
});

Deno.test("an aggregate that is given a retention forgets a key that long after its last change", async () => {
  const hour = 3_600_000;
  const builder = new StreamsBuilder();
  const grouped = builder.stream("in", text).groupByKey(text);
  grouped.count({ value: int64Serde(), name: "bounded", retentionMs: hour });
  grouped.count({ value: int64Serde(), name: "default" });
  const driver = await TopologyTestDriver.create(builder.build());
  driver.pipe("in", "a", "x", 0);
  driver.pipe("in", "b", "x", hour);
  assertEquals(driver.store("bounded").get("a"), 1);
  driver.pipe("in", "b", "x", hour + 1);
  assertEquals(driver.store("bounded").get("a"), null);
  // Three changes and the tombstone of what expired.
  assertEquals(driver.countOf("test-bounded-changelog"), 4);
  assertEquals(driver.store("default").get("a"), 1);
});

Deno.test("what can't be decoded goes by the handler, with its place", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", { key: stringSerde(), value: int64Serde() }).to("out", {
    key: stringSerde(),
    value: int64Serde(),
  });
  const topology = builder.build();
  const bad = new Uint8Array([1, 2, 3]);
  const dropped: string[] = [];
  const driver = await TopologyTestDriver.create(topology, {
    onUndecodable: ({ topic, partition, offset, part }) => {
      dropped.push(`${part} of ${topic}-${partition}@${offset}`);
      return "continue";
    },
  });
  driver.pipe("in", "k", 1, 1);
  driver.pipeBytes("in", new Uint8Array([107]), bad, 2);
  driver.pipe("in", "k", 3, 3);
  assertEquals(driver.read("out").map(({ value }) => value), [1, 3]);
  assertEquals(dropped, ["value of in-0@1"]);
  assertEquals(driver.stats.decodeFailures, { in: 1 });
  assertEquals(driver.stats.dropped.undecodable, 1);

  const strict = await TopologyTestDriver.create(topology);
  assertThrows(
    () => strict.pipeBytes("in", null, bad, 2),
    ProcessingError,
    "Cannot decode the value of the record at offset 0 of in-0",
  );
});

Deno.test("an error in a processor names the record", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).mapValues((): string => {
    throw new Error("no luck");
  }).to("out", text);
  const driver = await TopologyTestDriver.create(builder.build());
  assertThrows(
    () => driver.pipe("in", "k", "v", 1),
    ProcessingError,
    "Cannot process the record at offset 0 of in-0 in task 0_0: KSTREAM-MAPVALUES-0000000001 threw: no luck",
  );
});
