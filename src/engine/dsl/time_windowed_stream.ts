import { int64Serde } from "../../serde/primitives.ts";
import { SlidingWindowAggregate } from "../processors/sliding_window_aggregate.ts";
import { WindowAggregate, type WindowAggregation } from "../processors/window_aggregate.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import type { KTable } from "./ktable.ts";
import type { Grouped } from "./options.ts";
import type { AggregationParent } from "./repartition.ts";
import { addWindowedAggregation, type WindowMaterialized } from "./windowed_aggregation.ts";
import { SlidingWindows } from "../windows/sliding_windows.ts";
import type { TimeWindows } from "../windows/time_windows.ts";
import { type Windowed, windowedSerde } from "../windows/windowed.ts";

/**
 * Records grouped by their keys and by windows of time, to be aggregated. Records without a key, and late
 * ones, are dropped and counted.
 */
export class TimeWindowedKStream<K, V> {
  readonly #graph: BuilderGraph;
  readonly #parent: AggregationParent<K, V>;
  readonly #grouped: Grouped<K, V>;
  readonly #windows: TimeWindows | SlidingWindows;

  /**
   * Made by `KGroupedStream.windowedBy`.
   * @ignore
   */
  constructor(
    graph: BuilderGraph,
    parent: AggregationParent<K, V>,
    grouped: Grouped<K, V>,
    windows: TimeWindows | SlidingWindows,
  ) {
    this.#graph = graph;
    this.#parent = parent;
    this.#grouped = grouped;
    this.#windows = windows;
  }

  /**
   * Aggregates the values of each key and window, beginning with what `initializer` gives.
   *
   * @param aggregator Gives the new aggregate of a window, its key, the next value and the old aggregate,
   * which it may change in place and return; `null` removes the window.
   */
  aggregate<A>(
    initializer: () => A,
    aggregator: (key: K, value: V, aggregate: A) => A | null,
    materialized: WindowMaterialized<K, A>,
  ): KTable<Windowed<K>, A> {
    return this.#build("KSTREAM-AGGREGATE", materialized, {
      initializer,
      // An aggregate that is null is what the aggregator or the initializer made it.
      aggregator: (key, value, aggregate) => aggregator(key, value, aggregate as A),
    });
  }

  /** Counts the records of each key and window. Without `materialized` the store has a generated name. */
  count(materialized?: WindowMaterialized<K, number>): KTable<Windowed<K>, number> {
    // Kafka Streams uses up a store's number here; names must come out the same.
    if (
      materialized !== undefined && materialized.name === undefined &&
      !(this.#windows instanceof SlidingWindows)
    ) {
      this.#graph.newStoreName("KSTREAM-AGGREGATE");
    }
    return this.#build("KSTREAM-AGGREGATE", materialized ?? { value: int64Serde() }, {
      initializer: () => 0,
      aggregator: (_key, _value, count) => (count ?? 0) + 1,
    });
  }

  /** Combines the values of each key and window two by two: the first one is the first result. */
  reduce(
    reducer: (aggregate: V, value: V) => V | null,
    materialized?: WindowMaterialized<K, V>,
  ): KTable<Windowed<K>, V> {
    return this.#build("KSTREAM-REDUCE", materialized ?? { value: this.#grouped.value }, {
      initializer: () => null,
      aggregator: (_key, value, aggregate) => aggregate === null ? value : reducer(aggregate, value),
    });
  }

  #build<A>(
    prefix: string,
    materialized: WindowMaterialized<K, A>,
    aggregation: WindowAggregation<K, V, A>,
  ): KTable<Windowed<K>, A> {
    const windows = this.#windows;
    const sliding = windows instanceof SlidingWindows;
    const sizeMs = sliding ? windows.timeDifferenceMs : windows.sizeMs;
    return addWindowedAggregation(this.#graph, this.#parent, this.#grouped, {
      prefix,
      materialized,
      kind: "window",
      closesAfterMs: windows.graceMs,
      // A new sliding window can need what the windows before it have.
      leastRetentionMs: Math.max(1, (sliding ? 2 : 1) * sizeMs + windows.graceMs),
      windowedKey: windowedSerde(materialized.key ?? this.#grouped.key, sizeMs),
      create: (storeName) =>
        sliding
          ? new SlidingWindowAggregate<K, V, A>(storeName, windows, aggregation)
          : new WindowAggregate<K, V, A>(storeName, windows, aggregation),
    });
  }
}
