import { fingerprint } from "../../serde/avro/fingerprint.ts";
import type { Topology } from "./topology.ts";

/**
 * A short name of what instances of one application must have in common to share its tasks: the parts with
 * their numbers (a task is named by it, and so is its transactional id), the topics that each reads, and its
 * stores (a changelog is named by it) with their kinds. Not the code, the sinks or the settings: those may
 * differ while an application is upgraded instance by instance.
 *
 * @returns 16 hexadecimal digits.
 */
export function topologyFingerprint(topology: Topology): string {
  const parts = topology.subtopologies().map(({ id, sourceTopics, stores }) => ({
    id,
    sources: [...sourceTopics].sort(),
    stores: [...stores].sort().map((name) => {
      const { kind, logged } = topology.stores.get(name)!;
      return { name, kind, logged };
    }),
  }));
  const bytes = fingerprint(JSON.stringify(parts));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
