import { stringSerde } from "../../../src/serde/mod.ts";
import { JoinWindows, type StreamJoined, StreamsBuilder } from "../../../src/engine/mod.ts";
import { split } from "../java_text.ts";
import { printable, type ReferenceTopologies, type ReferenceTopology, text } from "../plan.ts";

/** How both sides are kept. */
export const joined: StreamJoined<string, string, string> = { ...text, otherValue: stringSerde() };
/** Tells what was joined; a missing side is `null`. */
export function both(left: string | null, right: string | null, key: string | null): string {
  return `${key}:${left}+${right}`;
}

/** Stores in memory, which are much faster: without records that have no value, they do the same. */
const inMemory = { stores: "memory", nullValues: false } as const;

function inner(windows: JoinWindows, spansMs: readonly number[]): ReferenceTopology {
  return {
    topics: ["left", "right"],
    stores: "rocksdb",
    spansMs,
    build() {
      const builder = new StreamsBuilder();
      const left = builder.stream("left", text);
      left.join(builder.stream("right", text), both, windows, joined).to("out", printable);
      return builder.build();
    },
  };
}

/**
 * Joins of two streams within a window, compared with Kafka Streams' default stores: those in memory also let records without a
 * value move the time on behind which entries are forgotten, those in RocksDB don't.
 */
export const joinTopologies: ReferenceTopologies = {
  "join": inner(JoinWindows.ofTimeDifferenceAndGrace(10, 15), [10, 20, 35]),
  "join-no-grace": { ...inner(JoinWindows.ofTimeDifferenceWithNoGrace(10), [10, 20]), ...inMemory },
  "join-asymmetric": {
    ...inner(JoinWindows.ofTimeDifferenceAndGrace(0, 5).before(3).after(20), [3, 20, 23, 28]),
    ...inMemory,
  },
  "join-after-only": {
    ...inner(JoinWindows.ofTimeDifferenceAndGrace(10, 5).before(-4), [4, 10, 6, 11]),
    ...inMemory,
  },
  "join-self": {
    topics: ["in"],
    stores: "rocksdb",
    spansMs: [5, 10, 15],
    build() {
      const builder = new StreamsBuilder();
      const stream = builder.stream("in", text);
      stream.join(stream, both, JoinWindows.ofTimeDifferenceAndGrace(5, 5), joined).to("out", printable);
      return builder.build();
    },
  },
  "join-then-aggregate": {
    topics: ["left", "right"],
    ...inMemory,
    spansMs: [10, 20, 50],
    build() {
      const builder = new StreamsBuilder();
      const left = builder.stream("left", text);
      const right = builder.stream("right", text).filter((_key, value) =>
        value === null || !value.startsWith("e")
      );
      const pairs = left.join(right, both, JoinWindows.ofTimeDifferenceAndGrace(10, 30), joined);
      pairs.to("joined", printable);
      pairs.flatMapValues((value) => split(value, "+")).groupByKey(text)
        .aggregate(() => "", (_key, value, aggregate) => aggregate + value, { value: stringSerde() })
        .toStream().to("out", printable);
      right.to("right-out", printable);
      return builder.build();
    },
  },
};
