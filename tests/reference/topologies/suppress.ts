import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import {
  type KGroupedStream,
  type KTable,
  SessionWindows,
  SlidingWindows,
  StreamsBuilder,
  TimeWindows,
  untilTimeLimit,
  untilWindowCloses,
} from "../../../src/engine/mod.ts";
import { printable, type ReferenceTopologies, type ReferenceTopology, text } from "../plan.ts";

const counts = { value: int64Serde() };

function suppressed<K, A>(
  spansMs: readonly number[],
  steps: (grouped: KGroupedStream<string, string>) => KTable<K, A>,
): ReferenceTopology {
  return {
    topics: ["in"],
    spansMs,
    build() {
      const builder = new StreamsBuilder();
      steps(builder.stream("in", text).groupByKey(text)).toStream().to("out", printable);
      return builder.build();
    },
  };
}

/** Results that are held back. */
export const suppressTopologies: ReferenceTopologies = {
  "suppress-tumbling": suppressed(
    [10, 15, 25],
    (grouped) =>
      grouped.windowedBy(TimeWindows.ofSizeAndGrace(10, 15)).count(counts).suppress(untilWindowCloses()),
  ),
  "suppress-hopping": suppressed(
    [4, 10],
    (grouped) =>
      grouped.windowedBy(TimeWindows.ofSizeAndGrace(10, 0).advanceBy(4))
        .reduce((aggregate, value) => aggregate + value, { value: stringSerde() }).suppress(
          untilWindowCloses(),
        ),
  ),
  "suppress-sliding": suppressed(
    [10, 5, 15],
    (grouped) =>
      grouped.windowedBy(SlidingWindows.ofTimeDifferenceAndGrace(10, 5)).count(counts)
        .suppress(untilWindowCloses()),
  ),
  "suppress-session": suppressed(
    [10, 15, 25],
    (grouped) =>
      grouped.windowedBy(SessionWindows.ofInactivityGapAndGrace(10, 15)).count(counts)
        .suppress(untilWindowCloses()),
  ),
  "suppress-time-limit": suppressed(
    [20],
    (grouped) => grouped.count(counts).suppress(untilTimeLimit(20, { maxRecords: 1000 })),
  ),
  "suppress-full": suppressed(
    [20],
    (grouped) => grouped.count(counts).suppress(untilTimeLimit(20, { maxRecords: 2 })),
  ),
};
