import { assert, assertEquals } from "@std/assert";
import { int64Serde, stringSerde } from "../../../../src/serde/mod.ts";
import { StreamsBuilder, type Topology } from "../../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../../src/engine/testing/mod.ts";
import { seededRandom } from "../../../support/seeded_random.ts";

const text = { key: stringSerde(), value: stringSerde() };
const counts = { key: stringSerde(), value: int64Serde() };
/**
 * The size of an entry with a key of one byte, a count and a record of the topic `in`, as Kafka Streams estimates it: three references
 * (24), key (1), value with timestamp (16), flag (1), time (8), offset (8), partition (4), topic (2).
 */
const ENTRY = 64;

function countTopology(): Topology {
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).count({ name: "counts", value: int64Serde() })
    .toStream().to("out", counts);
  return builder.build();
}

/** What came out since the last call: `key value@time`. */
function out(driver: TopologyTestDriver): string[] {
  return driver.read<string, number>("out").map(({ key, value, timestamp }) =>
    `${key} ${value}@${timestamp}`
  );
}

Deno.test("a cache sends a key's last change on at a commit, in the order of the last changes", async () => {
  const driver = await TopologyTestDriver.create(countTopology(), { cacheMaxBytes: 10_000 });
  for (const [i, key] of ["a", "b", "a", "c"].entries()) driver.pipe("in", key, "x", i + 1);
  assertEquals(out(driver), []);
  assertEquals(driver.store<string, number>("counts").get("a"), 2);
  driver.commit();
  assertEquals(out(driver), ["b 1@2", "a 2@3", "c 1@4"]);
  assertEquals(driver.countOf("test-counts-changelog"), 3);
  driver.commit();
  assertEquals(out(driver), []);
  driver.pipe("in", "b", "x", 1);
  driver.commit();
  // Later by arrival, earlier by time: an aggregate's time is its latest record's.
  assertEquals(out(driver), ["b 2@2"]);
  driver.close();
});

Deno.test("what leaves a full cache takes all but the last change along; what is clean leaves silently", async () => {
  const driver = await TopologyTestDriver.create(countTopology(), { cacheMaxBytes: 2 * ENTRY });
  driver.pipe("in", "a", "x", 1);
  driver.pipe("in", "b", "x", 2);
  assertEquals(out(driver), []);
  driver.pipe("in", "c", "x", 3);
  assertEquals(out(driver), ["a 1@1", "b 1@2"]);
  // b is clean, and makes room for d; then c and d are changed.
  driver.pipe("in", "d", "x", 4);
  assertEquals(out(driver), []);
  driver.pipe("in", "e", "x", 5);
  assertEquals(out(driver), ["c 1@3", "d 1@4"]);
  driver.pipe("in", "f", "x", 6);
  assertEquals(out(driver), []);
  driver.pipe("in", "a", "x", 7);
  assertEquals(out(driver), ["e 1@5", "f 1@6"]);
  driver.commit();
  assertEquals(out(driver), ["a 2@7"]);
  driver.close();
});

Deno.test("an entry larger than the whole cache goes out at once", async () => {
  const driver = await TopologyTestDriver.create(countTopology(), { cacheMaxBytes: ENTRY - 1 });
  driver.pipe("in", "a", "x", 1);
  driver.pipe("in", "a", "x", 2);
  assertEquals(out(driver), ["a 1@1", "a 2@2"]);
  driver.close();
});

Deno.test("a key that comes and goes between two commits is never seen, one that goes is removed", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).reduce((_old, value) => value === "-" ? null : value, {
    name: "last",
    value: text.value,
  }).toStream().to("out", text);
  const driver = await TopologyTestDriver.create(builder.build(), { cacheMaxBytes: 10_000 });
  driver.pipe("in", "short", "x", 1);
  driver.pipe("in", "short", "-", 2);
  driver.pipe("in", "long", "x", 3);
  driver.commit();
  driver.pipe("in", "long", "-", 4);
  assertEquals(driver.store("last").get("long"), null);
  driver.commit();
  assertEquals(
    driver.read<string, string>("out").map(({ key, value, timestamp }) => [key, value, timestamp]),
    [["long", "x", 3], ["long", null, 4]],
  );
  assertEquals(driver.store("last").entries(), []);
  driver.close();
});

