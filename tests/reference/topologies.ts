/**
 * The topologies that are compared with Kafka Streams, by name.
 *
 * @module
 */
import type { ReferenceTopologies, ReferenceTopology } from "./plan.ts";
import { aggregateTopologies } from "./topologies/aggregate.ts";
import { joinTopologies } from "./topologies/join.ts";
import { statelessTopologies } from "./topologies/stateless.ts";

const ALL: ReferenceTopologies = {
  ...statelessTopologies,
  ...aggregateTopologies,
  ...joinTopologies,
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
