import { TableToStream } from "../processors/stateless.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import { KStream } from "./kstream.ts";
import { addSuppression, type Suppressed, type TableSerdes } from "./suppressed.ts";

/** A table: the latest value of each key, and the stream of its changes. */
export class KTable<K, V> {
  readonly #graph: BuilderGraph;
  readonly #nodeName: string;
  /** The store that holds the table. */
  readonly storeName: string;
  /** The serdes of its keys and values, where they are known. */
  readonly serdes: TableSerdes<K, V> | undefined;

  /** Tables are made by aggregations. */
  constructor(graph: BuilderGraph, nodeName: string, storeName: string, serdes?: TableSerdes<K, V>) {
    this.#graph = graph;
    this.#nodeName = nodeName;
    this.storeName = storeName;
    this.serdes = serdes;
  }

  /** The table's changes: a record for each new value of a key, `null` where a key was removed. */
  toStream(): KStream<K, V> {
    const name = this.#graph.newName("KTABLE-TOSTREAM");
    this.#graph.add({
      kind: "processor",
      name,
      parents: [this.#nodeName],
      stores: [],
      create: () => new TableToStream(),
    });
    return new KStream<K, V>(this.#graph, name);
  }

  /**
   * Holds the changes back: until windows close ({@linkcode untilWindowCloses}), or for a time ({@linkcode untilTimeLimit}).
   *
   * @param serdes Of the table's keys and values. Default: those that the table was made with.
   * @throws {TopologyError} When they are not known, or the table has no windows that could close.
   */
  suppress(suppressed: Suppressed, serdes: TableSerdes<K, V> | undefined = this.serdes): KTable<K, V> {
    const { name, storeName } = addSuppression(this.#graph, this.#nodeName, serdes, suppressed);
    return new KTable<K, V>(this.#graph, name, storeName, serdes);
  }
}
