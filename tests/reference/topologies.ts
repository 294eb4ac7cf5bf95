/**
 * The topologies that are compared with Kafka Streams, by name.
 *
 * @module
 */
import type { ReferenceTopologies, ReferenceTopology } from "./plan.ts";
import { aggregateTopologies } from "./topologies/aggregate.ts";
import { keyTopologies } from "./topologies/keys.ts";
import { splitTopologies } from "./topologies/split.ts";
import { outerJoinTopologies } from "./topologies/outer_join.ts";
import { tableTopologies } from "./topologies/table.ts";
import { processTopologies } from "./topologies/process.ts";
import { joinTopologies } from "./topologies/join.ts";
import { statelessTopologies } from "./topologies/stateless.ts";
import { suppressTopologies } from "./topologies/suppress.ts";
import { windowTopologies } from "./topologies/window.ts";
import { windowEdgeTopologies } from "./topologies/window_edges.ts";

const ALL: ReferenceTopologies = {
  ...statelessTopologies,
  ...aggregateTopologies,
  ...joinTopologies,
  ...keyTopologies,
  ...splitTopologies,
  ...outerJoinTopologies,
  ...tableTopologies,
  ...processTopologies,
  ...windowTopologies,
  ...suppressTopologies,
  ...windowEdgeTopologies,
};

/** Their names. */
export const topologyNames: readonly string[] = Object.keys(ALL);

/** The topology of a name. @throws {Error} When there is none. */
export function topologyOf(name: string): ReferenceTopology {
  const topology = ALL[name];
  if (topology === undefined) {
    throw new Error(
      `Cannot compare a topology: received the name "${name}"; there are ${topologyNames.join(", ")}`,
    );
  }
  return topology;
}
