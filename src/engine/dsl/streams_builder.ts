import type { Topology } from "../topology/topology.ts";
import { BuilderGraph } from "./builder_graph.ts";
import { KStream } from "./kstream.ts";
import type { Consumed } from "./options.ts";

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

  /** The records of a topic, or of several, as a stream. */
  stream<K, V>(topics: string | readonly string[], consumed: Consumed<K, V>): KStream<K, V> {
    const name = this.#graph.newName("KSTREAM-SOURCE");
    this.#graph.add({
      kind: "source",
      name,
      topics: typeof topics === "string" ? [topics] : topics,
      ...consumed,
    });
    return new KStream<K, V>(this.#graph, name);
  }

  /** The topology of all that was described so far. */
  build(): Topology {
    return this.#graph.build();
  }
}
