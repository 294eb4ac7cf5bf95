/**
 * A topology: sources, processors, sinks and stores, by name. The DSL builds it; programs see what it is
 * like, and the engine takes it apart by the members that are internal.
 *
 * @module
 */
import { TopologyError } from "../errors.ts";
import type { Serde } from "../../serde/serde.ts";
import type { StoreDef } from "../state/definitions.ts";
import { describeTopology } from "./describe.ts";
import type { NodeDef, RepartitionTopic, SinkDef } from "./nodes.ts";
import { subtopologies, type Subtopology } from "./subtopologies.ts";
import { refuseNoTopicName } from "./topic_names.ts";

/**
 * Refuses what is no serde.
 *
 * @param what What can't be done, such as `add node KSTREAM-SOURCE-0000000000`.
 * @throws {TopologyError} When it has not the methods of one.
 */
export function refuseNoSerde(
  what: string,
  part: "key" | "value",
  given: Partial<Serde<unknown>> | undefined,
): void {
  if (typeof given?.decode === "function" && typeof given.encode === "function") return;
  throw new TopologyError(
    `Cannot ${what}: received no serde for its ${part}s; give one, such as { ${part}: stringSerde() }`,
  );
}

/**
 * The graph of a stream program, as `StreamsBuilder.build` gives it to `StreamsApp`.
 *
 * @example
 * ```ts
 * import { StreamsBuilder, stringSerde } from "../../../mod.ts";
 *
 * const builder = new StreamsBuilder();
 * builder.stream("words", { key: stringSerde(), value: stringSerde() })
 *   .mapValues((word) => word.toUpperCase())
 *   .to("shouts", { key: stringSerde(), value: stringSerde() });
 * console.log(builder.build().describe());
 * ```
 */
export class Topology {
  readonly #nodes = new Map<string, NodeDef>();
  readonly #stores = new Map<string, StoreDef>();
  readonly #copartitioned: string[][] = [];
  readonly #repartitionTopics = new Map<string, RepartitionTopic>();

  /**
   * The nodes in the order in which they were added; a node comes after its parents.
   * @ignore
   */
  get nodes(): ReadonlyMap<string, NodeDef> {
    return this.#nodes;
  }

  /**
   * The stores' definitions, by name.
   * @ignore
   */
  get stores(): ReadonlyMap<string, StoreDef> {
    return this.#stores;
  }

  /** The topics between the parts of the topology, by name. */
  get repartitionTopics(): ReadonlyMap<string, RepartitionTopic> {
    return this.#repartitionTopics;
  }

  /** Groups of source topics that must have the same number of partitions, since they are joined. */
  get copartitioned(): readonly (readonly string[])[] {
    return this.#copartitioned;
  }

  /**
   * Adds a node after its parents.
   *
   * @ignore
   * @throws {TopologyError} When a name is taken, a parent or store is unknown, a source or sink has no
   * topic or serdes, or a sink writes to a topic that its own part reads.
   */
  add(node: NodeDef): this {
    if (this.#nodes.has(node.name)) {
      throw new TopologyError(
        `Cannot add node ${node.name}: received a name that is taken; give each node its own name`,
      );
    }
    this.#refuseNoTopic(node);
    this.#refuseNoSerdes(node);
    if (node.kind === "source") {
      for (const topic of node.topics) {
        for (const other of this.#nodes.values()) {
          if (other.kind === "source" && other.topics.includes(topic)) {
            throw new TopologyError(
              `Cannot add source ${node.name}: received topic ${topic}, which source ${other.name} reads ` +
                "already; use that stream twice instead",
            );
          }
        }
      }
    } else {
      if (node.parents.length === 0) {
        throw new TopologyError(
          `Cannot add node ${node.name}: received no parents; name what it gets its records from`,
        );
      }
      for (const parent of node.parents) {
        const known = this.#nodes.get(parent);
        if (known === undefined || known.kind === "sink") {
          throw new TopologyError(
            `Cannot add node ${node.name}: received parent ${parent}, which is ${
              known ? "a sink" : "not there"
            }; add sources and processors before what follows them`,
          );
        }
      }
    }
    if (node.kind === "sink") this.#refuseOwnSource(node);
    if (node.kind === "processor") {
      this.#nodes.set(node.name, { ...node, stores: [] });
      try {
        this.connect(node.name, node.stores);
      } catch (error) {
        this.#nodes.delete(node.name);
        throw error;
      }
    } else this.#nodes.set(node.name, node);
    return this;
  }

