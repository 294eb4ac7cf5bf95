import type { PageInstance } from "../../src/dashboard/snapshot.ts";
import type { GroupLook } from "../../src/scaling/group.ts";

/** An instance that has these partitions of one topic, each with so much that comes. */
export function instance(
  name: string,
  partitions: readonly number[],
  arrival: number,
  more: Partial<PageInstance> = {},
): PageInstance {
  return {
    name,
    ready: true,
    capacity: 10_000,
    busy: 0.5,
    partitions: partitions.map((partition) => ({ topic: "in", partition, lag: 0, arrival })),
    ...more,
  };
}

/** A look at instances, at a second of the day. */
export function look(
  second: number,
  instances: readonly PageInstance[],
  more: Partial<GroupLook> = {},
): GroupLook {
  return { atMs: second * 1_000, instances, running: instances.length, ...more };
}
