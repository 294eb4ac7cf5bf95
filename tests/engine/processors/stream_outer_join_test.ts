import { assertEquals, assertThrows } from "@std/assert";
import { EncodeBuffer, stringSerde } from "../../../src/serde/mod.ts";
import { EngineStats, JoinWindows, StreamsBuilder } from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";
import { TaskContext } from "../../../src/engine/task/task_context.ts";
import { ChangelogWriter } from "../../../src/engine/state/changelog.ts";
import { OuterJoinStore } from "../../../src/engine/state/typed/outer_join_store.ts";
import { CapturingProducer } from "../../../src/engine/testing/capturing_producer.ts";
import { RecordSet } from "../../../src/kafka/port/record_set.ts";

const text = { key: stringSerde(), value: stringSerde() };
const joined = { ...text, otherValue: stringSerde() };
const both = (left: string | null, right: string | null, key: string): string => `${key}:${left}+${right}`;

async function driverOf(
  kind: "leftJoin" | "outerJoin",
  windows: JoinWindows,
  outerJoinIntervalMs?: number,
): Promise<TopologyTestDriver> {
  const builder = new StreamsBuilder();
  builder.stream("left", text)[kind](builder.stream("right", text), both, windows, joined).to("out", text);
  return await TopologyTestDriver.create(
    builder.build(),
    outerJoinIntervalMs === undefined ? {} : { outerJoinIntervalMs },
  );
}

function outputs(driver: TopologyTestDriver): [string, number][] {
  return driver.read<string, string>("out").map(({ value, timestamp }) => [value, timestamp]);
}

const windows = JoinWindows.ofTimeDifferenceAndGrace(10, 5);

Deno.test("what finds no partner goes on alone when its window has closed, at most once a second", async () => {
  const driver = await driverOf("outerJoin", windows, 1000);
  driver.pipe("left", "a", "l1", 100);
  driver.pipe("right", "b", "r1", 100);
  driver.pipe("left", "b", "l2", 101);
  driver.pipe("right", "c", "r2", 102);
  assertEquals(outputs(driver), [["b:l2+r1", 101]]);
  // The windows of a and c have closed, but the first record was a look within this second.
  driver.pipe("left", "z", "z", 200);
  assertEquals(outputs(driver), []);
  driver.advanceTime(1000);
  driver.pipe("left", "z", "z", 200);
  assertEquals(outputs(driver), [["a:l1+null", 100], ["c:null+r2", 102]]);
  driver.advanceTime(1000);
  driver.pipe("left", "z", "z", 215);
  assertEquals(outputs(driver), []);
  driver.pipe("left", "y", "y", 216);
  assertEquals(outputs(driver), [["z:z+null", 200], ["z:z+null", 200]]);
});

Deno.test("the test driver looks for records without a partner each time unless it is told otherwise", async () => {
  const driver = await driverOf("outerJoin", windows);
  driver.pipe("left", "a", "l", 100);
  driver.pipe("right", "b", "r", 116);
  assertEquals(outputs(driver), [["a:l+null", 100]]);
  driver.pipe("left", "c", "l", 132);
  assertEquals(outputs(driver), [["b:null+r", 116]]);
});

Deno.test("a left join keeps quiet about the right side; what is too late goes on at once", async () => {
  const driver = await driverOf("leftJoin", windows);
  driver.pipe("right", "a", "r", 100);
  driver.pipe("left", "b", "late", 80);
  driver.pipe("left", null, "no key", 90);
  driver.pipe("left", "c", null, 100);
  driver.pipe("right", null, "no key", 100);
  assertEquals(outputs(driver), [["b:late+null", 80], ["null:no key+null", 90]]);
  assertEquals([driver.stats.dropped.null_key, driver.stats.dropped.null_value], [1, 1]);
  driver.advanceTime(1000);
  driver.pipe("left", "z", "z", 300);
  assertEquals(outputs(driver), []);
});

function store(): { store: OuterJoinStore<string, string, string>; producer: CapturingProducer } {
  const stats = new EngineStats();
  const context = new TaskContext("0_0", 0, stats, () => 0);
  const producer = new CapturingProducer();
  context.producer = producer;
  const changelog = new ChangelogWriter("changelog", context);
  return { store: new OuterJoinStore({ name: "store", ...text, context, changelog }, text.value), producer };
}

