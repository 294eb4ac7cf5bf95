import type { Serde } from "../../serde/serde.ts";
import { RepartitionFilter } from "../processors/stateless.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import type { Grouped } from "./options.ts";

/** A topic that records go through to come to the tasks of their keys. */
export interface RepartitionDef<K, V> {
  /** The topic's name without the application id and `-repartition`. */
  readonly prefix: string;
  readonly key: Serde<K>;
  readonly value: Serde<V>;
  readonly partitions?: number | undefined;
}

/** The nodes of a repartition. */
export interface Repartition {
  /** Where the records come back in. */
  readonly source: string;
  /** The filter, the sink and the source. */
  readonly nodes: readonly string[];
}

/** The topic of a repartition, without the application id. */
export function repartitionTopic(prefix: string): string {
  return prefix.endsWith("-repartition") ? prefix : `${prefix}-repartition`;
}

/**
 * The nodes' names as Kafka Streams makes them: numbers are used up also where the prefix names the nodes.
 */
export function repartitionNames(
  graph: BuilderGraph,
  prefix: string,
): { sink: string; filter: string; source: string } {
  const sink = graph.newName("KSTREAM-SINK");
  const filter = graph.newName("KSTREAM-FILTER");
  const source = graph.newName("KSTREAM-SOURCE");
  if (/^KSTREAM.*-[0-9]{10}$/.test(prefix)) return { sink, filter, source };
  const topic = repartitionTopic(prefix);
  return { sink: `${topic}-sink`, filter: `${topic}-filter`, source: `${topic}-source` };
}

/**
 * Sends a node's records through a topic of their own: a filter, a sink, and a source in the next part of the
 * topology.
 */
export function addRepartition<K, V>(
  graph: BuilderGraph,
  parent: string,
  def: RepartitionDef<K, V>,
): Repartition {
  const names = repartitionNames(graph, def.prefix);
  return writeRepartition(graph, parent, def, names);
}

function writeRepartition<K, V>(
  graph: BuilderGraph,
  parent: string,
  { prefix, key, value, partitions }: RepartitionDef<K, V>,
  { sink, filter, source }: { sink: string; filter: string; source: string },
): Repartition {
  const topic = repartitionTopic(prefix);
  graph.topology.addRepartitionTopic({ name: topic, partitions });
  graph.add({
    kind: "processor",
    name: filter,
    parents: [parent],
    stores: [],
    // Asked when the task is made: joins that follow are not there yet.
    create: () => new RepartitionFilter(graph.keepsNullKeys(filter)),
  });
  graph.add({ kind: "sink", name: sink, parents: [filter], topic, key, value });
  graph.add({ kind: "source", name: source, topics: [topic], key, value });
  return { source, nodes: [filter, sink, source] };
}

/**
 * What an aggregation of a grouped stream follows: the stream itself, or where it comes back in after its key
 * was changed. Aggregations of one named grouping share a repartition topic; without a name each has its own.
 */
export class AggregationParent<K, V> {
  readonly #graph: BuilderGraph;
  readonly #parent: string;
  readonly #repartitionRequired: boolean;
  readonly #grouped: Grouped<K, V>;
  #shared: Repartition | undefined;

  constructor(graph: BuilderGraph, parent: string, repartitionRequired: boolean, grouped: Grouped<K, V>) {
    this.#graph = graph;
    this.#parent = parent;
    this.#repartitionRequired = repartitionRequired;
    this.#grouped = grouped;
  }

  /**
   * The node that the aggregation gets its records from. Call it after the names of the store and of the
   * aggregation's node were generated, and before the node is added: as Kafka Streams numbers them.
   */
  node(storeName: string): string {
    if (!this.#repartitionRequired) return this.#parent;
    const { name, key, value } = this.#grouped;
    const def = { prefix: name ?? storeName, key, value };
    if (name !== undefined && this.#shared !== undefined) {
      repartitionNames(this.#graph, def.prefix);
      this.#graph.reuse(this.#shared.nodes);
      return this.#shared.source;
    }
    return (this.#shared = addRepartition(this.#graph, this.#parent, def)).source;
  }
}