  /**
   * Lets a processor use more stores.
   *
   * @ignore
   * @throws {TopologyError} When the processor or a store is unknown.
   */
  connect(processor: string, stores: readonly string[]): this {
    const node = this.#nodes.get(processor);
    if (node?.kind !== "processor") {
      throw new TopologyError(
        `Cannot connect stores to ${processor}: received ${
          node === undefined ? "a name that is not there" : `a ${node.kind}`
        }; only processors use stores`,
      );
    }
    for (const store of stores) {
      if (!this.#stores.has(store)) {
        throw new TopologyError(
          `Cannot add node ${processor}: received store ${store}, which is not there; add the store first`,
        );
      }
    }
    this.#nodes.set(processor, { ...node, stores: [...new Set([...node.stores, ...stores])] });
    return this;
  }

  /**
   * Says that a topic is one of the topology's own: it is created when the topology starts.
   *
   * @ignore
   * @throws {TopologyError} When the name is taken, or the number of partitions is none.
   */
  addRepartitionTopic(topic: RepartitionTopic): this {
    const { name, partitions } = topic;
    if (this.#repartitionTopics.has(name)) {
      throw new TopologyError(
        `Cannot add repartition topic ${name}: received a name that is used twice; give each repartition ` +
          "its own name",
      );
    }
    if (partitions !== undefined && !(Number.isInteger(partitions) && partitions > 0)) {
      throw new TopologyError(
        `Cannot add repartition topic ${name}: received ${partitions} partitions; it must be a whole ` +
          "number of at least 1",
      );
    }
    this.#repartitionTopics.set(name, topic);
    return this;
  }

  /**
   * Puts the nodes in another order, which must still have a node after its parents; the DSL does where Kafka
   * Streams does.
   * @ignore
   */
  reorder(names: readonly string[]): this {
    const nodes = names.map((name) => this.#nodes.get(name)!);
    this.#nodes.clear();
    for (const node of nodes) this.#nodes.set(node.name, node);
    return this;
  }

  /**
   * Adds a store.
   *
   * @ignore
   * @throws {TopologyError} When the name is taken or can't be in a topic's, or the retention is not a time.
   */
  addStore(store: StoreDef): this {
    if (this.#stores.has(store.name)) {
      throw new TopologyError(
        `Cannot add store ${store.name}: received a name that is used twice; give each store its own name`,
      );
    }
    refuseNoTopicName("add a store", store.name);
    if (!(store.retentionMs > 0)) {
      throw new TopologyError(
        `Cannot add store ${store.name}: received retention ${store.retentionMs} ms; it must be more than 0`,
      );
    }
    this.#stores.set(store.name, store);
    return this;
  }

  /**
   * Says that topics must have the same number of partitions.
   * @ignore
   */
  copartition(topics: readonly string[]): this {
    if (topics.length > 1) this.#copartitioned.push([...topics]);
    return this;
  }

  /**
   * The parts of the graph that share nothing: their tasks are assigned independently.
   * @ignore
   */
  subtopologies(): Subtopology[] {
    return subtopologies(this.#nodes, this.#stores.keys());
  }

  /** The source topics that a node's records come from. */
  sourceTopicsOf(name: string): string[] {
    const node = this.#nodes.get(name);
    if (node === undefined) return [];
    if (node.kind === "source") return [...node.topics];
    return [...new Set(node.parents.flatMap((parent) => this.sourceTopicsOf(parent)))];
  }

  /**
   * The text that Kafka Streams prints for the same topology (`Topology#describe`), each node on one line.
   */
  describe(): string {
    return describeTopology(this.#nodes, this.subtopologies());
  }

  /** The topics that a node's records come from, also by way of repartition topics. */
  #allTopicsOf(name: string, seen: Set<string> = new Set()): Set<string> {
    for (const topic of this.sourceTopicsOf(name)) {
      if (seen.has(topic)) continue;
      seen.add(topic);
      if (!this.#repartitionTopics.has(topic)) continue;
      for (const node of this.#nodes.values()) {
        if (node.kind !== "sink" || node.topic !== topic) continue;
        for (const parent of node.parents) this.#allTopicsOf(parent, seen);
      }
    }
    return seen;
  }

  #refuseNoTopic(node: NodeDef): void {
    const topics = node.kind === "source" ? node.topics : node.kind === "sink" ? [node.topic] : undefined;
    if (topics === undefined) return;
    if (topics.length === 0 || topics.includes("")) {
      throw new TopologyError(`Cannot add node ${node.name}: received no topic; name one`);
    }
    for (const topic of topics) refuseNoTopicName(`add node ${node.name}`, topic);
  }

  /** A program without types can leave serdes out. */
  #refuseNoSerdes(node: NodeDef): void {
    if (node.kind === "processor") return;
    for (const part of ["key", "value"] as const) refuseNoSerde(`add node ${node.name}`, part, node[part]);
  }

  #refuseOwnSource(sink: SinkDef): void {
    for (const parent of sink.parents) {
      if (this.#allTopicsOf(parent).has(sink.topic)) {
        throw new TopologyError(
          `Cannot add sink ${sink.name}: received topic ${sink.topic}, which it reads itself, so its ` +
            "output would come back for ever; write to another topic",
        );
      }
    }
  }
}
