import { mostPartitions } from "./counts.ts";
import type { InstanceView, Snapshot } from "./snapshot.ts";

/** A partition that alone gets more than an instance can process. */
export interface HotPartition {
  readonly partition: number;
  readonly arrival: number;
}

/** What one part of the work needs: the partitions of one number, of all topics. */
interface Part {
  arrival: number;
  lag: number;
}

/** The most that one part needs, and all parts together. */
interface Spread {
  total: number;
  largest: number;
}

/** What the most loaded of some instances has to do. */
export interface Burden {
  /** Records a second that come in. */
  readonly arrival: number;
  /** Records left to process. */
  readonly lag: number;
}

/**
 * What comes in and what is left, and how much of it the most loaded instance gets at any count. Instances
 * get partitions by number: so one of them has the hottest and average ones beside it. Where the real most
 * loaded one has more, that count is taken to be as uneven from then on.
 */
export class Demand {
  /** Partitions of which the arrival or the lag is not known. */
  readonly unknown: number;
  readonly hot: readonly HotPartition[];
  readonly #partitions: number;
  readonly #arrival: Spread = { total: 0, largest: 0 };
  readonly #lag: Spread = { total: 0, largest: 0 };
  readonly #uneven: Map<number, number>;

  /**
   * @param capacity Records a second that an instance can process.
   * @param speedUp By what each instance's arrival is more than it says, by the instance's name.
   * @param uneven By count, how much more the most loaded instance has had than an average one; added to.
   */
  constructor(
    snapshot: Snapshot,
    capacity: number,
    speedUp: ReadonlyMap<string, number>,
    uneven: Map<number, number>,
  ) {
    this.#partitions = snapshot.partitions;
    this.#uneven = uneven;
    const { parts, known } = partsOf(snapshot.instances, speedUp);
    this.unknown = Math.max(0, snapshot.partitions - known);
    this.hot = [...parts].filter(([, { arrival }]) => arrival > capacity)
      .map(([partition, { arrival }]) => ({ partition, arrival }))
      .sort((a, b) => b.arrival - a.arrival);
    // What no count of instances can carry would ask for more of them in vain.
    for (const { partition } of this.hot) parts.delete(partition);
    for (const { arrival, lag } of parts.values()) {
      add(this.#arrival, arrival);
      add(this.#lag, lag);
    }
    this.#learn(snapshot, parts);
  }

  /** What the most loaded of `count` instances has to do. */
  of(count: number): Burden {
    const uneven = this.#uneven.get(count) ?? 1;
    return {
      arrival: uneven * this.#most(this.#arrival, count),
      lag: this.#most(this.#lag, count),
    };
  }

  #most({ total, largest }: Spread, count: number): number {
    const others = Math.max(1, this.#partitions - 1);
    return largest + (mostPartitions(this.#partitions, count) - 1) * (total - largest) / others;
  }

  #learn({ instances, running, pending }: Snapshot, parts: ReadonlyMap<number, Part>): void {
    if (this.unknown > 0 || pending > 0) return;
    const expected = this.#most(this.#arrival, running);
    if (!(expected > 0)) return;
    const arrivals = instances.map((instance) =>
      [...new Set(instance.partitions.map(({ partition }) => partition))]
        .reduce((sum, partition) => sum + (parts.get(partition)?.arrival ?? 0), 0)
    );
    this.#uneven.set(running, Math.max(1, Math.max(...arrivals) / expected));
  }
}

function partsOf(
  instances: readonly InstanceView[],
  speedUp: ReadonlyMap<string, number>,
): { parts: Map<number, Part>; known: number } {
  const parts = new Map<number, Part>();
  const unknown = new Set<number>();
  for (const { name, partitions } of instances) {
    for (const { partition, arrival, lag } of partitions) {
      if (arrival === undefined || lag === undefined) unknown.add(partition);
      let part = parts.get(partition);
      if (part === undefined) parts.set(partition, part = { arrival: 0, lag: 0 });
      part.arrival += (arrival ?? 0) * (speedUp.get(name) ?? 1);
      part.lag += Math.max(0, lag ?? 0);
    }
  }
  return { parts, known: parts.size - unknown.size };
}

function add(spread: Spread, value: number): void {
  spread.total += value;
  spread.largest = Math.max(spread.largest, value);
}
