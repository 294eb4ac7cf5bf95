import type { InstanceSnapshot, Snapshot } from "../../src/demo/snapshot.ts";

/** A ready instance with a load, but for what is said otherwise. */
export function instance(some: Partial<InstanceSnapshot> = {}): InstanceSnapshot {
  return {
    name: "streams-1",
    ready: true,
    leaving: false,
    partitions: [],
    capacity: 1000,
    busy: 0.5,
    load: 0.5,
    out: 500,
    ...some,
  };
}

/** A calm second with one instance, but for what is said otherwise. */
export function snapshot(second: number, some: Partial<Snapshot> = {}): Snapshot {
  return {
    atMs: second * 1000,
    phase: "calm",
    instances: [instance()],
    wanted: 1,
    running: 1,
    partitions: [],
    lag: 0,
    lagSeconds: 0,
    rates: { in: 0, out: 0, sessions: 0 },
    rebalances: 0,
    decision: undefined,
    lastSessions: [],
    ...some,
  };
}
