import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import {
  type KGroupedStream,
  type KTable,
  sessionWindowedSerde,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  TimeWindows,
  untilTimeLimit,
  untilWindowCloses,
  type Windowed,
  windowedSerde,
} from "../../../src/engine/mod.ts";
import { printable, type ReferenceTopologies, type ReferenceTopology, text } from "../plan.ts";

const counts = { value: int64Serde() };
const texts = { value: stringSerde() };

const tumbling = TimeWindows.ofSizeAndGrace(10, 5);
const hopping = TimeWindows.ofSizeAndGrace(20, 8).advanceBy(7);
const sliding = SlidingWindows.ofTimeDifferenceAndGrace(10, 6);
const gap = SessionWindows.ofInactivityGapAndGrace(8, 6);

const gather = (key: string, value: string | null, aggregate: string): string | null =>
  value !== null && value.startsWith("c") ? null : aggregate + key + value;

const join = (aggregate: string, value: string | null): string | null =>
  value !== null && value.startsWith("d") ? null : `${aggregate},${value}`;

/** A topology that makes a table of the grouped stream "in". */
function table<K, A>(
  spansMs: readonly number[],
  make: (grouped: KGroupedStream<string, string>) => KTable<K, A>,
  produced = printable,
): ReferenceTopology {
  return {
    topics: ["in"],
    spansMs,
    build() {
      const builder = new StreamsBuilder();
      make(builder.stream("in", text).groupByKey(text)).toStream().to("out", produced);
      return builder.build();
    },
  };
}

const timeWindows: ReferenceTopologies = {
  "tumbling-generated-names": table([10, 5], (grouped) => grouped.windowedBy(tumbling).count(), {
    key: windowedSerde(stringSerde(), 10),
    value: int64Serde(),
  }),
  "tumbling-removing": table(
    [10],
    (grouped) => grouped.windowedBy(TimeWindows.ofSizeWithNoGrace(10)).reduce(join, texts),
  ),
  "hopping-null-values": table(
    [20, 7, 8],
    (grouped) => grouped.windowedBy(hopping).aggregate(() => "", gather, texts),
  ),
  "hopping-retention": table(
    [10, 30, 100],
    (grouped) =>
      grouped.windowedBy(TimeWindows.ofSizeAndGrace(10, 30).advanceBy(1))
        .count({ ...counts, name: "counts", retentionMs: 100 }),
  ),
};

const slidingWindows: ReferenceTopologies = {
  "sliding-no-grace": table(
    [5],
    (grouped) => grouped.windowedBy(SlidingWindows.ofTimeDifferenceWithNoGrace(5)).count(counts),
  ),
  "sliding-removing": table([10, 6], (grouped) => grouped.windowedBy(sliding).reduce(join, texts)),
};

const sessions: ReferenceTopologies = {
  "session-generated-names": table([8, 6], (grouped) => grouped.windowedBy(gap).count(), {
    key: sessionWindowedSerde(stringSerde()),
    value: int64Serde(),
  }),
  "session-removing": table([8, 6], (grouped) => grouped.windowedBy(gap).reduce(join, texts)),
  "session-null-values": table(
    [8, 6],
    (grouped) =>
      grouped.windowedBy(gap).aggregate(() => "", gather, (_key, one, two) => `${one}|${two}`, texts),
  ),
  "session-no-grace": table(
    [5],
    (grouped) => grouped.windowedBy(SessionWindows.ofInactivityGapWithNoGrace(5)).count(counts),
  ),
};

const suppressions: ReferenceTopologies = {
  "suppress-named": table(
    [20, 7, 8],
    (grouped) =>
      grouped.windowedBy(hopping).aggregate(() => "", gather, texts)
        .suppress(untilWindowCloses({ name: "final" })),
  ),
  "suppress-records": table(
    [20],
    (grouped) =>
      grouped.reduce((aggregate, value) => value.startsWith("c") ? null : `${aggregate},${value}`, texts)
        .suppress(untilTimeLimit(20, { maxRecords: 2 })),
  ),
  "suppress-bytes": table(
    [20, 7],
    (grouped) =>
      grouped.windowedBy(hopping).reduce(join, texts).suppress(untilTimeLimit(20, { maxBytes: 400 })),
  ),
  "suppress-window-time": table(
    [10, 5],
    (grouped) => grouped.windowedBy(tumbling).count(counts).suppress(untilTimeLimit(0, { whenFull: "fail" })),
  ),
  "suppress-or-fail": table(
    [10, 5],
    (grouped) => grouped.windowedBy(tumbling).count(counts).suppress(untilWindowCloses({ maxRecords: 4 })),
  ),
};

const tables: ReferenceTopologies = {
  "suppress-filtered": table(
    [10, 5],
    (grouped) =>
      grouped.windowedBy(tumbling).count(counts).filter((_key, count) => count % 2 === 1)
        .suppress(untilWindowCloses()),
  ),
  "suppress-source": {
    topics: ["in"],
    tables: ["in"],
    spansMs: [10],
    build() {
      const builder = new StreamsBuilder();
      builder.table("in", text).suppress(untilTimeLimit(10, { maxRecords: 3 })).toStream().to(
        "out",
        printable,
      );
      return builder.build();
    },
  },
  "suppress-joined": {
    topics: ["left", "right"],
    tables: ["right"],
    spansMs: [10],
    build() {
      const builder = new StreamsBuilder();
      builder.stream("left", text).groupByKey(text)
        .reduce((aggregate, value) => value.startsWith("c") ? null : `${aggregate},${value}`, texts)
        .suppress(untilTimeLimit(10, { maxRecords: 3 }))
        .outerJoin(builder.table("right", text), (left, right) => `${left}+${right}`)
        .toStream().to("out", printable);
      return builder.build();
    },
  },
  "windowed-joined": {
    topics: ["left", "right"],
    spansMs: [10, 5, 8],
    build() {
      const builder = new StreamsBuilder();
      const counted = (topic: string): KTable<Windowed<string>, number> =>
        builder.stream(topic, text).groupByKey(text).windowedBy(tumbling).count(counts);
      const reduced = builder.stream("left", text).groupByKey(text).windowedBy(hopping).reduce(join, texts);
      counted("right").leftJoin(reduced, (right, left) => `${left}+${right}`).toStream().to("out", printable);
      return builder.build();
    },
  },
  "sessions-joined": {
    topics: ["left", "right"],
    spansMs: [8, 6],
    build() {
      const builder = new StreamsBuilder();
      const [left, right] = ["left", "right"].map((topic) =>
        builder.stream(topic, text).groupByKey(text).windowedBy(gap).reduce(join, texts)
      );
      left!.outerJoin(right!, (one, other) => `${one}+${other}`).toStream().to("out", printable);
      return builder.build();
    },
  },
};

/** Aggregates by key and window, and suppressions: null values, results that are removed, generated names, limits. */
export const windowEdgeTopologies: ReferenceTopologies = {
  ...timeWindows,
  ...slidingWindows,
  ...sessions,
  ...suppressions,
  ...tables,
};
