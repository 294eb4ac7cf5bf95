import { assertEquals } from "@std/assert";
import { type KTable, type Materialized, StreamsBuilder } from "../../../src/engine/mod.ts";
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";

const text = { key: stringSerde(), value: stringSerde() };

/** The name of a count's store behind a source. */
function storeOf(settings?: Partial<Materialized<string, number>>): KTable<string, number>["storeName"] {
  return new StreamsBuilder().stream("in", text).groupByKey(text).count(settings).storeName;
}

Deno.test("a count without settings uses up one number less, as in Kafka Streams", () => {
  assertEquals(storeOf(), "KSTREAM-AGGREGATE-STATE-STORE-0000000001");
  assertEquals(storeOf({ value: int64Serde() }), "KSTREAM-AGGREGATE-STATE-STORE-0000000002");
});
