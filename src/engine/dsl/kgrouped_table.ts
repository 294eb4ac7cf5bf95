import { TableAggregate } from "../processors/table_group.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import { changeSerde } from "./change_serde.ts";
import { KTable } from "./ktable.ts";
import type { Grouped, TableMaterialized } from "./options.ts";
import { repartitionTopic } from "./repartition.ts";
import { tableStore } from "./table_store.ts";

/**
 * A table's entries grouped by other keys, to be aggregated: an entry that changes leaves its group and
 * enters the new one.
 */
export class KGroupedTable<K, V> {
  readonly #graph: BuilderGraph;
  readonly #parent: string;
  readonly #grouped: Grouped<K, V>;
  /** The repartition that aggregations of a named grouping share. */
  #shared: { sink: string; source: string } | undefined;

  /**
   * Made by `KTable.groupBy`.
   * @ignore
   */
  constructor(graph: BuilderGraph, parent: string, grouped: Grouped<K, V>) {
    this.#graph = graph;
    this.#parent = parent;
    this.#grouped = grouped;
  }

  /** Counts the entries of each group. */
  count(materialized: TableMaterialized<K, number>): KTable<K, number> {
    return this.#build(
      "KTABLE-AGGREGATE",
      materialized,
      (_key, _value, count) => (count ?? 0) + 1,
      (_key, _value, count) => count - 1,
    );
  }

  /**
   * Combines the values of each group two by two: the first one is the first result.
   *
   * @param adder Puts a value in.
   * @param subtractor Takes a value out that was put in before.
   */
  reduce(
    adder: (aggregate: V, value: V) => V | null,
    subtractor: (aggregate: V, value: V) => V | null,
    materialized: TableMaterialized<K, V> = { value: this.#grouped.value },
  ): KTable<K, V> {
    return this.#build(
      "KTABLE-REDUCE",
      materialized,
      (_key, value, aggregate) => aggregate === null ? value : adder(aggregate, value),
      (_key, value, aggregate) => subtractor(aggregate, value),
    );
  }

  /**
   * Aggregates the values of each group, beginning with what `initializer` gives.
   *
   * @param adder Puts a value in.
   * @param subtractor Takes a value out that was put in before; `null` removes the group.
   */
  aggregate<A>(
    initializer: () => A,
    adder: (key: K, value: V, aggregate: A) => A | null,
    subtractor: (key: K, value: V, aggregate: A) => A | null,
    materialized: TableMaterialized<K, A>,
  ): KTable<K, A> {
    return this.#build(
      "KTABLE-AGGREGATE",
      materialized,
      (key, value, aggregate) => adder(key, value, aggregate === null ? initializer() : aggregate),
      subtractor,
    );
  }

  #build<A>(
    prefix: string,
    materialized: TableMaterialized<K, A>,
    adder: (key: K, value: V, aggregate: A | null) => A | null,
    subtractor: (key: K, value: V, aggregate: A) => A | null,
  ): KTable<K, A> {
    const graph = this.#graph;
    const key = materialized.key ?? this.#grouped.key;
    // The prefix of reductions' stores too, as in Kafka Streams.
    const storeName = materialized.name ?? graph.newStoreName("KTABLE-AGGREGATE");
    const sink = graph.newName("KSTREAM-SINK");
    const source = graph.newName("KSTREAM-SOURCE");
    const name = graph.newName(prefix);
    const parent = this.#repartition(sink, source, storeName);
    graph.addStore(tableStore(storeName, key, materialized));
    graph.add({
      kind: "processor",
      name,
      parents: [parent],
      stores: [storeName],
      create: () => new TableAggregate(storeName, adder, subtractor),
    });
    return new KTable<K, A>(graph, name, storeName, { key, value: materialized.value });
  }

  /** Returns the source where the changes come back in. */
  #repartition(sink: string, source: string, storeName: string): string {
    const graph = this.#graph;
    const { name, key, value } = this.#grouped;
    if (name !== undefined && this.#shared !== undefined) {
      graph.reuse([this.#shared.sink, this.#shared.source]);
      return this.#shared.source;
    }
    const topic = repartitionTopic(name ?? storeName);
    const changes = changeSerde(value);
    graph.topology.addRepartitionTopic({ name: topic });
    graph.add({ kind: "sink", name: sink, parents: [this.#parent], topic, key, value: changes });
    graph.add({ kind: "source", name: source, topics: [topic], key, value: changes });
    this.#shared = { sink, source };
    return source;
  }
}
