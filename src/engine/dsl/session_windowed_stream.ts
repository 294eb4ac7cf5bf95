import { int64Serde } from "../../serde/primitives.ts";
import { SessionAggregate, type SessionAggregation } from "../processors/session_aggregate.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import type { KTable } from "./ktable.ts";
import type { Grouped } from "./options.ts";
import type { AggregationParent } from "./repartition.ts";
import { addWindowedAggregation, type WindowMaterialized } from "./windowed_aggregation.ts";
import type { SessionWindows } from "../windows/session_windows.ts";
import { sessionWindowedSerde, type Windowed } from "../windows/windowed.ts";

/**
 * Records grouped by their keys and by sessions, to be aggregated. Records without a key, and late ones, are
 * dropped and counted.
 */
export class SessionWindowedKStream<K, V> {
  readonly #graph: BuilderGraph;
  readonly #parent: AggregationParent<K, V>;
  readonly #grouped: Grouped<K, V>;
  readonly #windows: SessionWindows;

  /**
   * Made by `KGroupedStream.windowedBy`.
   * @ignore
   */
  constructor(
    graph: BuilderGraph,
    parent: AggregationParent<K, V>,
    grouped: Grouped<K, V>,
    windows: SessionWindows,
  ) {
    this.#graph = graph;
    this.#parent = parent;
    this.#grouped = grouped;
    this.#windows = windows;
  }

  /**
   * Aggregates the values of each session, beginning with what `initializer` gives.
   *
   * @param aggregator Gives the new aggregate of a session, its key, the next value and the old aggregate,
   * which it may change in place and return; `null` removes the session.
   * @param merger Joins the aggregates of two sessions that a record has made one; it may change either in
   * place and return it. It also gets what `initializer` gave, as the first.
   */
  aggregate<A>(
    initializer: () => A,
    aggregator: (key: K, value: V, aggregate: A) => A | null,
    merger: (key: K, aggregate: A, other: A) => A,
    materialized: WindowMaterialized<K, A>,
  ): KTable<Windowed<K>, A> {
    return this.#build("KSTREAM-AGGREGATE", materialized, {
      initializer,
      // An aggregate that is null is what the functions made it.
      aggregator: (key, value, aggregate) => aggregator(key, value, aggregate as A),
      merger: (key, aggregate, other) => merger(key, aggregate as A, other),
    });
  }

  /** Counts the records of each session. Without `materialized` the store has a generated name. */
  count(materialized?: WindowMaterialized<K, number>): KTable<Windowed<K>, number> {
    // Kafka Streams uses up a store's number here; names must come out the same.
    if (materialized !== undefined && materialized.name === undefined) {
      this.#graph.newStoreName("KSTREAM-AGGREGATE");
    }
    return this.#build("KSTREAM-AGGREGATE", materialized ?? { value: int64Serde() }, {
      initializer: () => 0,
      aggregator: (_key, _value, count) => (count ?? 0) + 1,
      merger: (_key, count, other) => (count ?? 0) + other,
    });
  }

  /** Combines the values of each session two by two: the first one is the first result. */
  reduce(
    reducer: (aggregate: V, value: V) => V | null,
    materialized?: WindowMaterialized<K, V>,
  ): KTable<Windowed<K>, V> {
    const combine = (aggregate: V | null, value: V): V | null =>
      aggregate === null ? value : reducer(aggregate, value);
    return this.#build("KSTREAM-REDUCE", materialized ?? { value: this.#grouped.value }, {
      initializer: () => null,
      aggregator: (_key, value, aggregate) => combine(aggregate, value),
      merger: (_key, aggregate, other) => combine(aggregate, other),
    });
  }

  #build<A>(
    prefix: string,
    materialized: WindowMaterialized<K, A>,
    aggregation: SessionAggregation<K, V, A>,
  ): KTable<Windowed<K>, A> {
    const windows = this.#windows;
    const { inactivityGapMs, graceMs } = windows;
    return addWindowedAggregation(this.#graph, this.#parent, this.#grouped, {
      prefix,
      materialized,
      kind: "session",
      // Until then a record can make the session longer.
      closesAfterMs: inactivityGapMs + graceMs,
      leastRetentionMs: inactivityGapMs + graceMs,
      windowedKey: sessionWindowedSerde(materialized.key ?? this.#grouped.key),
      create: (storeName) => new SessionAggregate<K, V, A>(storeName, windows, aggregation),
    });
  }
}
