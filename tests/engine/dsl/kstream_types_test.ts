import { assertEquals, assertThrows } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { JoinWindows, SessionWindows, StreamsBuilder, TimeWindows } from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";

const text = { key: stringSerde(), value: stringSerde() };
const numbers = { key: stringSerde(), value: int64Serde() };

Deno.test("a stream's keys may be null to the types, a group's may not", () => {
  const builder = new StreamsBuilder();
  const words = builder.stream("words", text);
  // @ts-expect-error -- a record may have no key
  words.map((key, value) => [key.length, value]);
  words.map((key, value) => [key?.length ?? 0, value]);
  words.groupByKey(text).aggregate(() => 0, (key, value, sum) => sum + key.length + value.length, numbers);
  words.groupBy((key) => key, text).reduce((a, b) => a + b);
});

Deno.test("what a table removed is null to the types of its stream, until a filter leaves it out", () => {
  const builder = new StreamsBuilder();
  const names = builder.table("names", text).toStream();
  // @ts-expect-error -- a key that was removed has no value
  names.mapValues((name) => name.length);
  names.filter((_key, name) => name !== null).mapValues((name) => name.length).to("lengths", numbers);
  names.groupByKey(text).reduce((a, b) => a + b.length);
});

Deno.test("a join's types have null only where a side can be missing", () => {
  const builder = new StreamsBuilder();
  const [left, right] = [builder.stream("left", text), builder.stream("right", text)];
  const windows = JoinWindows.ofTimeDifferenceWithNoGrace(10);
  const joined = { ...text, otherValue: stringSerde() };
  left.join(
    right.selectKey((_key, value) => value),
    (a, b, key) => a.length + b.length + key.length,
    windows,
    joined,
  );
  // @ts-expect-error -- the other side may be missing
  left.leftJoin(right, (a, b) => a.length + b.length, windows, joined);
  const cities = builder.table("cities", text);
  left.join(cities, (value, city, key) => value.length + city.length + key.length, text);
  left.merge(right.selectKey((_key, value) => value));
});

Deno.test("a timestamp extractor gets what the source's serdes read, or null", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", { ...numbers, timestampExtractor: (_key, value, own) => value ?? own }).to(
    "out",
    numbers,
  );
  const driver = await TopologyTestDriver.create(builder.build());
  driver.pipe("in", "k", 7, 1);
  driver.pipe("in", "k", null, 1);
  assertEquals(driver.read("out").map(({ timestamp }) => timestamp), [7, 1]);
});

Deno.test("the driver reads each kind of store by its type, and counts and filters need no serde", async () => {
  const builder = new StreamsBuilder();
  const words = builder.stream("words", text).groupByKey(text);
  const counts = words.count({ name: "all" });
  counts.filter((_key, count) => count > 1, { name: "repeated" });
  counts.groupBy((key, count) => [key.slice(0, 1), count], numbers).count({ name: "by-letter" });
  words.windowedBy(TimeWindows.ofSizeAndGrace(10, 0)).count({ name: "windows" });
  words.windowedBy(SessionWindows.ofInactivityGapAndGrace(5, 0)).count({ name: "sessions" });
  const driver = await TopologyTestDriver.create(builder.build());
  for (const timestamp of [11, 13]) driver.pipe("words", "kos", "x", timestamp);
  assertEquals(driver.store<string, number>("all").get("kos"), 2);
  assertEquals(driver.store<string, number>("repeated").get("kos"), 2);
  assertEquals(driver.store<string, number>("by-letter").get("k"), 1);
  assertEquals(driver.windowStore<string, number>("windows").get("kos", 10), 2);
  assertEquals(driver.sessionStore<string, number>("sessions").get("kos", 11, 13), 2);
  assertThrows(
    () => driver.store("windows"),
    Error,
    "Cannot read store windows: received a window store; store reads all, repeated, by-letter",
  );
  assertThrows(
    () => driver.sessionStore("none"),
    Error,
    "Cannot read store none: received a name that the topology does not have; sessionStore reads sessions",
  );
});
