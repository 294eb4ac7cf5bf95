import type { NodeDef, SourceDef } from "./nodes.ts";

/**
 * Nodes that are connected, by edges or by a store that they share. One task of it processes one partition.
 */
export interface Subtopology {
  readonly id: number;
  /** The nodes' names, in the order in which they were added. */
  readonly nodes: readonly string[];
  readonly stores: readonly string[];
  readonly sourceTopics: readonly string[];
  readonly sinkTopics: readonly string[];
}

/**
 * Splits a topology into its connected parts, numbered in the order of their first sources, as Kafka Streams
 * does.
 */
export function subtopologies(nodes: ReadonlyMap<string, NodeDef>, stores: Iterable<string>): Subtopology[] {
  const storeNames = [...stores];
  const leader = new Map<string, string>();
  const find = (name: string): string => {
    const up = leader.get(name)!;
    if (up === name) return name;
    const top = find(up);
    leader.set(name, top);
    return top;
  };
  const union = (a: string, b: string): void => {
    leader.set(find(b), find(a));
  };
  const userOfStore = new Map<string, string>();
  for (const node of nodes.values()) {
    leader.set(node.name, node.name);
    if (node.kind !== "source") { for (const parent of node.parents) union(parent, node.name); }
    if (node.kind !== "processor") continue;
    for (const store of node.stores) {
      const user = userOfStore.get(store);
      if (user === undefined) userOfStore.set(store, node.name);
      else union(user, node.name);
    }
  }
  const groups = new Map<string, string[]>();
  const sources = [...nodes.values()].filter((node): node is SourceDef => node.kind === "source");
  for (const source of sources) if (!groups.has(find(source.name))) groups.set(find(source.name), []);
  for (const name of nodes.keys()) groups.get(find(name))!.push(name);
  return [...groups.values()].map((names, id) => {
    const own = names.map((name) => nodes.get(name)!);
    return {
      id,
      nodes: names,
      stores: storeNames.filter((store) => {
        const user = userOfStore.get(store);
        return user !== undefined && names.includes(user);
      }),
      sourceTopics: own.flatMap((node) => node.kind === "source" ? node.topics : []),
      sinkTopics: [...new Set(own.flatMap((node) => node.kind === "sink" ? [node.topic] : []))],
    };
  });
}
