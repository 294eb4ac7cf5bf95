/**
 * Puts together what is known of a scaled application at one time: its instances as they tell of themselves,
 * and its topics as the log has them.
 *
 * @module
 */
import { loadOf } from "../autoscale/load.ts";
import { partitionKey } from "../kafka/port/topics.ts";
import { sumOf } from "../metrics/partition_gauges.ts";
import type { Fleet, InstanceLook } from "./fleet.ts";
import type { GroupPosition, GroupPositions } from "./group_positions.ts";
import type { InstanceSnapshot, PartitionSnapshot, Snapshot } from "./snapshot.ts";

/** Counts of what the observer does not see itself, since the start. */
export interface OutsideCounts {
  /** Records that the generator wrote. */
  readonly sent: number;
  /** Sessions that came out. */
  readonly sessions: number;
}

/** What {@linkcode Observer.look} sees: a snapshot but for the autoscaler and the load's phase. */
export type Observation = Omit<Snapshot, "phase" | "wanted" | "decision" | "lastSessions">;

/** In how many seconds a lag is to be worked off. */
const CATCH_UP_SECONDS = 10;

/** Looks at an application again and again. */
export class Observer {
  readonly #fleet: Fleet;
  readonly #positions: GroupPositions;
  readonly #begun: number;
  #loads = new Map<string, number | undefined>();
  #last: { readonly atMs: number; readonly processed: number } & OutsideCounts = {
    atMs: 0,
    processed: 0,
    sent: 0,
    sessions: 0,
  };

  /** @param begun The time by `performance.now` from which on it counts. */
  constructor(fleet: Fleet, positions: GroupPositions, begun: number) {
    this.#fleet = fleet;
    this.#positions = positions;
    this.#begun = begun;
  }

  /** Asks log and instances. */
  async look(outside: () => OutsideCounts): Promise<Observation> {
    const now = performance.now();
    const counts = outside();
    const [position, looks] = await Promise.all([this.#positions.look(now), this.#fleet.look(now)]);
    const last = this.#last;
    const { processed } = position;
    this.#last = { atMs: now - this.#begun, processed, ...counts };
    const seconds = (this.#last.atMs - last.atMs) / 1000;
    const rate = (growth: number): number => seconds > 0 ? growth / seconds : 0;
    return {
      atMs: this.#last.atMs,
      instances: this.#held(looks.map((look) => instanceOf(look, position)), position.partitions),
      running: this.#fleet.running,
      partitions: position.partitions,
      lag: position.lag,
      lagSeconds: position.lagSeconds,
      rates: {
        in: rate(counts.sent - last.sent),
        out: rate(processed - last.processed),
        sessions: rate(counts.sessions - last.sessions),
      },
      rebalances: this.#fleet.rebalances,
    };
  }

  /**
   * While a partition moves, nobody tells of it, and what there is to do seems less than it is: loads keep
   * their last value then.
   */
  #held(instances: InstanceSnapshot[], all: readonly PartitionSnapshot[]): InstanceSnapshot[] {
    const told = new Set(instances.flatMap(({ partitions }) => partitions.map(keyOf)));
    const moving = all.some((partition) => !told.has(keyOf(partition)));
    const held = moving
      ? instances.map((instance) => ({ ...instance, load: this.#loads.get(instance.name) }))
      : instances;
    this.#loads = new Map(held.map(({ name, load }) => [name, load]));
    return held;
  }
}

function keyOf({ topic, partition }: PartitionSnapshot): string {
  return partitionKey(topic, partition);
}

function instanceOf(
  { name, ready, leaving, view, out, busy }: InstanceLook,
  group: GroupPosition,
): InstanceSnapshot {
  const partitions = view?.partitions?.map(({ topic, partition, lag }) => {
    const known = group.partitions.find((p) => p.topic === topic && p.partition === partition);
    return { topic, partition, lag, seconds: known?.seconds, arrival: known?.arrival };
  });
  return {
    name,
    ready,
    leaving,
    partitions: partitions ?? [],
    capacity: view?.capacity,
    busy,
    load: partitions === undefined ? undefined : loadOfAll(partitions, view?.capacity),
    out,
  };
}

/** What is there to do, of what can be done; `undefined` while a part of it is not known. */
function loadOfAll(partitions: readonly PartitionSnapshot[], capacity = 0): number | undefined {
  // Before it has worked, one that has partitions tells nothing, also where nothing has come to them yet.
  if (partitions.length > 0 && capacity <= 0) return undefined;
  return loadOf({
    arrival: sumOf(partitions.map(({ arrival }) => arrival)),
    lag: sumOf(partitions.map(({ lag }) => lag)),
    capacity,
    catchUpSeconds: CATCH_UP_SECONDS,
  });
}
