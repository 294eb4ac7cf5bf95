import type { Topology } from "../topology/topology.ts";
import { BuilderGraph } from "./builder_graph.ts";
import { synchronous3 } from "../processors/callbacks.ts";
import { TableSource } from "../processors/table_values.ts";
import { KStream } from "./kstream.ts";
import { KTable } from "./ktable.ts";
import type { Consumed, Materialized, StoreOptions } from "./options.ts";
import { tableStore } from "./table_store.ts";
import { SourceTable } from "./table_supplier.ts";

/**
 * Builds a topology by describing what happens to streams, as Kafka Streams' `StreamsBuilder` does.
 *
 * @example Count words
 * ```ts
 * import { int64Serde, StreamsBuilder, stringSerde } from "../../../mod.ts";
 *
 * const text = { key: stringSerde(), value: stringSerde() };
 * const builder = new StreamsBuilder();
 * builder.stream("words", text)
 *   .groupByKey(text)
 *   .count({ value: int64Serde() })
 *   .toStream()
 *   .to("counts", { key: stringSerde(), value: int64Serde() });
 * const topology = builder.build();
 * ```
 */
export class StreamsBuilder {
  readonly #graph = new BuilderGraph();

  /**
   * The records of a topic, or of several, as a stream. Anybody may write a record without a key, so that its
   * type has `null`; that of values has not, since few topics have records without one: where they do, say
   * so by `stream<string, Order | null>(…)`.
   *
   * @throws {TopologyError} When no topic or serde is given.
   */
  stream<K, V>(topics: string | readonly string[], consumed: Consumed<K, V>): KStream<K | null, V> {
    const name = this.#graph.newName("KSTREAM-SOURCE");
    this.#graph.add({
      kind: "source",
      name,
      topics: typeof topics === "string" ? [topics] : topics,
      ...checkedExtractor(consumed),
    });
    return new KStream<K | null, V>(this.#graph, name);
  }

  /**
   * A topic as a table: each record is the new value of its key, `null` removes it. Records without a key are
   * dropped and counted.
   *
   * @param materialized With a name, the table is kept in a store of that name; else only where what follows
   * needs it.
   */
  table<K, V>(
    topic: string,
    consumed: Consumed<K, V>,
    materialized: Partial<Materialized<K, V>> = {},
  ): KTable<K, V> {
    const graph = this.#graph;
    const { key, value } = { ...consumed, ...materialized };
    const storeName = materialized.name ?? graph.newStoreName(topic);
    const source = graph.newName("KSTREAM-SOURCE");
    const name = graph.newName("KTABLE-SOURCE");
    graph.add({ kind: "source", name: source, topics: [topic], ...checkedExtractor(consumed) });
    graph.add({
      kind: "processor",
      name,
      parents: [source],
      stores: [],
      create: () => new TableSource(table.storeName),
    });
    const store = tableStore(storeName, key, { ...materialized, value });
    const table: SourceTable<K, V> = new SourceTable<K, V>(graph, name, store);
    if (materialized.name !== undefined) table.materialize();
    return new KTable<K, V>(graph, name, table, { key, value });
  }

  /**
   * Adds a key-value store for processors of the program's own (`KStream.process`).
   * @throws {TopologyError} When the name is taken.
   */
  addStore<K, V>(store: StoreOptions<K, V>): this {
    const { name, key, value, logged = true, retentionMs = Infinity } = store;
    this.#graph.addStore({ kind: "key-value", name, key, value, logged, retentionMs });
    return this;
  }

  /**
   * The topology of all that was described so far.
   *
   * @throws {TopologyError} When it reads nothing.
   */
  build(): Topology {
    return this.#graph.build();
  }
}

function checkedExtractor<K, V>(consumed: Consumed<K, V>): Consumed<K, V> {
  // A program without types may have left it out: the node is refused then.
  const timestampExtractor = (consumed as Consumed<K, V> | undefined)?.timestampExtractor;
  if (timestampExtractor === undefined) return consumed;
  return {
    ...consumed,
    timestampExtractor: synchronous3("the timestampExtractor of a source", timestampExtractor),
  };
}
