import { Branch } from "../processors/branch.ts";
import { FlatMap, MapRecord, SelectKey } from "../processors/key_changing.ts";
import { Filter, FlatMapValues, Foreach, MapValues, PassThrough, Peek } from "../processors/stateless.ts";
import { StreamTableJoin } from "../processors/table_join.ts";
import { TableSource } from "../processors/table_values.ts";
import { type UserProcessor, UserProcessorNode } from "../processors/user_processor.ts";
import type { Processor } from "../processors/processor.ts";
import { TopologyError } from "../errors.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import { KGroupedStream } from "./kgrouped_stream.ts";
import { KTable } from "./ktable.ts";
import { JoinWindows } from "../windows/join_windows.ts";
import type {
  Grouped,
  Joined,
  ProcessOptions,
  Produced,
  Repartitioned,
  SplitOptions,
  StreamJoined,
  TableMaterialized,
} from "./options.ts";
import { addRepartition, type Repartition, repartitionNames } from "./repartition.ts";
import { addStreamJoin, type StreamJoinKind } from "./stream_join.ts";
import type { TableSerdes } from "./suppressed.ts";
import { tableStore } from "./table_store.ts";
import { SourceTable } from "./table_supplier.ts";

/**
 * A stream of records: each is a fact of its own. Operations give a new stream and leave this one as it is.
 *
 * After a step that can change keys (`map`, `flatMap`, `selectKey`, `process`), grouping and joining go
 * through a repartition topic first, so that equal keys come to one task.
 */
export class KStream<K, V> {
  readonly #graph: BuilderGraph;
  /** The node that this stream's records come from. */
  readonly nodeName: string;
  readonly #repartitionRequired: boolean;
  /**
   * Where the records come back in after they were repartitioned for a join: joins of one stream share it.
   */
  #repartitioned: Repartition | undefined;

  /**
   * Streams are made by a `StreamsBuilder` and by operations on streams.
   * @ignore
   */
  constructor(graph: BuilderGraph, nodeName: string, repartitionRequired = false) {
    this.#graph = graph;
    this.nodeName = nodeName;
    this.#repartitionRequired = repartitionRequired;
  }

  /** Replaces each record's key and value. */
  map<K2, V2>(mapper: (key: K, value: V) => readonly [K2, V2]): KStream<K2, V2> {
    return this.#step("KSTREAM-MAP", () => new MapRecord(mapper), true);
  }

  /** Replaces each record by several, or none. */
  flatMap<K2, V2>(mapper: (key: K, value: V) => Iterable<readonly [K2, V2]>): KStream<K2, V2> {
    return this.#step("KSTREAM-FLATMAP", () => new FlatMap(mapper), true);
  }

