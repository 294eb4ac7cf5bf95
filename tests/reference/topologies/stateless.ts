import { StreamsBuilder } from "../../../src/engine/mod.ts";
import { split } from "../java_text.ts";
import { printable, type ReferenceTopologies, text } from "../plan.ts";

/** Steps without state. */
export const statelessTopologies: ReferenceTopologies = {
  "map-values": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      builder.stream("in", text).mapValues((value, key) => key === "b" ? null : `${key}/${value}`)
        .to("out", printable);
      return builder.build();
    },
  },
  "flat-map-values": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      builder.stream("in", text).flatMapValues((value) => value === null ? [] : split(value, " "))
        .to("out", printable);
      return builder.build();
    },
  },
  "filter": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const stream = builder.stream("in", text);
      stream.filter((_key, value) => value !== null && value.startsWith("a")).to("kept", printable);
      stream.filterNot((_key, value) => value !== null && value.startsWith("a")).to("others", printable);
      return builder.build();
    },
  },
  "peek": {
    topics: ["in"],
    spansMs: [],
    build(seen) {
      const builder = new StreamsBuilder();
      builder.stream("in", text).peek((key, value) => seen("peek", key, value)).mapValues((value) =>
        `${value}!`
      )
        .to("out", printable);
      return builder.build();
    },
  },
  "several-sinks": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const stream = builder.stream("in", text);
      stream.to("first", printable);
      const words = stream.filter((_key, value) => value !== null).flatMapValues((value) =>
        split(value, " ")
      );
      words.to("words", printable);
      words.mapValues((value) => value.length).to("lengths", printable);
      stream.to("last", printable);
      return builder.build();
    },
  },
  "unconnected-parts": {
    topics: ["left", "right"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      builder.stream("left", text).mapValues((value) => `l:${value}`).to("left-out", printable);
      builder.stream("right", text).mapValues((value) => `r:${value}`).to("right-out", printable);
      return builder.build();
    },
  },
};
