import { assertEquals, assertThrows } from "@std/assert";
import { EncodeBuffer, int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { DeserializationError } from "../../../src/serde/serde.ts";
import { type KTable, StreamsBuilder, TopologyError } from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";
import { changeSerde } from "../../../src/engine/dsl/change_serde.ts";

const text = { key: stringSerde(), value: stringSerde() };
const numbers = { key: stringSerde(), value: int64Serde() };

async function driverOf(
  describe: (table: (topic: string) => KTable<string, string>) => KTable<string, string>,
): Promise<TopologyTestDriver> {
  const builder = new StreamsBuilder();
  describe((topic) => builder.table(topic, text)).toStream().to("out", text);
  return await TopologyTestDriver.create(builder.build());
}

function rows(driver: TopologyTestDriver): [string, string | null, number][] {
  return driver.read<string, string | null>("out").map((
    { key, value, timestamp },
  ) => [key, value, timestamp]);
}

Deno.test("a table hands on each change, in the order of arrival; without a key nothing", async () => {
  const driver = await driverOf((table) => table("in"));
  driver.pipe("in", "a", "1", 10);
  driver.pipe("in", "a", "2", 5);
  driver.pipe("in", null, "3", 11);
  driver.pipe("in", "a", null, 12);
  assertEquals(rows(driver), [["a", "1", 10], ["a", "2", 5], ["a", null, 12]]);
  assertEquals(driver.stats.dropped.null_key, 1);
});

Deno.test("a table is kept in a store only where it was asked for or is needed", () => {
  const builder = new StreamsBuilder();
  builder.table("plain", text).toStream();
  builder.table("named", text, { name: "kept" });
  const joined = builder.table("joined", text);
  builder.stream("in", text).join(joined.filter(() => true), (a, b) => a + b, text);
  const grouped = builder.table("grouped", text);
  grouped.groupBy((key, value) => [value, key], text).count({ value: int64Serde(), name: "counts" });
  assertEquals([...builder.build().stores.keys()], [
    "kept",
    joined.storeName!,
    grouped.storeName!,
    "counts",
  ]);
});

Deno.test("where it is not known what a change replaces, a filter mentions keys that stay out as removed", async () => {
  const big = (_key: string, value: string): boolean => value > "5";
  const stored = await driverOf((table) => table("in").filter(big, { ...text, name: "big" }));
  const plain = await driverOf((table) => table("in").filterNot((key, value) => !big(key, value)));
  for (const driver of [stored, plain]) {
    for (const [time, value] of ["1", "7", "2", "3"].entries()) driver.pipe("in", "a", value, time);
  }
  assertEquals(rows(plain).map(([, value]) => value), [null, "7", null, null]);
  assertEquals(rows(stored).map(([, value]) => value), [null, "7", null, null]);
  assertEquals(stored.store("big").size, 0);
});

Deno.test("a filter after a table in a store is silent about keys that stay out", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).count({ value: int64Serde() })
    .filter((_key, count) => count > 1 && count % 2 === 0)
    .toStream().to("out", numbers);
  const driver = await TopologyTestDriver.create(builder.build());
  for (let i = 0; i < 4; i++) driver.pipe("in", "a", "x", i);
  assertEquals(driver.read("out").map(({ value }) => value), [2, null, 4]);
});

Deno.test("table joins: inner, left and outer", async () => {
  const both = (a: string | null, b: string | null): string => `${a}+${b}`;
  const expected = {
    join: [["a", "l2+r1", 6], ["a", null, 8]],
    leftJoin: [["a", "l1+null", 5], ["a", null, 5], ["a", "l2+r1", 6], ["a", null, 8]],
    outerJoin: [["a", "l1+null", 5], ["a", null, 5], ["a", "null+r1", 6], ["a", "l2+r1", 6], [
      "a",
      "null+r1",
      8,
    ], [
      "a",
      null,
      9,
    ]],
  };
  for (const kind of ["join", "leftJoin", "outerJoin"] as const) {
    const driver = await driverOf((table) => table("left")[kind](table("right"), both));
    driver.pipe("left", "a", "l1", 5);
    driver.pipe("left", "a", null, 5);
    driver.pipe("right", "a", "r1", 6);
    driver.pipe("left", "a", "l2", 4);
    driver.pipe("left", "a", null, 8);
    driver.pipe("right", "a", null, 9);
    assertEquals(rows(driver) as unknown[], expected[kind], kind);
  }
});

