import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { StreamsBuilder, TopologyError } from "../../../src/engine/mod.ts";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";

const text = { key: stringSerde(), value: stringSerde() };

Deno.test("parts that share nothing are subtopologies of their own", () => {
  const builder = new StreamsBuilder();
  builder.stream("a", text).to("a-out", text);
  builder.stream("b", text).groupByKey(text).count({ value: int64Serde(), name: "counts" }).toStream();
  const [first, second] = builder.build().subtopologies();
  assertEquals(first!.sourceTopics, ["a"]);
  assertEquals(first!.sinkTopics, ["a-out"]);
  assertEquals(second!.sourceTopics, ["b"]);
  assertEquals(second!.stores, ["counts"]);
});

Deno.test("a topology that can't run is refused, naming what is wrong", () => {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text);
  assertThrows(() => stream.to("in", text), TopologyError, "received topic in, which it reads itself");
  assertThrows(
    () => builder.stream("in", text),
    TopologyError,
    "received topic in, which source KSTREAM-SOURCE-0000000000 reads already",
  );
  const grouped = stream.groupByKey(text);
  grouped.count({ value: int64Serde(), name: "counts" });
  assertThrows(
    () => grouped.count({ value: int64Serde(), name: "counts" }),
    TopologyError,
    "a name that is used twice",
  );
  assertThrows(
    () => grouped.count({ value: int64Serde(), name: "short", retentionMs: 0 }),
    TopologyError,
    "received retention 0 ms",
  );
});

Deno.test("names that no topic can have are refused where they are given", () => {
  const builder = new StreamsBuilder();
  const stream = builder.stream("in", text);
  const grouped = stream.groupByKey(text);
  const refused = (what: () => unknown): string => assertThrows(what, TopologyError).message;
  assertEquals(
    refused(() => grouped.count({ name: "counts by day" })),
    'Cannot add a store: received the name "counts by day"; names of topics, and what they are made of, have ' +
      'at most 249 letters, digits, ".", "_" and "-"',
  );
  assertStringIncludes(refused(() => builder.stream("in/2", text)), 'received the name "in/2"');
  assertStringIncludes(refused(() => stream.to("größen", text)), 'received the name "größen"');
  assertStringIncludes(refused(() => stream.to("o".repeat(250), text)), 'received the name "ooo');
  assertStringIncludes(refused(() => stream.to("..", text)), 'received the name ".."');
  assertStringIncludes(refused(() => stream.repartition({ ...text, name: "a b" })), '"a b-repartition"');
});
