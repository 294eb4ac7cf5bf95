import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { type KGroupedStream, StreamsBuilder } from "../../../src/engine/mod.ts";
import { printable, type ReferenceTopologies, text } from "../plan.ts";

const counts = { value: int64Serde() };
const texts = { value: stringSerde() };

function grouped(builder: StreamsBuilder): KGroupedStream<string, string> {
  return builder.stream("in", text).groupByKey(text);
}

/** Aggregates by key without windows. */
export const aggregateTopologies: ReferenceTopologies = {
  "count": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      grouped(builder).count(counts).toStream().to("out", printable);
      return builder.build();
    },
  },
  "count-bare": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      grouped(builder).count().toStream().to("out", printable);
      return builder.build();
    },
  },
  "count-named": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      grouped(builder).count({ ...counts, name: "counts" }).toStream()
        .to("out", { key: stringSerde(), value: int64Serde() });
      return builder.build();
    },
  },
  "reduce": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      grouped(builder).reduce(
        (aggregate, value) => value.startsWith("c") ? null : `${aggregate},${value}`,
        texts,
      ).toStream().to("out", printable);
      return builder.build();
    },
  },
  "aggregate": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      grouped(builder).aggregate(
        () => "",
        (key, value, aggregate) => value.startsWith("c") ? null : aggregate + key + value,
        texts,
      ).toStream().to("out", printable);
      return builder.build();
    },
  },
  "aggregates": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const both = grouped(builder);
      both.count(counts).toStream().to("counts", printable);
      both.reduce((_aggregate, value) => value, texts).toStream().mapValues((value) => `${value}!`)
        .to("latest", printable);
      return builder.build();
    },
  },
};
