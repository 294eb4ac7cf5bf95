import type { BoundTopology } from "../topology/bound_topology.ts";

/**
 * How long a record may wait for promises on its way through a topology at most, in ms; 0 without steps that
 * wait.
 *
 * @param names The nodes of the part that is meant. Default: all.
 */
export function callTimeoutMs(
  { topology: { nodes } }: BoundTopology,
  names: Iterable<string> = nodes.keys(),
): number {
  let sum = 0;
  for (const name of names) {
    const node = nodes.get(name)!;
    if (node.kind === "processor") sum += node.callTimeoutMs ?? 0;
  }
  return sum;
}
