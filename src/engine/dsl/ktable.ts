import { TableToStream } from "../processors/stateless.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import { KStream } from "./kstream.ts";

/** A table: the latest value of each key, and the stream of its changes. */
export class KTable<K, V> {
  readonly #graph: BuilderGraph;
  readonly #nodeName: string;
  /** The store that holds the table. */
  readonly storeName: string;

  /** Tables are made by aggregations. */
  constructor(graph: BuilderGraph, nodeName: string, storeName: string) {
    this.#graph = graph;
    this.#nodeName = nodeName;
    this.storeName = storeName;
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
}
