import { JoinWindows, StreamsBuilder } from "../../../src/engine/mod.ts";
import type { CaseProfile } from "../generator.ts";
import { printable, type ReferenceTopologies, type ReferenceTopology, text } from "../plan.ts";
import { both, joined } from "./join.ts";
import { letter } from "./keys.ts";

const within = JoinWindows.ofTimeDifferenceAndGrace;
const asymmetric = within(0, 5).before(3).after(20);

const named = { ...joined, name: "pairs", storeName: "kept" };

/** Without records that have no value, the stores in memory do the same as those in RocksDB, and much faster. */
const inMemory: Partial<CaseProfile> = { stores: "memory", nullValues: false, wallClock: true };
const onDisk: Partial<CaseProfile> = { stores: "rocksdb", wallClock: true };

function join(
  kind: "leftJoin" | "outerJoin",
  windows: JoinWindows,
  spansMs: readonly number[],
  profile = inMemory,
  how = joined,
): ReferenceTopology {
  return {
    topics: ["left", "right"],
    spansMs,
    ...profile,
    build() {
      const builder = new StreamsBuilder();
      const left = builder.stream("left", text);
      const right = builder.stream("right", text);
      const pairs = kind === "leftJoin"
        ? left.leftJoin(right, both, windows, how)
        : left.outerJoin(right, both, windows, how);
      pairs.to("out", printable);
      return builder.build();
    },
  };
}

/** Left and outer joins of two streams within a window. */
export const outerJoinTopologies: ReferenceTopologies = {
  "left-join": join("leftJoin", within(10, 15), [10, 20, 35], onDisk),
  "left-join-no-grace": join("leftJoin", within(10, 0), [10, 20]),
  "left-join-asymmetric": join("leftJoin", asymmetric, [3, 20, 23, 28]),
  "outer-join": join("outerJoin", within(10, 15), [10, 20, 35], onDisk),
  "outer-join-no-grace": join("outerJoin", within(10, 0), [10, 20]),
  "outer-join-asymmetric": join("outerJoin", asymmetric, [3, 20, 23, 28]),
  "outer-join-memory": join("outerJoin", within(10, 15), [10, 20, 35]),
  "left-join-named": join("leftJoin", within(10, 15), [10, 20, 35], inMemory, named),
  "outer-join-named": join("outerJoin", within(10, 15), [10, 20, 35], inMemory, named),
  "left-join-repartitioned": {
    topics: ["left", "right"],
    spansMs: [10, 20, 35],
    ...inMemory,
    build() {
      const builder = new StreamsBuilder();
      const left = builder.stream("left", text).selectKey((_key, value) => letter(value) as string);
      left.leftJoin(builder.stream("right", text), both, within(10, 15), joined).to("out", printable);
      return builder.build();
    },
  },
};
