import { Aggregate, type Aggregation } from "../processors/aggregate.ts";
import { synchronous0, synchronous2, synchronous3 } from "../processors/callbacks.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import { int64Serde } from "../../serde/primitives.ts";
import { KTable } from "./ktable.ts";
import { AggregationParent } from "./repartition.ts";
import type { Grouped, Materialized } from "./options.ts";
import { refuseNoSerde } from "../topology/topology.ts";
import { SessionWindowedKStream } from "./session_windowed_stream.ts";
import { TimeWindowedKStream } from "./time_windowed_stream.ts";
import { SessionWindows } from "../windows/session_windows.ts";
import type { SlidingWindows } from "../windows/sliding_windows.ts";
import type { TimeWindows } from "../windows/time_windows.ts";

/**
 * Records grouped by their keys, to be aggregated. Records without a key or value are dropped and counted.
 */
export class KGroupedStream<K, V> {
  readonly #graph: BuilderGraph;
  readonly #parent: AggregationParent<K, V>;
  readonly #grouped: Grouped<K, V>;

  /**
   * Made by `KStream.groupByKey` and `KStream.groupBy`.
   * @ignore
   */
  constructor(graph: BuilderGraph, parent: string, repartitionRequired: boolean, grouped: Grouped<K, V>) {
    for (const part of ["key", "value"] as const) {
      refuseNoSerde(`group ${parent}`, part, (grouped as Grouped<K, V> | undefined)?.[part]);
    }
    this.#graph = graph;
    this.#parent = new AggregationParent(graph, parent, repartitionRequired, grouped);
    this.#grouped = grouped;
  }

  /**
   * Aggregates the values of each key, beginning with what `initializer` gives.
   *
   * @param aggregator Gives the new aggregate of a key, its next value and the old aggregate, which it may
   * change in place and return; `null` removes the key.
   */
  aggregate<A>(
    initializer: () => A,
    aggregator: (key: K, value: V, aggregate: A) => A | null,
    materialized: Materialized<K, A>,
  ): KTable<K, A> {
    return this.#build(
      "KSTREAM-AGGREGATE",
      materialized,
      synchronous0("the initializer of aggregate", initializer),
      synchronous3("the aggregator of aggregate", aggregator),
    );
  }

  /**
   * Counts the records of each key. The counts' serde is by default that of 64-bit integers, Java's `Long`.
   */
  count(materialized?: Partial<Materialized<K, number>>): KTable<K, number> {
    // Kafka Streams uses up a store's number here, but not without settings; names must come out the same.
    if (materialized !== undefined && materialized.name === undefined) {
      this.#graph.newStoreName("KSTREAM-AGGREGATE");
    }
    return this.#build(
      "KSTREAM-AGGREGATE",
      { value: int64Serde(), ...materialized },
      () => 0,
      (_key, _value, count) => count + 1,
    );
  }

  /** Combines the values of each key two by two: the first one is the first result. */
  reduce(reducer: (aggregate: V, value: V) => V | null, materialized?: Materialized<K, V>): KTable<K, V> {
    const call = synchronous2("the reducer of reduce", reducer);
    return this.#build<V | null>(
      "KSTREAM-REDUCE",
      (materialized ?? { value: this.#grouped.value }) as Materialized<K, V | null>,
      () => null,
      (_key, value, aggregate) => aggregate === null ? value : call(aggregate, value),
    ) as KTable<K, V>;
  }

  /** Groups the records by windows of time too: tumbling, hopping or sliding ones, or sessions. */
  windowedBy(windows: TimeWindows | SlidingWindows): TimeWindowedKStream<K, V>;
  /** Groups the records by sessions too: times of activity with pauses between. */
  windowedBy(windows: SessionWindows): SessionWindowedKStream<K, V>;
  windowedBy(
    windows: TimeWindows | SlidingWindows | SessionWindows,
  ): TimeWindowedKStream<K, V> | SessionWindowedKStream<K, V> {
    return windows instanceof SessionWindows
      ? new SessionWindowedKStream(this.#graph, this.#parent, this.#grouped, windows)
      : new TimeWindowedKStream(this.#graph, this.#parent, this.#grouped, windows);
  }

  #build<A>(
    prefix: string,
    materialized: Materialized<K, A>,
    initializer: () => A,
    aggregation: Aggregation<K, V, A>,
  ): KTable<K, A> {
    const storeName = materialized.name ?? this.#graph.newStoreName(prefix);
    const name = this.#graph.newName(prefix);
    const parent = this.#parent.node(storeName);
    this.#graph.addStore({
      kind: "key-value",
      cacheable: true,
      name: storeName,
      key: materialized.key ?? this.#grouped.key,
      value: materialized.value,
      logged: materialized.logged ?? true,
      retentionMs: materialized.retentionMs ?? Infinity,
    });
    this.#graph.add({
      kind: "processor",
      name,
      parents: [parent],
      stores: [storeName],
      create: () => new Aggregate(storeName, initializer, aggregation),
    });
    return new KTable<K, A>(this.#graph, name, storeName, {
      key: materialized.key ?? this.#grouped.key,
      value: materialized.value,
    });
  }
}
