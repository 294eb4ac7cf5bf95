import { assertEquals, assertThrows } from "@std/assert";
import { EncodeBuffer, int64Serde, jsonSerde, stringSerde } from "../../../src/serde/mod.ts";
import {
  type KGroupedStream,
  type KTable,
  sessionWindowedSerde,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  TimeWindows,
  TopologyError,
  untilTimeLimit,
  untilWindowCloses,
  Windowed,
  windowedSerde,
} from "../../../src/engine/mod.ts";
import { TopologyTestDriver } from "../../../src/engine/testing/mod.ts";
import type { Serde } from "../../../src/serde/mod.ts";
import { seededRandom } from "../../support/seeded_random.ts";

const text = { key: stringSerde(), value: stringSerde() };
const SIZE_MS = 10;

type Row = [window: string, value: unknown, timestamp: number];

/** A driver of one table of the stream "in"; rows give the windows as `key@start/end`. */
async function tableDriver<A>(
  make: (grouped: KGroupedStream<string, string>) => KTable<Windowed<string>, A>,
  value: Serde<A>,
  key: Serde<Windowed<string>> = windowedSerde(stringSerde(), SIZE_MS),
): Promise<{ driver: TopologyTestDriver; pipe: (key: string | null, value: string, time: number) => Row[] }> {
  const builder = new StreamsBuilder();
  make(builder.stream("in", text).groupByKey(text)).toStream().to("out", { key, value });
  const driver = await TopologyTestDriver.create(builder.build());
  return {
    driver,
    pipe(key, value, time) {
      driver.pipe("in", key, value, time);
      return driver.read<Windowed<string>, A>("out").map((record) => [
        `${record.key.key}@${record.key.startMs}/${record.key.endMs}`,
        record.value,
        record.timestamp,
      ]);
    },
  };
}

const joined = (aggregate: string, value: string): string => aggregate + value;

Deno.test("tumbling windows count until they and their grace are over", async () => {
  const { driver, pipe } = await tableDriver(
    (grouped) =>
      grouped.windowedBy(TimeWindows.ofSizeAndGrace(10, 5)).count({ value: int64Serde(), name: "counts" }),
    int64Serde(),
  );
  assertEquals(pipe("a", "x", 9), [["a@0/10", 1, 9]]);
  assertEquals(pipe("a", "x", 3), [["a@0/10", 2, 9]]);
  assertEquals(pipe("b", "x", 14), [["b@10/20", 1, 14]]);
  assertEquals(pipe("a", "x", 9), [["a@0/10", 3, 9]]);
  assertEquals(pipe("b", "x", 15), [["b@10/20", 2, 15]]);
  assertEquals(pipe("a", "x", 9), []);
  assertEquals(pipe(null, "x", 16), []);
  assertEquals([driver.stats.dropped.late, driver.stats.dropped.null_key], [1, 1]);
  assertEquals(driver.countOf("test-counts-changelog"), 5);
});

Deno.test("hopping windows go out in the order of their starts; the closed ones among them are late", async () => {
  const { driver, pipe } = await tableDriver(
    (grouped) => grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(10).advanceBy(3)).reduce(joined),
    stringSerde(),
  );
  assertEquals(pipe("a", "x", 2), [["a@0/10", "x", 2]]);
  assertEquals(pipe("a", "y", 9), [["a@0/10", "xy", 9], ["a@3/13", "y", 9], ["a@6/16", "y", 9], [
    "a@9/19",
    "y",
    9,
  ]]);
  pipe("b", "z", 13);
  assertEquals(pipe("a", "w", 9), [["a@6/16", "yw", 9], ["a@9/19", "yw", 9]]);
  assertEquals(driver.stats.dropped.late, 2);
});

Deno.test("an aggregate may be changed in place, and removed by null", async () => {
  const lists = jsonSerde<string[]>();
  const { pipe } = await tableDriver(
    (grouped) =>
      grouped.windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(SIZE_MS, 100))
        .aggregate((): string[] => [], (_key, value, list) => {
          if (value === "remove") return null;
          list.push(value);
          return list;
        }, { value: lists }),
    lists,
  );
  pipe("a", "1", 100);
  pipe("a", "3", 104);
  // In the middle: what comes after it must not be in its own window, nor it in the window after it.
  assertEquals(pipe("a", "2", 102), [
    ["a@101/111", ["3", "2"], 104],
    ["a@94/104", ["1", "3", "2"], 104],
    ["a@92/102", ["1", "2"], 102],
    ["a@103/113", ["3"], 104],
  ]);
  assertEquals(pipe("a", "remove", 200), [["a@190/200", null, 200]]);
});

