import { StreamsBuilder } from "../../../src/engine/mod.ts";
import { printable, type ReferenceTopologies, text } from "../plan.ts";

const startsWith = (value: string | null, start: string): boolean =>
  value !== null && value.startsWith(start);

/** Streams that are split by predicates. */
export const splitTopologies: ReferenceTopologies = {
  "split": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const [a, b] = builder.stream("in", text).split([
        (_key, value) => startsWith(value, "a"),
        (_key, value) => startsWith(value, "a") || startsWith(value, "b"),
      ]);
      a!.to("a-out", printable);
      b!.to("b-out", printable);
      return builder.build();
    },
  },
  "split-named": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const [a, other] = builder.stream("in", text)
        .split([(_key, value) => startsWith(value, "a")], { default: true, name: "letters-" });
      a!.to("a-out", printable);
      other!.to("other-out", printable);
      return builder.build();
    },
  },
  "split-default": {
    topics: ["in"],
    spansMs: [],
    build() {
      const builder = new StreamsBuilder();
      const [a, keyless, other] = builder.stream("in", text).split([
        (_key, value) => startsWith(value, "a"),
        (key) => key === null,
      ], { default: true });
      a!.to("a-out", printable);
      keyless!.to("keyless-out", printable);
      other!.to("other-out", printable);
      return builder.build();
    },
  },
};
