import { PassThrough } from "../processors/stateless.ts";
import { JoinWindowed, StreamJoin } from "../processors/stream_join.ts";
import { type OuterJoinSide, OuterStreamJoin, TimeTrackers } from "../processors/stream_outer_join.ts";
import type { Processor } from "../processors/processor.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import type { JoinWindows } from "../windows/join_windows.ts";
import type { StreamJoined } from "./options.ts";

/** Which records of a join of streams go on: pairs only, those of the left side too, or those of both. */
export type StreamJoinKind = "inner" | "left" | "outer";

/**
 * Adds the join of two streams that are partitioned alike, in Kafka Streams' order of names. Returns the node
 * of its results.
 */
export function addStreamJoin<K, V, O, R>(
  graph: BuilderGraph,
  kind: StreamJoinKind,
  self: string,
  other: string,
  joiner: (value: V | null, otherValue: O | null, key: K) => R,
  windows: JoinWindows,
  { key, value, otherValue, logged = true }: StreamJoined<K, V, O>,
): string {
  const outer = kind !== "inner";
  graph.topology.copartition([
    ...new Set([self, other].flatMap((node) => graph.topology.sourceTopicsOf(node))),
  ]);
  const thisWindowed = graph.newName("KSTREAM-WINDOWED");
  const otherWindowed = graph.newName("KSTREAM-WINDOWED");
  const thisJoin = graph.newName(kind === "outer" ? "KSTREAM-OUTERTHIS" : "KSTREAM-JOINTHIS");
  const otherJoin = graph.newName(outer ? "KSTREAM-OUTEROTHER" : "KSTREAM-JOINOTHER");
  const merge = graph.newName("KSTREAM-MERGE");
  const { beforeMs, afterMs, graceMs } = windows;
  const store = {
    kind: "join-window",
    key,
    logged,
    retentionMs: windows.sizeMs + graceMs,
  } as const;
  const thisStore = `${thisJoin}-store`;
  const otherStore = `${otherJoin}-store`;
  graph.addStore({ ...store, name: thisStore, value });
  graph.addStore({ ...store, name: otherStore, value: otherValue });
  const add = (name: string, parents: string[], stores: string[], create: () => Processor): void =>
    graph.add({ kind: "processor", name, parents, stores, create });
  add(thisWindowed, [self], [thisStore], () => new JoinWindowed<K, V>(thisStore));
  add(otherWindowed, [other], [otherStore], () => new JoinWindowed<K, O>(otherStore));
  const reversed = (value: O | null, otherValue: V | null, key: K): R => joiner(otherValue, value, key);
  if (outer) {
    const outerStore = `KSTREAM-OUTERSHARED-${thisJoin.slice(-10)}-store`;
    graph.addStore({
      kind: "outer-join",
      name: outerStore,
      key,
      value,
      otherValue,
      logged,
      retentionMs: Infinity,
    });
    const sides = { outerStore, beforeMs, afterMs, graceMs, trackers: new TimeTrackers() };
    const left: OuterJoinSide = { ...sides, left: true, outer: true, otherStore };
    const right: OuterJoinSide = { ...sides, left: false, outer: kind === "outer", otherStore: thisStore };
    add(
      thisJoin,
      [thisWindowed],
      [otherStore, outerStore],
      () => new OuterStreamJoin<K, V, O, R>(left, joiner),
    );
    add(
      otherJoin,
      [otherWindowed],
      [thisStore, outerStore],
      () => new OuterStreamJoin<K, O, V, R>(right, reversed),
    );
  } else {
    add(
      thisJoin,
      [thisWindowed],
      [otherStore],
      () => new StreamJoin<K, V, O, R>(otherStore, beforeMs, afterMs, joiner),
    );
    add(
      otherJoin,
      [otherWindowed],
      [thisStore],
      () => new StreamJoin<K, O, V, R>(thisStore, afterMs, beforeMs, reversed),
    );
  }
  add(merge, [thisJoin, otherJoin], [], () => new PassThrough());
  if (outer) graph.keepNullKeysBefore(merge);
  return merge;
}
