import { Branch } from "../processors/branch.ts";
import { type Ignored, synchronous0, synchronous2, synchronous3 } from "../processors/callbacks.ts";
import { FlatMap, MapRecord, SelectKey } from "../processors/key_changing.ts";
import { Filter, FlatMapValues, Foreach, MapValues, PassThrough, Peek } from "../processors/stateless.ts";
import { StreamTableJoin } from "../processors/table_join.ts";
import { TableSource } from "../processors/table_values.ts";
import { type UserProcessor, UserProcessorNode } from "../processors/user_processor.ts";
import type { Processor } from "../processors/processor.ts";
import { TopologyError } from "../errors.ts";
import { addAsyncStep, keyAndValue } from "./async_step.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import { KGroupedStream } from "./kgrouped_stream.ts";
import { KTable } from "./ktable.ts";
import { JoinWindows } from "../windows/join_windows.ts";
import type {
  AsyncOptions,
  Grouped,
  Joined,
  Materialized,
  ProcessOptions,
  Produced,
  Repartitioned,
  SplitOptions,
  StreamJoined,
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
    const call = synchronous2("the mapper of map", mapper);
    return this.#step("KSTREAM-MAP", () => new MapRecord(call), true);
  }

  /** Replaces each record by several, or none. */
  flatMap<K2, V2>(mapper: (key: K, value: V) => Iterable<readonly [K2, V2]>): KStream<K2, V2> {
    const call = synchronous2("the mapper of flatMap", mapper);
    return this.#step("KSTREAM-FLATMAP", () => new FlatMap(call), true);
  }

  /** Replaces each key. */
  selectKey<K2>(selector: (key: K, value: V) => K2): KStream<K2, V> {
    const call = synchronous2("the selector of selectKey", selector);
    return this.#step("KSTREAM-KEY-SELECT", () => new SelectKey(call), true);
  }

  /** Replaces each value. A mapper may not change the value that it gets. */
  mapValues<R>(mapper: (value: V, key: K) => R): KStream<K, R> {
    const call = synchronous2("the mapper of mapValues", mapper);
    return this.#step("KSTREAM-MAPVALUES", () => new MapValues(call));
  }

  /** Replaces each value by several, or none. */
  flatMapValues<R>(mapper: (value: V, key: K) => Iterable<R>): KStream<K, R> {
    const call = synchronous2("the mapper of flatMapValues", mapper);
    return this.#step("KSTREAM-FLATMAPVALUES", () => new FlatMapValues(call));
  }

  /**
   * Replaces each value by what a promise gives: for work that takes its time, such as asking a service.
   *
   * Of each task up to `concurrency` records are under way at once. They go on in the order in which they
   * came, with their times and headers. A record counts as processed when it has gone on: no offset after it
   * is committed before, and with exactly once a commit waits for all that is under way. After a crash the
   * function is called again for what was not committed, with either guarantee, so that it must not matter
   * how often it is.
   *
   * A rejected promise, or one that is not settled in time, is an error of this step: the processing handler
   * decides. A task that ends aborts the signal. Stores can't be read in the function, as their task goes on
   * meanwhile: join with a table before. A test awaits `TopologyTestDriver.settled`.
   *
   * @param mapper A mapper may not change the value that it gets.
   * @throws {TopologyError} When an option is wrong.
   * @example
   * ```ts
   * import { assertEquals } from "@std/assert";
   * import { StreamsBuilder, stringSerde, TopologyTestDriver } from "../../../mod.ts";
   *
   * const capitalOf = async (country: string): Promise<string> =>
   *   await Promise.resolve(country === "Norway" ? "Oslo" : "unknown");
   *
   * const text = { key: stringSerde(), value: stringSerde() };
   * const builder = new StreamsBuilder();
   * builder.stream("countries", text)
   *   .mapValuesAsync((country) => capitalOf(country), { concurrency: 32, timeoutMs: 2_000 })
   *   .to("capitals", text);
   * const driver = await TopologyTestDriver.create(builder.build());
   * driver.pipe("countries", "trip", "Norway", 5);
   * await driver.settled();
   * assertEquals(driver.read("capitals"), [{ key: "trip", value: "Oslo", timestamp: 5, headers: [] }]);
   * driver.close();
   * ```
   */
  mapValuesAsync<R>(
    mapper: (value: V, key: K, signal: AbortSignal) => Promise<R> | R,
    options: AsyncOptions = {},
  ): KStream<K, R> {
    const call = (key: K, value: V, signal: AbortSignal): Promise<R> | R => mapper(value, key, signal);
    const result = (key: K, value: R): readonly [K, R] => [key, value];
    const step = { method: "mapValuesAsync", prefix: "KSTREAM-MAPVALUES", call, result } as const;
    const name = addAsyncStep(this.#graph, this.nodeName, step, options);
    return new KStream<K, R>(this.#graph, name, this.#repartitionRequired);
  }

  /**
   * Replaces each record's key and value by what a promise gives, as {@linkcode mapValuesAsync} does with
   * values.
   *
   * @throws {TopologyError} When an option is wrong.
   */
  mapAsync<K2, V2>(
    mapper: (key: K, value: V, signal: AbortSignal) => Promise<readonly [K2, V2]> | readonly [K2, V2],
    options: AsyncOptions = {},
  ): KStream<K2, V2> {
    const result = (_: K, pair: readonly [K2, V2]): readonly [K2, V2] => keyAndValue(pair);
    const step = { method: "mapAsync", prefix: "KSTREAM-MAP", call: mapper, result } as const;
    return new KStream<K2, V2>(this.#graph, addAsyncStep(this.#graph, this.nodeName, step, options), true);
  }

  /** Keeps the records of which the predicate tells what their values are, such as `value !== null`. */
  filter<V2 extends V>(predicate: (key: K, value: V) => value is V2): KStream<K, V2>;
  /** Keeps the records that the predicate says yes to. */
  filter(predicate: (key: K, value: V) => boolean): KStream<K, V>;
  filter(predicate: (key: K, value: V) => boolean): KStream<K, V> {
    const call = synchronous2("the predicate of filter", predicate);
    return this.#step("KSTREAM-FILTER", () => new Filter(call, true));
  }

  /** Keeps the records that the predicate says no to. */
  filterNot(predicate: (key: K, value: V) => boolean): KStream<K, V> {
    const call = synchronous2("the predicate of filterNot", predicate);
    return this.#step("KSTREAM-FILTER", () => new Filter(call, false));
  }

  /** Calls an action for each record and leaves the stream as it is. */
  peek(action: (key: K, value: V) => Ignored): KStream<K, V> {
    const call = synchronous2("the action of peek", action);
    return this.#step("KSTREAM-PEEK", () => new Peek(call));
  }

  /** Calls an action for each record; nothing follows. */
  foreach(action: (key: K, value: V) => Ignored): void {
    const call = synchronous2("the action of foreach", action);
    this.#step("KSTREAM-FOREACH", () => new Foreach(call));
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
    const calls = predicates.map((each) => synchronous2("a predicate of split", each));
    this.#add(splitter, [this.nodeName], () => new Branch(calls));
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
  merge<K2, V2>(other: KStream<K2, V2>): KStream<K | K2, V | V2> {
    const name = this.#graph.newName("KSTREAM-MERGE");
    this.#add(name, [this.nodeName, other.nodeName], () => new PassThrough());
    return new KStream<K | K2, V | V2>(
      this.#graph,
      name,
      this.#repartitionRequired || other.#repartitionRequired,
    );
  }

  /**
   * Hands the records to a processor that the program writes itself.
   *
   * @param create Makes the processor of one task; it is called once more when the step is added.
   * @throws {TopologyError} When a store is unknown, or a method of the processor is async.
   */
  process<K2, V2>(
    create: () => UserProcessor<K, V, K2, V2>,
    options: ProcessOptions = {},
  ): KStream<K2, V2> {
    const made = synchronous0("the function of process", create);
    // One is made to be looked at, as in Kafka Streams: a wrong one is refused here and not in a task.
    new UserProcessorNode(made());
    const name = options.name ?? this.#graph.newName("KSTREAM-PROCESSOR");
    this.#add(name, [this.nodeName], () => new UserProcessorNode(made()), options.stores);
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
    other: Joinable<K, O>,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<O>, key: NonNullable<K>) => R,
    windows: JoinWindows,
    joined: StreamJoined<K, V, O>,
  ): KStream<K, R>;
  /**
   * The inner join with a table: each record is joined with the value that its key has now; without one it is
   * dropped.
   */
  join<O, R>(
    table: KTable<NonNullable<K>, O>,
    joiner: (value: NonNullable<V>, tableValue: O, key: NonNullable<K>) => R,
    joined: Joined<K, V>,
  ): KStream<K, R>;
  join<O, R>(
    other: Joinable<K, O> | KTable<NonNullable<K>, O>,
    joiner: (value: NonNullable<V>, otherValue: NonNullable<O>, key: NonNullable<K>) => R,
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
    other: Joinable<K, O>,
    joiner: (value: NonNullable<V>, otherValue: O | null, key: K) => R,
    windows: JoinWindows,
    joined: StreamJoined<K, V, O>,
  ): KStream<K, R>;
  /**
   * The left join with a table: each record is joined with the value that its key has now, or with `null`.
   */
  leftJoin<O, R>(
    table: KTable<NonNullable<K>, O>,
    joiner: (value: NonNullable<V>, tableValue: O | null, key: K) => R,
    joined: Joined<K, V>,
  ): KStream<K, R>;
  leftJoin<O, R>(
    other: Joinable<K, O> | KTable<NonNullable<K>, O>,
    joiner: (value: NonNullable<V>, otherValue: O | null, key: K) => R,
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
    other: Joinable<K, O>,
    joiner: (value: V | null, otherValue: O | null, key: K) => R,
    windows: JoinWindows,
    joined: StreamJoined<K, V, O>,
  ): KStream<K, R> {
    return this.#join("outer", other, joiner, windows, joined);
  }

  /** Groups the records by the key that they have. Those without a key or value are in no group. */
  groupByKey(
    grouped: Grouped<NonNullable<K>, NonNullable<V>>,
  ): KGroupedStream<NonNullable<K>, NonNullable<V>> {
    return new KGroupedStream(this.#graph, this.nodeName, this.#repartitionRequired, grouped);
  }

  /**
   * Groups the records by another key, through a repartition topic; those that get `null`, or have no value,
   * are in no group.
   */
  groupBy<K2>(
    selector: (key: K, value: V) => K2 | null,
    grouped: Grouped<K2, NonNullable<V>>,
  ): KGroupedStream<K2, NonNullable<V>> {
    const call = synchronous2("the selector of groupBy", selector);
    const name = this.#graph.nameOf(grouped.name, "KSTREAM-KEY-SELECT");
    this.#add(name, [this.nodeName], () => new SelectKey(call));
    return new KGroupedStream(this.#graph, name, true, grouped);
  }

  /**
   * The stream as a table: each record is the new value of its key, `null` removes it. Records without a key
   * are dropped and counted.
   */
  toTable(
    materialized: Materialized<NonNullable<K>, NonNullable<V>> & TableSerdes<NonNullable<K>, NonNullable<V>>,
  ): KTable<NonNullable<K>, NonNullable<V>> {
    const graph = this.#graph;
    const { key, value } = materialized;
    const name = graph.newName("KSTREAM-TOTABLE");
    const storeName = materialized.name ?? graph.newStoreName("KSTREAM-TOTABLE");
    const parent = this.#repartitionRequired
      ? addRepartition(graph, this.nodeName, { prefix: name, key, value }).source
      : this.nodeName;
    const store = tableStore(storeName, key, materialized);
    this.#add(name, [parent], () => new TableSource(table.storeName));
    const table: SourceTable<NonNullable<K>, NonNullable<V>> = new SourceTable(graph, name, store);
    if (materialized.name !== undefined) table.materialize();
    return new KTable(graph, name, table, { key, value });
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
    other: Joinable<K, O> | KTable<NonNullable<K>, O>,
    joiner: Joiner<K, V, O, R>,
    windows: JoinWindows | Joined<K, V>,
    joined: StreamJoined<K, V, O> | undefined,
  ): KStream<K, R> {
    const call = synchronous3("the joiner of a join", joiner);
    if (other instanceof KTable) {
      return this.#joinTable(kind === "left", other, call, windows as Joined<K, V>);
    }
    if (!(windows instanceof JoinWindows) || joined === undefined) {
      throw new TopologyError(
        `Cannot join ${this.nodeName} with ${other.nodeName}: received no ${
          joined === undefined ? "serdes" : "windows"
        }; streams are joined within JoinWindows, with the serdes of both`,
      );
    }
    const { key, value, otherValue, name } = joined;
    const self = this.#forJoin(name === undefined ? this.nodeName : `${name}-left`, { key, value });
    const right = name === undefined ? other.nodeName : `${name}-right`;
    // Keys that may be null have the serde of those that are not.
    const that = (other as KStream<K, O>).#forJoin(right, { key, value: otherValue });
    const merge = addStreamJoin(this.#graph, kind, self, that, call, windows, joined);
    return new KStream<K, R>(this.#graph, merge);
  }

  #joinTable<O, R>(
    left: boolean,
    other: KTable<NonNullable<K>, O>,
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

/** A stream with the same keys as another one, of which either may have records without a key. */
export type Joinable<K, O> = KStream<NonNullable<K>, O> | KStream<NonNullable<K> | null, O>;
