/**
 * A topology as the page draws it.
 *
 * @module
 */
import type { Topology } from "../engine/mod.ts";
import type { PagePart } from "./snapshot.ts";

/** The parts of a topology, in the order of the records. */
export function topologyParts(topology: Topology): PagePart[] {
  return topology.subtopologies().map(({ id, nodes }) => {
    const defs = nodes.map((name) => topology.nodes.get(name)!);
    return {
      id,
      sources: defs.flatMap((def) => def.kind === "source" ? def.topics : []),
      steps: defs.flatMap((def) => def.kind === "processor" ? [stepOf(def.name)] : []),
      stores: [...new Set(defs.flatMap((def) => def.kind === "processor" ? def.stores : []))],
      sinks: [...new Set(defs.flatMap((def) => def.kind === "sink" ? [def.topic] : []))],
    };
  });
}

/** What people read of a name that was numbered, such as `aggregate` of `KSTREAM-AGGREGATE-0000000009`. */
function stepOf(name: string): string {
  return /^K(?:STREAM|TABLE)-([A-Z]+)-\d{10}$/.exec(name)?.[1]?.toLowerCase() ?? name;
}
