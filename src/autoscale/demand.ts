import { mostPartitions } from "./counts.ts";
import type { InstanceView, Snapshot } from "./snapshot.ts";

/** A partition that alone gets more than an instance can process. */
export interface HotPartition {
  readonly partition: number;
  readonly arrival: number;
}

/** What is remembered of a group from one look to the next. */
export interface DemandMemory {
  /** By count, how much more the most loaded instance has had than an average one. */
  readonly uneven: Map<number, number>;
  /** The partitions that were hot at the last look. */
  readonly hot: Set<number>;
}

/** What was hot stays so down to this share of what an instance can process. */
const COOL = 0.95;

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
  readonly #capacity: number;
  readonly #arrival: Spread = { total: 0, largest: 0 };
  readonly #lag: Spread = { total: 0, largest: 0 };
  readonly #uneven: Map<number, number>;
  /** What comes to the busiest part, to the busiest two, and so on. */
  readonly #busiest: readonly number[];

  /**
   * @param capacity Records a second that an instance can process.
   * @param speedUp By what each instance's arrival is more than it says, by the instance's name.
   * @param memory What was seen at earlier looks; changed.
   */
  constructor(
    snapshot: Snapshot,
    capacity: number,
    speedUp: ReadonlyMap<string, number>,
    { uneven, hot }: DemandMemory,
  ) {
    this.#partitions = snapshot.partitions;
    this.#capacity = capacity;
    this.#uneven = uneven;
    const { parts, known } = partsOf(snapshot.instances, speedUp);
    this.unknown = Math.max(0, snapshot.partitions - known);
    this.hot = [...parts]
      .filter(([partition, { arrival }]) => arrival > capacity * (hot.has(partition) ? COOL : 1))
      .map(([partition, { arrival }]) => ({ partition, arrival }))
      .sort((a, b) => b.arrival - a.arrival);
    hot.clear();
    // What no count of instances can carry would ask for more of them in vain.
    for (const { partition } of this.hot) {
      hot.add(partition);
      parts.delete(partition);
    }
    for (const { arrival, lag } of parts.values()) {
      add(this.#arrival, arrival);
      add(this.#lag, lag);
    }
    this.#busiest = sums([...parts.values()].map(({ arrival }) => arrival).sort((a, b) => b - a));
    this.#learn(snapshot, parts);
  }

  /** What the most loaded of `count` instances has to do. */
  of(count: number): Burden {
    return { arrival: this.#arrivalOf(count), lag: this.#most(this.#lag, count) };
  }

  /** What one of `count` instances would have to do that gets the busiest partitions of all. */
  worst(count: number): Burden {
    const most = mostPartitions(this.#partitions, count);
    const arrival = this.#busiest[Math.min(most, this.#busiest.length) - 1] ?? 0;
    const burden = this.of(count);
    return { ...burden, arrival: Math.max(burden.arrival, arrival) };
  }

  #arrivalOf(count: number): number {
    let arrival = this.#most(this.#arrival, count);
    for (const [learned, uneven] of this.#uneven) {
      // Where more instances had so much on one of them, fewer are not taken to have less.
      if (learned >= count) arrival = Math.max(arrival, uneven * this.#most(this.#arrival, learned));
    }
    if (this.hot.length === 0) return arrival;
    // Each hot one takes all that an instance can do, and leaves those beside it an equal part each.
    const apart = this.hot.length > count ? this.#capacity * this.hot.length / count : 0;
    const equal = this.#arrival.largest * mostPartitions(this.#partitions, count);
    return Math.max(arrival, apart, equal);
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

function sums(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => sum += value);
}

function add(spread: Spread, value: number): void {
  spread.total += value;
  spread.largest = Math.max(spread.largest, value);
}