function contents(of: OuterJoinStore<string, string, string>): [number, boolean, string, string[]][] {
  return of.entries().filter(({ removed }) => !removed).map((entry) => [
    entry.timestamp,
    entry.left,
    of.keyOf(entry),
    entry.values.map((value) => of.leftValue(value)),
  ]);
}

/** The records of a changelog as they are read back. */
function recordSet(records: readonly { key: Uint8Array | null; value: Uint8Array | null }[]): RecordSet {
  const count = records.length;
  const parts: number[] = [];
  const arrays = Array.from({ length: 5 }, () => new Int32Array(count));
  const [keyStart, keyEnd, valueStart, valueEnd, headersStart] = arrays as [
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  for (const [i, { key, value }] of records.entries()) {
    keyStart[i] = key === null ? -1 : parts.length;
    parts.push(...key ?? []);
    keyEnd[i] = parts.length;
    valueStart[i] = value === null ? -1 : parts.length;
    parts.push(...value ?? []);
    valueEnd[i] = headersStart[i] = parts.length;
    parts.push(0);
  }
  return new RecordSet({
    topic: "changelog",
    partition: 0,
    count,
    bytes: Uint8Array.from(parts),
    offsets: Float64Array.from(records, (_, i) => i),
    timestamps: new Float64Array(count),
    keyStart,
    keyEnd,
    valueStart,
    valueEnd,
    headersStart,
    nextOffset: count,
    endOffset: count,
    startOffset: 0,
  });
}

Deno.test("the store keeps its order and comes back from its changelog", () => {
  const { store: first, producer } = store();
  first.putLeft("b", 2 ** 33, "late");
  first.putLeft("b", 5, "1");
  first.putRight("b", 5, "2");
  first.putLeft("a", 5, "3");
  first.putLeft("a", 5, "4");
  first.putLeft("gone", 1, "5");
  first.remove("gone", 1, true);
  first.remove("never", 1, true);
  const expected: ReturnType<typeof contents> = [
    [5, false, "b", ["2"]],
    [5, true, "a", ["3", "4"]],
    [5, true, "b", ["1"]],
    [2 ** 33, true, "b", ["late"]],
  ];
  assertEquals(contents(first), expected);
  const records = producer.take("changelog");
  assertEquals(records.length, 7);
  // Time, side and key; then a list of one value.
  assertEquals([...records[1]!.key!], [0, 0, 0, 0, 0, 0, 0, 5, 1, 98]);
  assertEquals([...records[1]!.value!], [1, 0, 0, 0, 1, 0, 0, 0, 2, 1, 49]);
  const { store: second } = store();
  second.restore(recordSet(records));
  assertEquals(contents(second), expected);
  assertEquals([second.size, second.bytes], [first.size, first.bytes]);
});

Deno.test("a changelog of another format is refused by its place", () => {
  const encoded = new EncodeBuffer();
  const end = encoded.encode(text.key, "a key long enough", 0);
  const key = encoded.bytes.slice(0, end);
  for (const record of [{ key: new Uint8Array(3), value: null }, { key, value: new Uint8Array([9, 9]) }]) {
    assertThrows(
      () => store().store.restore(recordSet([record])),
      Error,
      "Cannot restore store store: received a record of another format at offset 0 of changelog-0",
    );
  }
});

Deno.test("many records are kept in order and forgotten again", () => {
  const { store: kept } = store();
  let seed = 7;
  const random = (): number => (seed = (seed * 48271) % 0x7fffffff) / 0x7fffffff;
  const model = new Map<string, [number, boolean, string]>();
  for (let step = 0; step < 3000; step++) {
    const [time, left, key] = [
      Math.floor(random() * 200) + step,
      random() < 0.5,
      `k${Math.floor(random() * 5)}`,
    ];
    if (left) kept.putLeft(key, time, "v");
    else kept.putRight(key, time, "v");
    model.set(`${time} ${left} ${key}`, [time, left, key]);
    const [id, oldest] = [...model][Math.floor(random() * Math.min(model.size, 30))]!;
    if (random() < 0.95) {
      model.delete(id);
      kept.remove(oldest[2], oldest[0], oldest[1]);
    }
  }
  const expected = [...model.values()].sort((a, b) =>
    a[0] - b[0] || Number(a[1]) - Number(b[1]) || (a[2] < b[2] ? -1 : 1)
  );
  assertEquals(contents(kept).map(([time, left, key]) => [time, left, key]), expected);
  assertEquals(kept.size, model.size);
});
