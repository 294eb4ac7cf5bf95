import { assertEquals, assertThrows } from "@std/assert";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { StreamsBuilder, TopologyError } from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";
import { partitionCounts } from "../../../src/engine/topology/partition_counts.ts";
import { JoinWindows } from "../../../src/engine/mod.ts";

const text = { key: stringSerde(), value: stringSerde() };
const counts = { key: stringSerde(), value: int64Serde() };
const windows = JoinWindows.ofTimeDifferenceAndGrace(10, 0);
const joined = { ...text, otherValue: stringSerde() };

Deno.test("groupBy goes through a topic of the application's own, without records that have no key", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text)
    .groupBy((_key, value) => (value === "" ? null : value[0]!) as string, text)
    .count({ value: int64Serde(), name: "letters" }).toStream().to("out", counts);
  const driver = await TopologyTestDriver.create(builder.build(), { applicationId: "app" });
  driver.pipe("in", "k", "apple", 5);
  driver.pipe("in", "k", "", 6);
  driver.pipe("in", "l", "avocado", 3);
  assertEquals(driver.read("out").map(({ key, value, timestamp }) => [key, value, timestamp]), [
    ["a", 1, 5],
    ["a", 2, 5],
  ]);
  assertEquals(driver.countOf("app-letters-repartition"), 2);
});

Deno.test("a named grouping has one repartition topic for all of its aggregations, others one each", () => {
  const of = (name: string | undefined): string[] => {
    const builder = new StreamsBuilder();
    const grouped = builder.stream("in", text)
      .groupBy((_key, value) => value, { ...text, ...(name === undefined ? {} : { name }) });
    grouped.count({ value: int64Serde(), name: "counted" });
    grouped.reduce((a, b) => a + b, { value: stringSerde(), name: "reduced" });
    const topology = builder.build();
    assertEquals(topology.subtopologies().length, 1 + topology.repartitionTopics.size);
    return [...topology.repartitionTopics.keys()];
  };
  assertEquals(of("together"), ["together-repartition"]);
  assertEquals(of(undefined), ["counted-repartition", "reduced-repartition"]);
});

Deno.test("what is repartitioned keeps the order of times across topics as Kafka Streams' driver does", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text)
    .flatMap((key, value) => [...value].map((letter) => [letter, key] as const))
    .repartition({ ...text, name: "letters" }).to("out", text);
  const driver = await TopologyTestDriver.create(builder.build());
  driver.pipe("in", "1", "abc", 1);
  assertEquals(driver.read<string, string>("out").map(({ key }) => key), ["a", "b", "c"]);
});

Deno.test("partitions: given, else those of the largest source before, made equal where joined", () => {
  const builder = new StreamsBuilder();
  const small = builder.stream("small", text);
  const moved = builder.stream("large", text).selectKey((_key, value) => value);
  moved.repartition({ ...text, name: "given", partitions: 7 }).selectKey((key) => key)
    .repartition({ ...text, name: "after" });
  moved.join(small, (a, b) => a + b, windows, joined).to("out", text);
  const known: Record<string, number> = { small: 3, large: 6, out: 1 };
  const found = partitionCounts(builder.build(), (topic) => known[topic]!);
  assertEquals(found.get("given-repartition"), 7);
  assertEquals(found.get("after-repartition"), 7);
  assertEquals(found.get("KSTREAM-KEY-SELECT-0000000002-repartition"), 3);
});

Deno.test("joined repartition topics take the larger number; given ones that differ are refused by name", () => {
  const topology = (partitions?: number) => {
    const builder = new StreamsBuilder();
    const left = builder.stream("left", text).repartition({
      ...text,
      name: "l",
      ...(partitions ? { partitions } : {}),
    });
    const right = builder.stream("right", text).repartition({ ...text, name: "r" });
    left.join(right, (a, b) => a + b, windows, joined);
    return builder;
  };
  const known: Record<string, number> = { left: 2, right: 5 };
  const count = (builder: StreamsBuilder) => partitionCounts(builder.build(), (topic) => known[topic]!);
  assertEquals(count(topology()).get("l-repartition"), 5);
  assertEquals(count(topology(3)).get("r-repartition"), 3);
  const builder = topology(3);
  builder.stream("third", text).repartition({ ...text, name: "t", partitions: 4 })
    .join(
      builder.stream("fourth", text).repartition({ ...text, name: "f", partitions: 2 }),
      (a, b) => a + b,
      windows,
      joined,
    );
  assertThrows(
    () => count(builder),
    TopologyError,
    "f-repartition with 2 partitions, t-repartition with 4 partitions; joined topics need the same number",
  );
});

Deno.test("repartitions that can't be are refused by name", () => {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text);
  stream.repartition({ ...text, name: "twice" });
  assertThrows(
    () => stream.repartition({ ...text, name: "twice" }),
    TopologyError,
    "Cannot add repartition topic twice-repartition: received a name that is used twice",
  );
  assertThrows(
    () => stream.repartition({ ...text, name: "none", partitions: 0 }),
    TopologyError,
    "received 0 partitions",
  );
  assertThrows(
    () => stream.selectKey((key) => key).repartition({ ...text, name: "round" }).to("in", text),
    TopologyError,
    "received topic in, which it reads itself",
  );
});
