import { Filter, FlatMapValues, MapValues, PassThrough, Peek } from "../processors/stateless.ts";
import { JoinWindowed, StreamJoin } from "../processors/stream_join.ts";
import type { Processor } from "../processors/processor.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import { KGroupedStream } from "./kgrouped_stream.ts";
import type { JoinWindows } from "./join_windows.ts";
import type { Grouped, Produced, StreamJoined } from "./options.ts";

/** A stream of records: each is a fact of its own. Operations give a new stream and leave this one as it is. */
export class KStream<K, V> {
  readonly #graph: BuilderGraph;
  /** The node that this stream's records come from. */
  readonly nodeName: string;

  /** Streams are made by a `StreamsBuilder` and by operations on streams. */
  constructor(graph: BuilderGraph, nodeName: string) {
    this.#graph = graph;
    this.nodeName = nodeName;
  }

  /** Replaces each value. A mapper may not change the value that it gets. */
  mapValues<R>(mapper: (value: V, key: K) => R): KStream<K, R> {
    return this.#step("KSTREAM-MAPVALUES", () => new MapValues(mapper));
  }

  /** Replaces each value by several, or none. */
  flatMapValues<R>(mapper: (value: V, key: K) => Iterable<R>): KStream<K, R> {
    return this.#step("KSTREAM-FLATMAPVALUES", () => new FlatMapValues(mapper));
  }

  /** Keeps the records that the predicate says yes to. */
  filter(predicate: (key: K, value: V) => boolean): KStream<K, V> {
    return this.#step("KSTREAM-FILTER", () => new Filter(predicate, true));
  }

  /** Keeps the records that the predicate says no to. */
  filterNot(predicate: (key: K, value: V) => boolean): KStream<K, V> {
    return this.#step("KSTREAM-FILTER", () => new Filter(predicate, false));
  }

  /** Calls an action for each record and leaves the stream as it is. */
  peek(action: (key: K, value: V) => void): KStream<K, V> {
    return this.#step("KSTREAM-PEEK", () => new Peek(action));
  }

  /**
   * The inner join with another stream: each pair of records with the same key whose times are within the windows gives one record,
   * with the later of both times.
   */
  join<O, R>(
    other: KStream<K, O>,
    joiner: (value: V, otherValue: O, key: K) => R,
    windows: JoinWindows,
    joined: StreamJoined<K, V, O>,
  ): KStream<K, R> {
    const graph = this.#graph;
    const thisWindowed = graph.newName("KSTREAM-WINDOWED");
    const otherWindowed = graph.newName("KSTREAM-WINDOWED");
    const thisJoin = graph.newName("KSTREAM-JOINTHIS");
    const otherJoin = graph.newName("KSTREAM-JOINOTHER");
    const merge = graph.newName("KSTREAM-MERGE");
    const { key, logged = true } = joined;
    const store = {
      kind: "join-window",
      key,
      logged,
      retentionMs: windows.sizeMs + windows.graceMs,
    } as const;
    const thisStore = `${thisJoin}-store`;
    const otherStore = `${otherJoin}-store`;
    graph.addStore({ ...store, name: thisStore, value: joined.value });
    graph.addStore({ ...store, name: otherStore, value: joined.otherValue });
    const add = (name: string, parents: string[], stores: string[], create: () => Processor): void =>
      graph.add({ kind: "processor", name, parents, stores, create });
    add(thisWindowed, [this.nodeName], [thisStore], () => new JoinWindowed<K, V>(thisStore));
    add(otherWindowed, [other.nodeName], [otherStore], () => new JoinWindowed<K, O>(otherStore));
    const { beforeMs, afterMs } = windows;
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
      () =>
        new StreamJoin<K, O, V, R>(
          thisStore,
          afterMs,
          beforeMs,
          (value, otherValue, key) => joiner(otherValue, value, key),
        ),
    );
    add(merge, [thisJoin, otherJoin], [], () => new PassThrough());
    graph.topology.copartition(graph.topology.sourceTopicsOf(merge));
    return new KStream<K, R>(graph, merge);
  }

  /** Groups the records by the key that they have. */
  groupByKey(grouped: Grouped<K, V>): KGroupedStream<K, V> {
    return new KGroupedStream<K, V>(this.#graph, this.nodeName, false, grouped);
  }

  /** Writes the records to a topic. */
  to(topic: string, produced: Produced<K, V>): void {
    const name = this.#graph.newName("KSTREAM-SINK");
    this.#graph.add({ kind: "sink", name, parents: [this.nodeName], topic, ...produced });
  }

  #step<R>(prefix: string, create: () => Processor): KStream<K, R> {
    const name = this.#graph.newName(prefix);
    this.#graph.add({ kind: "processor", name, parents: [this.nodeName], stores: [], create });
    return new KStream<K, R>(this.#graph, name);
  }
}
