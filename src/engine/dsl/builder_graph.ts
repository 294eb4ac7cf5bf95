import { TopologyError } from "../errors.ts";
import type { StoreDef } from "../state/definitions.ts";
import type { NodeDef } from "../topology/nodes.ts";
import { Topology } from "../topology/topology.ts";

/** The topology that a builder's streams add to, with the counter of generated names. */
export class BuilderGraph {
  readonly topology: Topology = new Topology();
  #index = 0;
  /** By node: when Kafka Streams would write it into the topology. */
  readonly #priorities = new Map<string, number>();
  #nextPriority = 0;
  #reorder = false;
  readonly #keepingNullKeys = new Set<string>();
  /** By node of a windowed aggregation: how long after its end a window closes, in ms. */
  readonly #windowGraces = new Map<string, number>();

  /** A node's name as Kafka Streams generates it: the prefix and the next number, of ten digits. */
  newName(prefix: string): string {
    return `${prefix}-${String(this.#index++).padStart(10, "0")}`;
  }

  /**
   * The name that a step was given, else a generated one: the number is used up in both cases, as in Kafka
   * Streams.
   */
  nameOf(given: string | undefined, prefix: string): string {
    const generated = this.newName(prefix);
    return given ?? generated;
  }

  /** A store's generated name; it uses a number of the same counter. */
  newStoreName(prefix: string): string {
    return `${this.newName(`${prefix}-STATE-STORE`)}`;
  }

  add(node: NodeDef): void {
    this.topology.add(node);
    this.#priorities.set(node.name, this.#nextPriority++);
  }

  addStore(store: StoreDef): void {
    this.topology.addStore(store);
  }

  /**
   * Says that nodes are used again: Kafka Streams then writes them later, which can change the order of the
   * parts.
   */
  reuse(names: readonly string[]): void {
    for (const name of names) this.#priorities.set(name, this.#nextPriority);
    this.#nextPriority++;
    this.#reorder = true;
  }

  /**
   * Says that a join gives a result for records without a key too: repartitions before it must not drop them.
   */
  keepNullKeysBefore(name: string): void {
    const queue = [name];
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      if (this.#keepingNullKeys.has(next)) continue;
      this.#keepingNullKeys.add(next);
      queue.push(...this.#parents(next));
    }
  }

  /** Whether a repartition has to keep records without a key, since a left or outer join follows. */
  keepsNullKeys(name: string): boolean {
    return this.#keepingNullKeys.has(name);
  }

  /** Says how long after the end that a node's windowed keys tell their windows close, in ms. */
  setWindowGrace(name: string, graceMs: number): void {
    this.#windowGraces.set(name, graceMs);
  }

  /**
   * How long after their end the windows of a node close, in ms: the longest of those that it comes from.
   * `undefined` when one of them has no windows.
   */
  windowGraceBefore(name: string): number | undefined {
    const own = this.#windowGraces.get(name);
    if (own !== undefined) return own;
    const parents = this.#parents(name);
    const graces = parents.map((parent) => this.windowGraceBefore(parent));
    return parents.length === 0 || graces.includes(undefined) ? undefined : Math.max(...graces as number[]);
  }

  /**
   * The topology, with its nodes in the order in which Kafka Streams writes them.
   *
   * @throws {TopologyError} When it reads nothing.
   */
  build(): Topology {
    if (this.topology.nodes.size === 0) {
      throw new TopologyError(
        "Cannot build the topology: received no source, so that it would wait for ever; read a topic with " +
          "stream or table",
      );
    }
    if (this.#reorder) {
      const { nodes } = this.topology;
      const rest = [...nodes.keys()].sort((a, b) => this.#priorities.get(a)! - this.#priorities.get(b)!);
      const written = new Set<string>();
      while (rest.length > 0) {
        const next = rest.findIndex((name) => this.#parents(name).every((parent) => written.has(parent)));
        written.add(rest.splice(next, 1)[0]!);
      }
      this.topology.reorder([...written]);
    }
    return this.topology;
  }

  /** A node's parents; those of a repartition topic's source are its sinks. */
  #parents(name: string): readonly string[] {
    const { nodes, repartitionTopics } = this.topology;
    const node = nodes.get(name)!;
    if (node.kind !== "source") return node.parents;
    const sinks: string[] = [];
    for (const other of nodes.values()) {
      if (other.kind === "sink" && repartitionTopics.has(other.topic) && node.topics.includes(other.topic)) {
        sinks.push(other.name);
      }
    }
    return sinks;
  }
}
