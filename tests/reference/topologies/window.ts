import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import {
  type KGroupedStream,
  type KTable,
  sessionWindowedSerde,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  TimeWindows,
  type Windowed,
  windowedSerde,
} from "../../../src/engine/mod.ts";
import { printable, type ReferenceTopologies, type ReferenceTopology, text } from "../plan.ts";

const counts = { value: int64Serde() };
const texts = { value: stringSerde() };

/** Appends to an aggregate; some values remove it. Sessions take records without a value too. */
const appended = (key: string, value: string | null, aggregate: string): string | null =>
  value?.startsWith("c") ? null : aggregate + key + value;
const joined = (aggregate: string, value: string): string => `${aggregate},${value}`;

/** One table of the records of a topic, as text. */
function windowed<A>(
  spansMs: readonly number[],
  steps: (grouped: KGroupedStream<string, string>) => KTable<Windowed<string>, A>,
  produced = printable,
): ReferenceTopology {
  return {
    topics: ["in"],
    spansMs,
    build() {
      const builder = new StreamsBuilder();
      steps(builder.stream("in", text).groupByKey(text)).toStream().to("out", produced);
      return builder.build();
    },
  };
}

const tumbling = TimeWindows.ofSizeAndGrace;
const sliding = SlidingWindows.ofTimeDifferenceAndGrace;
const sessions = SessionWindows.ofInactivityGapAndGrace;

/** Aggregates by key and window. */
export const windowTopologies: ReferenceTopologies = {
  "tumbling-count": windowed([10, 15, 25], (grouped) => grouped.windowedBy(tumbling(10, 15)).count(counts)),
  "tumbling-no-grace": windowed([10], (grouped) => grouped.windowedBy(tumbling(10, 0)).reduce(joined, texts)),
  "tumbling-aggregate": windowed(
    [10, 15, 25],
    (grouped) => grouped.windowedBy(tumbling(10, 15)).aggregate(() => "", appended, texts),
  ),
  "tumbling-windowed-keys": windowed(
    [10, 15],
    (grouped) => grouped.windowedBy(tumbling(10, 15)).count(counts),
    { key: windowedSerde(stringSerde(), 10), value: int64Serde() },
  ),
  "hopping-count": windowed(
    [4, 10, 15],
    (grouped) => grouped.windowedBy(tumbling(10, 15).advanceBy(4)).count(counts),
  ),
  "hopping-reduce": windowed(
    [3, 12],
    (grouped) => grouped.windowedBy(tumbling(12, 0).advanceBy(3)).reduce(joined, texts),
  ),
  "hopping-aggregate": windowed(
    [5, 10, 15],
    (grouped) => grouped.windowedBy(tumbling(10, 5).advanceBy(5)).aggregate(() => "", appended, texts),
  ),
  "sliding-count": windowed([10, 15, 25], (grouped) => grouped.windowedBy(sliding(10, 15)).count(counts)),
  "sliding-reduce": windowed([7, 14], (grouped) => grouped.windowedBy(sliding(7, 0)).reduce(joined, texts)),
  "sliding-aggregate": windowed(
    [10, 20, 40],
    (grouped) => grouped.windowedBy(sliding(10, 30)).aggregate(() => "", appended, texts),
  ),
  "session-count": windowed([10, 15, 25], (grouped) => grouped.windowedBy(sessions(10, 15)).count(counts)),
  "session-reduce": windowed([5, 10], (grouped) => grouped.windowedBy(sessions(5, 0)).reduce(joined, texts)),
  "session-aggregate": windowed(
    [10, 30, 40],
    (grouped) =>
      grouped.windowedBy(sessions(10, 30))
        .aggregate(() => "", appended, (_key, one, two) => `${one}|${two}`, texts),
  ),
  "session-windowed-keys": windowed(
    [10, 15],
    (grouped) => grouped.windowedBy(sessions(10, 15)).count(counts),
    { key: sessionWindowedSerde(stringSerde()), value: int64Serde() },
  ),
};
