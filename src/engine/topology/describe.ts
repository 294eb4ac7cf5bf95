import type { NodeDef } from "./nodes.ts";
import type { Subtopology } from "./subtopologies.ts";

/**
 * Describes a topology in the words of Kafka Streams' `TopologyDescription`, with a node's arrows on its own
 * line. Nodes come by the size of what follows them, largest first, then by name.
 */
export function describeTopology(
  nodes: ReadonlyMap<string, NodeDef>,
  subtopologies: readonly Subtopology[],
): string {
  const lines = ["Topologies:"];
  for (const subtopology of subtopologies) {
    lines.push(
      ...(subtopology.id === 0 ? ["   Sub-topology: 0"] : ["", `  Sub-topology: ${subtopology.id}`]),
    );
    const graph = new Graph(subtopology.nodes.map((name) => nodes.get(name)!));
    for (const node of graph.inOrder()) lines.push(`    ${graph.line(node)}`);
  }
  return lines.join("\n");
}

interface Described {
  readonly def: NodeDef;
  readonly predecessors: Described[];
  readonly successors: Described[];
  /** How many nodes follow, itself included; one that is reached by two ways counts twice. */
  size: number;
}

class Graph {
  readonly #nodes = new Map<string, Described>();

  constructor(defs: readonly NodeDef[]) {
    for (const def of inJavaHashOrder(defs, (def) => def.name)) {
      this.#nodes.set(def.name, { def, predecessors: [], successors: [], size: 1 });
    }
    // Java's sets sort by the sizes at the time of insertion, so the order of the same steps is kept.
    for (const node of this.#nodes.values()) {
      if (node.def.kind === "source") continue;
      for (const name of node.def.parents) {
        const parent = this.#nodes.get(name)!;
        insert(node.predecessors, parent);
        insert(parent.successors, node);
        addSize(parent, node.size);
      }
    }
  }

  inOrder(): Described[] {
    return [...this.#nodes.values()].sort(compareNodes);
  }

  line({ def, successors, predecessors }: Described): string {
    const next = `--> ${names(successors)}`;
    const previous = `<-- ${names(predecessors)}`;
    switch (def.kind) {
      case "source":
        return `Source: ${def.name} (topics: [${set(def.topics)}]) ${next}`;
      case "processor":
        return `Processor: ${def.name} (stores: [${set(def.stores)}]) ${next} ${previous}`;
      case "sink":
        return `Sink: ${def.name} (topic: ${def.topic}) ${previous}`;
    }
  }
}

function names(nodes: readonly Described[]): string {
  return nodes.length === 0 ? "none" : nodes.map((node) => node.def.name).join(", ");
}

function compareNodes(a: Described, b: Described): number {
  if (a.size !== b.size) return b.size - a.size;
  return a.def.name < b.def.name ? -1 : a.def.name > b.def.name ? 1 : 0;
}

function insert(sorted: Described[], node: Described): void {
  const at = sorted.findIndex((other) => compareNodes(node, other) < 0);
  sorted.splice(at < 0 ? sorted.length : at, 0, node);
}

function addSize(node: Described, delta: number): void {
  node.size += delta;
  for (const predecessor of node.predecessors) addSize(predecessor, delta);
}

function set(names: readonly string[]): string {
  return inJavaHashOrder(names, (name) => name).join(", ");
}

/** The order in which a Java `HashMap` of these keys is walked: by bucket, then by insertion. */
function inJavaHashOrder<T>(values: readonly T[], key: (value: T) => string): T[] {
  let buckets = 16;
  while (values.length > buckets * 0.75) buckets *= 2;
  const bucket = (name: string): number => {
    let hash = 0;
    for (let i = 0; i < name.length; i++) hash = (Math.imul(31, hash) + name.charCodeAt(i)) | 0;
    return (hash ^ (hash >>> 16)) & (buckets - 1);
  };
  return values.map((value) => ({ value, bucket: bucket(key(value)) })).sort((a, b) => a.bucket - b.bucket)
    .map(({ value }) => value);
}