Deno.test("what follows gets the value before the last flush, and the headers of the record that made the change", async () => {
  const builder = new StreamsBuilder();
  builder.stream("in", text).groupByKey(text).count({ name: "counts", value: int64Serde() })
    .groupBy((_key, count) => ["all", count], { key: text.key, value: int64Serde() })
    .reduce((sum, count) => sum + count, (sum, count) => sum - count, { name: "sum", value: int64Serde() })
    .toStream().to("out", counts);
  const driver = await TopologyTestDriver.create(builder.build(), { cacheMaxBytes: 10_000 });
  for (let commit = 1; commit <= 3; commit++) {
    for (const key of ["a", "b", "a", "a", "c"]) {
      driver.pipe("in", key, "x", commit, [{ key: "trace", value: Uint8Array.of(commit) }]);
    }
    driver.commit();
    driver.commit();
    const last = driver.read<string, number>("out").at(-1)!;
    // Right only when each count that is taken off is the one that was added before.
    assertEquals([last.value, last.headers[0]?.value?.[0]], [commit * 5, commit]);
  }
  driver.close();
});

Deno.test("a cache of any size ends with the same values and changelog as none", async () => {
  const { below } = seededRandom();
  const cached = await TopologyTestDriver.create(countTopology(), { cacheMaxBytes: below(3_000) + 1 });
  const plain = await TopologyTestDriver.create(countTopology());
  const last = { cached: new Map<string, string>(), plain: new Map<string, string>() };
  let fewer = 0;
  for (let step = 0; step < 3_000; step++) {
    const record = ["in", `k${below(60)}`, "x", below(1_000)] as const;
    cached.pipe(...record);
    plain.pipe(...record);
    if (below(100) === 0 || step === 2_999) cached.commit();
    for (const { key, value, timestamp } of cached.read<string, number>("out")) {
      last.cached.set(key, `${value}@${timestamp}`);
      fewer++;
    }
    for (const { key, value, timestamp } of plain.read<string, number>("out")) {
      last.plain.set(key, `${value}@${timestamp}`);
      fewer--;
    }
  }
  assertEquals(last.cached, last.plain);
  assert(fewer <= 0);
  const sorted = (driver: TopologyTestDriver) =>
    driver.store<string, number>("counts").entries().sort((a, b) => a.key < b.key ? -1 : 1);
  assertEquals(sorted(cached), sorted(plain));
  cached.close();
  plain.close();
});

Deno.test("a key that is used again stays, one that was used longer ago leaves", async () => {
  const driver = await TopologyTestDriver.create(countTopology(), { cacheMaxBytes: 3 * ENTRY });
  for (const [i, key] of ["a", "b", "c"].entries()) driver.pipe("in", key, "x", i + 1);
  driver.commit();
  out(driver);
  driver.pipe("in", "a", "x", 4);
  // b is the one that was used longest ago: it leaves, clean, and a's change stays held back.
  driver.pipe("in", "d", "x", 5);
  assertEquals(out(driver), []);
  driver.pipe("in", "b", "x", 6);
  assertEquals(out(driver), []);
  // Now a is: reading c takes its place, and with it goes all that is changed by then.
  driver.pipe("in", "c", "x", 7);
  assertEquals(out(driver), ["a 2@4", "d 1@5", "b 2@6"]);
  driver.commit();
  assertEquals(out(driver), ["c 2@7"]);
  driver.close();
});

Deno.test("what is clean in another cache leaves before a change has to be sent on", async () => {
  const builder = new StreamsBuilder();
  for (const name of ["in", "on"]) {
    builder.stream(name, text).groupByKey(text).count({ name: `${name}-counts`, value: int64Serde() })
      .toStream().to("out", counts);
  }
  const driver = await TopologyTestDriver.create(builder.build(), { cacheMaxBytes: 3 * ENTRY });
  for (const key of ["a", "b", "c"]) driver.pipe("in", key, "x", 1);
  driver.commit();
  out(driver);
  // The first cache holds all that there is, unchanged.
  for (const key of ["d", "e", "f"]) driver.pipe("on", key, "x", 2);
  assertEquals(out(driver), []);
  driver.pipe("in", "a", "x", 3);
  // Now all is changed: this cache has nothing to give but its own.
  assertEquals(out(driver), ["a 2@3"]);
  driver.pipe("on", "g", "x", 4);
  assertEquals(out(driver), ["d 1@2", "e 1@2", "f 1@2"]);
  driver.close();
});