  /** Replaces each key. */
  selectKey<K2>(selector: (key: K, value: V) => K2): KStream<K2, V> {
    return this.#step("KSTREAM-KEY-SELECT", () => new SelectKey(selector), true);
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

  /** Calls an action for each record; nothing follows. */
  foreach(action: (key: K, value: V) => void): void {
    this.#step("KSTREAM-FOREACH", () => new Foreach(action));
  }

  /**
   * Splits the stream: a record goes to the branch of the first predicate that says yes.
   *
   * @returns A stream for each predicate, in their order; with `default`, one more for the records that none
   * says yes to, which are else dropped.
   */
  split(
    predicates: readonly ((key: K, value: V) => boolean)[],
    options: SplitOptions = {},
  ): KStream<K, V>[] {
    const graph = this.#graph;
    const splitter = graph.nameOf(options.name, "KSTREAM-BRANCH");
    this.#add(splitter, [this.nodeName], () => new Branch(predicates));
    const names = predicates.map((_, i) => `${splitter}${i + 1}`);
    if (options.default) names.push(`${splitter}0`);
    return names.map((name) => {
      // Kafka Streams uses up a number here.
      graph.newName(name);
      this.#add(name, [splitter], () => new PassThrough());
      return new KStream<K, V>(graph, name, this.#repartitionRequired);
    });
  }

  /** The records of both streams, in no order between them. */
  merge(other: KStream<K, V>): KStream<K, V> {
    const name = this.#graph.newName("KSTREAM-MERGE");
    this.#add(name, [this.nodeName, other.nodeName], () => new PassThrough());
    return new KStream<K, V>(this.#graph, name, this.#repartitionRequired || other.#repartitionRequired);
  }

  /**
   * Hands the records to a processor that the program writes itself.
   *
   * @param create Makes the processor of one task.
   * @throws {TopologyError} When a store is unknown.
   */
  process<K2, V2>(
    create: () => UserProcessor<K, V, K2, V2>,
    options: ProcessOptions = {},
  ): KStream<K2, V2> {
    const name = options.name ?? this.#graph.newName("KSTREAM-PROCESSOR");
    this.#add(name, [this.nodeName], () => new UserProcessorNode(create()), options.stores);
    return new KStream<K2, V2>(this.#graph, name, true);
  }

  /**
   * Sends the records through a topic of their own, so that equal keys come to one task, or to have more or
   * fewer tasks.
   */
  repartition(repartitioned: Repartitioned<K, V>): KStream<K, V> {
    const { name, key, value, partitions } = repartitioned;
    const prefix = name ?? this.#graph.newName("KSTREAM-REPARTITION");
    const { source } = addRepartition(this.#graph, this.nodeName, { prefix, key, value, partitions });
    return new KStream<K, V>(this.#graph, source);
  }

  /**
   * The inner join with another stream: each pair of records with the same key whose times are within the
   * windows gives one record, with the later of both times.
   */
  join<O, R>(
    other: KStream<K, O>,
    joiner: (value: V, otherValue: O, key: K) => R,
    windows: JoinWindows,
    joined: StreamJoined<K, V, O>,
  ): KStream<K, R>;
  /**
   * The inner join with a table: each record is joined with the value that its key has now; without one it is
   * dropped.
   */
  join<O, R>(
    table: KTable<K, O>,
    joiner: (value: V, tableValue: O, key: K) => R,
    joined: Joined<K, V>,
  ): KStream<K, R>;
  join<O, R>(
    other: KStream<K, O> | KTable<K, O>,
    joiner: (value: V, otherValue: O, key: K) => R,
    windows: JoinWindows | Joined<K, V>,
    joined?: StreamJoined<K, V, O>,
  ): KStream<K, R> {
    return this.#join("inner", other, joiner as Joiner<K, V, O, R>, windows, joined);
  }

  /**
   * The left join with another stream: a record of this stream that finds no partner goes on with `null` when
   * its window closes.
   */
  leftJoin<O, R>(
    other: KStream<K, O>,
    joiner: (value: V, otherValue: O | null, key: K) => R,
    windows: JoinWindows,
    joined: StreamJoined<K, V, O>,
  ): KStream<K, R>;
  /**
   * The left join with a table: each record is joined with the value that its key has now, or with `null`.
   */
  leftJoin<O, R>(
    table: KTable<K, O>,
    joiner: (value: V, tableValue: O | null, key: K) => R,
    joined: Joined<K, V>,
  ): KStream<K, R>;
  leftJoin<O, R>(
    other: KStream<K, O> | KTable<K, O>,
    joiner: (value: V, otherValue: O | null, key: K) => R,
    windows: JoinWindows | Joined<K, V>,
    joined?: StreamJoined<K, V, O>,
  ): KStream<K, R> {
    return this.#join("left", other, joiner as Joiner<K, V, O, R>, windows, joined);
  }

  /**
   * The outer join with another stream: a record of either stream that finds no partner goes on with `null`
   * when its window closes.
   */
  outerJoin<O, R>(
    other: KStream<K, O>,
    joiner: (value: V | null, otherValue: O | null, key: K) => R,
    windows: JoinWindows,
    joined: StreamJoined<K, V, O>,
  ): KStream<K, R> {
    return this.#join("outer", other, joiner, windows, joined);
  }

  /** Groups the records by the key that they have. */
  groupByKey(grouped: Grouped<K, V>): KGroupedStream<K, V> {
    return new KGroupedStream<K, V>(this.#graph, this.nodeName, this.#repartitionRequired, grouped);
  }

  /** Groups the records by another key, through a repartition topic. */
  groupBy<K2>(selector: (key: K, value: V) => K2, grouped: Grouped<K2, V>): KGroupedStream<K2, V> {
    const name = this.#graph.nameOf(grouped.name, "KSTREAM-KEY-SELECT");
    this.#add(name, [this.nodeName], () => new SelectKey(selector));
    return new KGroupedStream<K2, V>(this.#graph, name, true, grouped);
  }

  /**
   * The stream as a table: each record is the new value of its key, `null` removes it. Records without a key
   * are dropped and counted.
   */
  toTable(
    materialized: TableMaterialized<K, V> & TableSerdes<K, V>,
  ): KTable<K, V> {
    const graph = this.#graph;
    const { key, value } = materialized;
    const name = graph.newName("KSTREAM-TOTABLE");
    const storeName = materialized.name ?? graph.newStoreName("KSTREAM-TOTABLE");
    const parent = this.#repartitionRequired
      ? addRepartition(graph, this.nodeName, { prefix: name, key, value }).source
      : this.nodeName;
    const store = tableStore(storeName, key, materialized);
    this.#add(name, [parent], () => new TableSource(table.storeName));
    const table: SourceTable<K, V> = new SourceTable<K, V>(graph, name, store);
    if (materialized.name !== undefined) table.materialize();
    return new KTable<K, V>(graph, name, table, { key, value });
  }

  /** Writes the records to a topic. */
  to(topic: string, produced: Produced<K, V>): void {
    const name = this.#graph.newName("KSTREAM-SINK");
    this.#graph.add({ kind: "sink", name, parents: [this.nodeName], topic, ...produced });
  }

  #step<K2, V2>(prefix: string, create: () => Processor, changesKey = false): KStream<K2, V2> {
    const name = this.#graph.newName(prefix);
    this.#add(name, [this.nodeName], create);
    return new KStream<K2, V2>(this.#graph, name, changesKey || this.#repartitionRequired);
  }

  #add(name: string, parents: string[], create: () => Processor, stores: readonly string[] = []): void {
    this.#graph.add({ kind: "processor", name, parents, stores, create });
  }

  #join<O, R>(
    kind: StreamJoinKind,
    other: KStream<K, O> | KTable<K, O>,
    joiner: Joiner<K, V, O, R>,
    windows: JoinWindows | Joined<K, V>,
    joined: StreamJoined<K, V, O> | undefined,
  ): KStream<K, R> {
    if (other instanceof KTable) {
      return this.#joinTable(kind === "left", other, joiner, windows as Joined<K, V>);
    }
    if (!(windows instanceof JoinWindows) || joined === undefined) {
      throw new TopologyError(
        `Cannot join ${this.nodeName} with ${other.nodeName}: received no ${
          joined === undefined ? "serdes" : "windows"
        }; streams are joined within JoinWindows, with the serdes of both`,
      );
    }
    const { key, value, otherValue } = joined;
    const self = this.#forJoin(this.nodeName, { key, value });
    const that = other.#forJoin(other.nodeName, { key, value: otherValue });
    const merge = addStreamJoin(this.#graph, kind, self, that, joiner, windows, joined);
    return new KStream<K, R>(this.#graph, merge);
  }

  #joinTable<O, R>(
    left: boolean,
    other: KTable<K, O>,
    joiner: Joiner<K, V, O, R>,
    joined: Joined<K, V>,
  ): KStream<K, R> {
    const graph = this.#graph;
    const parent = this.#forJoin(joined.name ?? this.nodeName, joined);
    graph.topology.copartition([
      ...new Set([parent, other.nodeName].flatMap((node) => graph.topology.sourceTopicsOf(node))),
    ]);
    const name = graph.nameOf(joined.name, left ? "KSTREAM-LEFTJOIN" : "KSTREAM-JOIN");
    const { stores, getter } = other.table.view();
    this.#add(name, [parent], () => new StreamTableJoin<K, V, O, R>(getter(), joiner, left), stores);
    if (left) graph.keepNullKeysBefore(name);
    return new KStream<K, R>(graph, name);
  }

  /** The node that a join gets this stream's records from: where they come back in, if keys were changed. */
  #forJoin(
    prefix: string,
    { key, value }: { key: Joined<K, V>["key"]; value: Joined<K, V>["value"] },
  ): string {
    if (!this.#repartitionRequired) return this.nodeName;
    if (this.#repartitioned !== undefined && prefix === this.nodeName) {
      repartitionNames(this.#graph, prefix);
      return this.#repartitioned.source;
    }
    this.#repartitioned = addRepartition(this.#graph, this.nodeName, { prefix, key, value });
    return this.#repartitioned.source;
  }
}

type Joiner<K, V, O, R> = (value: V | null, otherValue: O | null, key: K) => R;
