import {
  type KeyValueStore,
  type PunctuationType,
  StreamsBuilder,
  type UserProcessor,
  type UserProcessorContext,
} from "../../../src/engine/mod.ts";
import { printable, type ReferenceTopologies, type ReferenceTopology, text } from "../plan.ts";

type TextProcessor = UserProcessor<string, string | null, string, string>;

/** Counts by key, and tells all counts in each interval. */
function counter(store: string, type: PunctuationType, intervalMs: number): TextProcessor {
  let context: UserProcessorContext<string, string>;
  let counts: KeyValueStore<string, string>;
  return {
    init(given) {
      context = given;
      counts = given.getStateStore(store);
      given.schedule(intervalMs, type, (timestamp) => {
        // Our stores have no order; Kafka Streams' give the keys in that of their bytes.
        const entries = counts.entries().sort((a, b) => a.key < b.key ? -1 : 1);
        for (const { key, value } of entries) context.forward({ key, value: `all ${value}`, timestamp });
      });
    },
    process(record) {
      const { key, value } = record;
      if (key === null) return;
      const before = counts.get(key);
      if (value === null) {
        counts.put(key, null, record.timestamp);
        context.forward({ ...record, value: `gone ${before}` });
        return;
      }
      const count = before === null ? "1" : String(Number(before) + 1);
      counts.put(key, count, record.timestamp);
      context.forward({
        ...record,
        value: `${value} ${count} at ${context.currentStreamTimeMs}/${context.currentSystemTimeMs}`,
      });
    },
  };
}

/** Tells where a record came from; stops its punctuator after three calls. */
function teller(): TextProcessor {
  let context: UserProcessorContext<string, string>;
  let calls = 0;
  return {
    init(given) {
      context = given;
      const cancel = given.schedule(10, "wall-clock-time", (timestamp) => {
        calls++;
        context.forward({
          key: "call",
          value: `${calls}`,
          timestamp,
        });
        if (calls === 3) cancel();
      });
    },
    process(record) {
      const { topic, partition, offset } = context.recordMetadata!;
      context.forward({ ...record, value: `${topic}-${partition}@${offset}` });
      context.forward({
        ...record,
        key: "twice",
        timestamp: record.timestamp + 5,
        value: record.value as string,
      });
    },
  };
}

function counting(type: PunctuationType, intervalMs: number): ReferenceTopology {
  return {
    topics: ["in"],
    spansMs: [intervalMs, 2 * intervalMs],
    wallClock: true,
    build() {
      const builder = new StreamsBuilder();
      builder.addStore({ name: "counts", ...text });
      builder.stream("in", text)
        .process(() => counter("counts", type, intervalMs), { stores: ["counts"] }).to("out", printable);
      return builder.build();
    },
  };
}

/** Processors of the user's own. */
export const processTopologies: ReferenceTopologies = {
  "process-stream-time": counting("stream-time", 25),
  "process-wall-clock": counting("wall-clock-time", 30),
  "process-metadata": {
    topics: ["left", "right"],
    spansMs: [10],
    wallClock: true,
    build() {
      const builder = new StreamsBuilder();
      builder.stream("left", text).merge(builder.stream("right", text)).process(teller).to("out", printable);
      return builder.build();
    },
  },
};