Deno.test("a record between two sessions makes them one", async () => {
  const { driver, pipe } = await tableDriver(
    (grouped) => grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(5, 10)).reduce(joined),
    stringSerde(),
    sessionWindowedSerde(stringSerde()),
  );
  assertEquals(pipe("a", "1", 10), [["a@10/10", "1", 10]]);
  assertEquals(pipe("a", "2", 20), [["a@20/20", "2", 20]]);
  assertEquals(pipe("a", "3", 10), [["a@10/10", "13", 10]]);
  assertEquals(pipe("a", "4", 15), [["a@10/10", null, 10], ["a@20/20", null, 20], ["a@10/20", "1324", 20]]);
  assertEquals(pipe("a", "5", 12), [["a@10/20", null, 20], ["a@10/20", "13245", 20]]);
  assertEquals(pipe("b", "6", 36), [["b@36/36", "6", 36]]);
  assertEquals(pipe("a", "late", 14), []);
  assertEquals(driver.stats.dropped.late, 1);
});

Deno.test("a suppressed window goes out once, when stream time has passed its end and grace", async () => {
  const { pipe } = await tableDriver(
    (grouped) =>
      grouped.windowedBy(TimeWindows.ofSizeAndGrace(10, 5)).count({ value: int64Serde() }).suppress(
        untilWindowCloses(),
      ),
    int64Serde(),
  );
  assertEquals(pipe("b", "x", 1), []);
  assertEquals(pipe("a", "x", 2), []);
  assertEquals(pipe("b", "x", 14), []);
  assertEquals(pipe("b", "x", 3), []);
  assertEquals(pipe("c", "x", 15), [["a@0/10", 1, 2], ["b@0/10", 2, 3]]);
  assertEquals(pipe("c", "x", 40), [["b@10/20", 1, 14], ["c@10/20", 1, 15]]);
});

Deno.test("a suppression that may hold no more fails, or lets the first go early", async () => {
  const windows = TimeWindows.ofSizeAndGrace(10, 5);
  const strict = await tableDriver(
    (grouped) => grouped.windowedBy(windows).count().suppress(untilWindowCloses({ maxRecords: 1 })),
    int64Serde(),
  );
  strict.pipe("a", "x", 1);
  assertThrows(
    () => strict.pipe("b", "x", 2),
    Error,
    "with this one 2 records (at most 1) and 110 bytes (no limit)",
  );
  const eager = await tableDriver(
    (grouped) => grouped.windowedBy(windows).count().suppress(untilTimeLimit(100, { maxRecords: 1 })),
    int64Serde(),
  );
  eager.pipe("b", "x", 1);
  assertEquals(eager.pipe("a", "x", 2), [["b@0/10", 1, 1]]);
  assertEquals(eager.pipe("c", "x", 102), [["a@0/10", 1, 2]]);
});

Deno.test("windows that can't be are refused", () => {
  const grouped = (): KGroupedStream<string, string> =>
    new StreamsBuilder().stream("in", text).groupByKey(text);
  assertThrows(() => TimeWindows.ofSizeAndGrace(0, 0), RangeError, "received a size of 0 ms");
  assertThrows(() => TimeWindows.ofSizeAndGrace(10, -1), RangeError, "received a grace of -1 ms");
  assertThrows(
    () => TimeWindows.ofSizeAndGrace(10, 0).advanceBy(11),
    RangeError,
    "received an advance of 11 ms",
  );
  assertThrows(() => SlidingWindows.ofTimeDifferenceWithNoGrace(-1), RangeError, "time difference of -1 ms");
  assertThrows(() => SessionWindows.ofInactivityGapWithNoGrace(0), RangeError, "received a gap of 0 ms");
  assertThrows(() => untilTimeLimit(-1), RangeError, "received -1 ms");
  assertThrows(
    () =>
      grouped().windowedBy(TimeWindows.ofSizeAndGrace(10, 5)).count({
        value: int64Serde(),
        name: "counts",
        retentionMs: 14,
      }),
    TopologyError,
    "Cannot add store counts: received a retention of 14 ms; its windows take records for 15 ms",
  );
  assertThrows(
    () => grouped().count({ value: int64Serde() }).suppress(untilWindowCloses()),
    TopologyError,
    "received a table that is not windowed, KSTREAM-AGGREGATE-0000000003",
  );
  assertThrows(
    () => grouped().count({ value: int64Serde() }).mapValues(String).suppress(untilTimeLimit(1)),
    TopologyError,
    "whose serdes are not known",
  );
});