Deno.test("a stream joins the table's value of now; a left join goes on without one", async () => {
  for (const left of [false, true]) {
    const builder = new StreamsBuilder();
    const stream = builder.stream("in", text);
    const table = builder.table("table", text).mapValues((value) => `<${value}>`);
    const joiner = (value: string, other: string | null): string => value + other;
    const out = left ? stream.leftJoin(table, joiner, text) : stream.join(table, joiner, text);
    out.to("out", text);
    const driver = await TopologyTestDriver.create(builder.build());
    driver.pipe("in", "a", "1", 1);
    driver.pipe("table", "a", "x", 9);
    driver.pipe("in", "a", "2", 2);
    driver.pipe("in", "a", null, 3);
    driver.pipe("in", null, "4", 4);
    assertEquals(
      rows(driver).map(([, value, time]) => [value, time]),
      left ? [["1null", 1], ["2<x>", 2], ["4null", 4]] : [["2<x>", 2]],
    );
    assertEquals(driver.stats.dropped.null_value, 1);
    assertEquals(driver.stats.dropped.null_key, left ? 0 : 1);
  }
});

Deno.test("a table grouped anew moves its entries between groups", async () => {
  const builder = new StreamsBuilder();
  const groups = builder.table("in", text).groupBy((key, value) => [value, key], text);
  groups.count({ value: int64Serde(), name: "counts" }).toStream().to("counts-out", numbers);
  groups.reduce(
    (all, key) => all + key,
    (all, key) => all.replace(key, "") || null,
    { ...text, name: "members" },
  ).toStream().to("members-out", text);
  const driver = await TopologyTestDriver.create(builder.build());
  driver.pipe("in", "a", "red", 1);
  driver.pipe("in", "b", "red", 2);
  driver.pipe("in", "a", "blue", 3);
  driver.pipe("in", "b", null, 4);
  const pairs = (topic: string) => driver.read(topic).map(({ key, value }) => [key, value]);
  assertEquals(pairs("counts-out"), [["red", 1], ["red", 2], ["red", 1], ["blue", 1], ["red", 0]]);
  assertEquals(pairs("members-out"), [["red", "a"], ["red", "ab"], ["red", "b"], ["blue", "a"], [
    "red",
    null,
  ]]);
});

Deno.test("a stream as a table, after its key was changed", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).selectKey((_key, value) => value).toTable({ ...text, name: "latest" })
    .toStream().to("out", text);
  const driver = await TopologyTestDriver.create(builder.build());
  driver.pipe("in", "k", "v", 1);
  assertEquals(rows(driver), [["v", "v", 1]]);
  assertEquals(driver.store("latest").get("v"), "v");
});

Deno.test("a table without the serdes that its store needs is refused", () => {
  const builder = new StreamsBuilder();
  const table = builder.table("in", text);
  const joined = table.join(builder.table("other", text), (a, b) => a + b);
  assertThrows(() => builder.table("in", text), TopologyError, "reads already");
  assertEquals(joined.storeName, undefined);
  assertEquals(joined.serdes, undefined);
});

Deno.test("changes are written as Kafka Streams writes them", () => {
  const serde = changeSerde(stringSerde());
  const buffer = new EncodeBuffer(2);
  const bytes = (newValue: string | null, oldValue: string | null): number[] => {
    const end = buffer.encode(serde, { newValue, oldValue }, 0);
    return [...buffer.bytes.slice(0, end)];
  };
  assertEquals(bytes("n", null), [110, 1]);
  assertEquals(bytes(null, "o"), [111, 0]);
  assertEquals(bytes("new", "o"), [6, 110, 101, 119, 111, 2]);
  for (const newValue of ["", "x".repeat(63), "x".repeat(64), "y".repeat(9000)]) {
    const change = { newValue, oldValue: "old" };
    const end = buffer.encode(serde, change, 3);
    assertEquals(serde.decode(buffer.bytes, 3, end), change);
  }
  assertThrows(() => serde.decode(new Uint8Array([1, 9]), 0, 2), DeserializationError, "the last byte 9");
  assertThrows(() => serde.decode(new Uint8Array([40, 1, 2]), 0, 3), DeserializationError, "20 bytes");
  assertThrows(() => bytes(null, null), TypeError, "neither");
});
