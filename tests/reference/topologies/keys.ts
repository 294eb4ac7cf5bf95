import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { JoinWindows, type KStream, StreamsBuilder, TimeWindows } from "../../../src/engine/mod.ts";
import { split } from "../java_text.ts";
import { printable, type ReferenceTopologies, type ReferenceTopology, text } from "../plan.ts";
import { both, joined } from "./join.ts";

const counts = { value: int64Serde() };
const texts = { value: stringSerde() };

/** The first letter: a key that several values share; `null` for what has none. */
export function letter(value: string | null): string | null {
  return value === null || value === "" ? null : value[0]!;
}

/** The same where a key has to be typed as one that is there: steps that need it drop the records without. */
const letterKey = (_key: string | null, value: string): string => letter(value) as string;

function words(key: string | null, value: string | null): [string, string][] {
  if (value === null) return [];
  return split(value, " ").map((word) => [letter(word) as string, `${key}/${word}`]);
}

function one<K, V>(steps: (stream: KStream<string | null, string>) => KStream<K, V>): ReferenceTopology {
  return {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      steps(builder.stream("in", text)).to("out", printable);
      return builder.build();
    },
  };
}

/** A join of a stream whose keys change before it with what is made of another one. */
function join(
  other: (stream: KStream<string | null, string>) => KStream<string | null, string>,
  options: typeof joined & { name?: string; storeName?: string },
): ReferenceTopology {
  return {
    topics: ["left", "right"],
    stores: "memory",
    nullValues: false,
    spansMs: [10, 20, 35],
    build() {
      const builder = new StreamsBuilder();
      const left = builder.stream("left", text).selectKey(letterKey);
      const right = other(builder.stream("right", text));
      left.join(right, both, JoinWindows.ofTimeDifferenceAndGrace(10, 15), options).to("out", printable);
      return builder.build();
    },
  };
}

function changed(stream: KStream<string | null, string>): KStream<string | null, string> {
  return stream.map((key, value) => [letterKey(key, value), key + value]);
}

/** Steps that change keys, and what has to be repartitioned after them. */
export const keyTopologies: ReferenceTopologies = {
  "map": one((stream) => stream.map((key, value) => [letter(value), key])),
  "flat-map": one((stream) => stream.flatMap(words)),
  "select-key": one((stream) => stream.selectKey((_key, value) => letter(value))),
  "foreach": {
    topics: ["in"],
    spansMs: [],
    build(seen) {
      const builder = new StreamsBuilder();
      const stream = builder.stream("in", text);
      stream.filter((_key, value) => value !== null).foreach((key, value) => seen("foreach", key, value));
      stream.to("out", printable);
      return builder.build();
    },
  },
  "merge": {
    topics: ["left", "right"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      builder.stream("left", text).mapValues((value) => `l${value}`).merge(builder.stream("right", text))
        .filter((key) => key !== null).to("out", printable);
      return builder.build();
    },
  },
  "merge-own": one((stream) => stream.merge(stream.mapValues((value) => `${value}!`))),
  "repartition": one((stream) =>
    stream.selectKey(letterKey).repartition(text).mapValues((value) => `${value}!`)
  ),
  "repartition-named": one((stream) => stream.repartition({ ...text, name: "again", partitions: 1 })),
  "group-by": one((stream) => stream.groupBy(letterKey, text).count(counts).toStream()),
  "group-by-named": one((stream) =>
    stream.groupBy(letterKey, { ...text, name: "letters" })
      .reduce((aggregate, value) => aggregate + value, texts).toStream()
  ),
  "group-by-named-windows": {
    ...one((stream) =>
      stream.groupBy(letterKey, { ...text, name: "letters" }).windowedBy(TimeWindows.ofSizeAndGrace(10, 15))
        .count({ value: int64Serde() }).toStream()
    ),
    spansMs: [10, 15, 25],
  },
  "group-by-twice": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const grouped = builder.stream("in", text).groupBy(letterKey, { ...text, name: "letters" });
      grouped.count(counts).toStream().to("counts", printable);
      grouped.reduce((aggregate, value) => aggregate + value, texts).toStream().to("texts", printable);
      return builder.build();
    },
  },
  "select-key-count": one((stream) =>
    stream.selectKey(letterKey).mapValues((value) => `${value}!`).groupByKey(text).count(counts).toStream()
  ),
  "flat-map-count": one((stream) =>
    stream.flatMap(words).groupByKey(text)
      .aggregate(() => "", (_key, value, aggregate) => aggregate + value, texts).toStream()
  ),
  "select-key-join": join((right) => right, joined),
  "select-key-join-both": join(changed, joined),
  "select-key-join-named": join(changed, { ...joined, name: "pairs", storeName: "kept" }),
};