Deno.test("windowed keys have the bytes of Kafka Streams'", () => {
  const buffer = new EncodeBuffer(4);
  const bytes = (serde: Serde<Windowed<string>>, key: Windowed<string>): number[] => {
    const end = buffer.encode(serde, key, 1);
    assertEquals(serde.decode(buffer.bytes, 1, end), key);
    return [...buffer.bytes.slice(1, end)];
  };
  const start = 0x0123_4567_89ab;
  const startBytes = [0, 0, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab];
  assertEquals(bytes(windowedSerde(stringSerde(), 10), new Windowed("ab", start, start + 10)), [
    97,
    98,
    ...startBytes,
  ]);
  assertEquals(bytes(sessionWindowedSerde(stringSerde()), new Windowed("é", start, start + 1)), [
    0xc3,
    0xa9,
    ...startBytes.slice(0, 7),
    0xac,
    ...startBytes,
  ]);
  assertThrows(
    () => windowedSerde(stringSerde(), 10).decode(new Uint8Array(7), 0, 7),
    Error,
    "received 7 bytes; its times alone have 8",
  );
});

/** Records in no order, none of them late. */
function randomRecords(
  below: (count: number) => number,
  count: number,
): { key: string; time: number; value: string }[] {
  const base = below(2) === 0 ? 0 : 1_000;
  return Array.from({ length: count }, (_, i) => ({
    key: "ab"[below(2)]!,
    time: base + below(120),
    value: `${i};`,
  }));
}

Deno.test("without late records, each window's last result has all of its records", async () => {
  const { below } = seededRandom();
  for (let round = 0; round < 40; round++) {
    const records = randomRecords(below, 1 + below(40));
    const advance = 1 + below(SIZE_MS);
    const hopping = await tableDriver(
      (grouped) =>
        grouped.windowedBy(TimeWindows.ofSizeAndGrace(SIZE_MS, 10_000).advanceBy(advance)).reduce(joined),
      stringSerde(),
    );
    const sliding = await tableDriver(
      (grouped) =>
        grouped.windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(SIZE_MS, 10_000)).reduce(joined),
      stringSerde(),
    );
    const last = { hopping: new Map<string, string>(), sliding: new Map<string, string>() };
    for (const { key, value, time } of records) {
      for (const [window, all] of hopping.pipe(key, value, time)) {
        last.hopping.set(window, sorted(all as string));
      }
      for (const [window, all] of sliding.pipe(key, value, time)) {
        last.sliding.set(window, sorted(all as string));
      }
    }
    const within = (key: string, from: number, to: number): string =>
      sorted(
        records.filter((each) => each.key === key && each.time >= from && each.time <= to).map(({ value }) =>
          value
        ).join(""),
      );
    const hops = new Map<string, string>();
    const slides = new Map<string, string>();
    for (const { key, time } of records) {
      for (let start = 0; start <= time; start += advance) {
        const window = `${key}@${start}/${start + SIZE_MS}`;
        if (start + SIZE_MS > time) hops.set(window, within(key, start, start + SIZE_MS - 1));
      }
      const left = Math.max(0, time - SIZE_MS);
      slides.set(`${key}@${left}/${left + SIZE_MS}`, within(key, left, left + SIZE_MS));
      const right = within(key, time + 1, time + 1 + SIZE_MS);
      if (right !== "") slides.set(`${key}@${time + 1}/${time + 1 + SIZE_MS}`, right);
    }
    assertEquals(new Map([...last.hopping].sort()), new Map([...hops].sort()));
    assertEquals(new Map([...last.sliding].sort()), new Map([...slides].sort()));
  }
});

Deno.test("without late records, the sessions that are left are the runs without a gap", async () => {
  const { below } = seededRandom();
  for (let round = 0; round < 40; round++) {
    const records = randomRecords(below, 1 + below(25));
    const gap = 1 + below(12);
    const { pipe } = await tableDriver(
      (grouped) => grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(gap, 10_000)).reduce(joined),
      stringSerde(),
      sessionWindowedSerde(stringSerde()),
    );
    const left = new Map<string, string>();
    for (const { key, value, time } of records) {
      for (const [window, all] of pipe(key, value, time)) {
        if (all === null) left.delete(window);
        else left.set(window, sorted(all as string));
      }
    }
    const expected = new Map<string, string>();
    for (const key of ["a", "b"]) {
      let run: typeof records = [];
      const end = (): void => {
        if (run.length > 0) {
          expected.set(
            `${key}@${run[0]!.time}/${run.at(-1)!.time}`,
            sorted(run.map(({ value }) => value).join("")),
          );
        }
        run = [];
      };
      for (const each of records.filter((record) => record.key === key).sort((a, b) => a.time - b.time)) {
        if (run.length > 0 && each.time - run.at(-1)!.time > gap) end();
        run.push(each);
      }
      end();
    }
    assertEquals(new Map([...left].sort()), new Map([...expected].sort()));
  }
});

function sorted(all: string): string {
  return all.split(";").sort().join(";");
}
