import { spread } from "../../src/autoscale/assignment.ts";
import type { Snapshot } from "../../src/autoscale/snapshot.ts";

/** What a group is to look like. */
export interface Looks {
  readonly running: number;
  /** Records a second that come to each partition. */
  readonly arrivals: readonly (number | undefined)[];
  /** Records left of each partition; 0 where left out. */
  readonly lags?: readonly (number | undefined)[];
  readonly capacity?: number | undefined;
  readonly busy?: number;
  readonly pending?: number;
  readonly stateEntries?: number;
  readonly restoreRate?: number;
}

/** A snapshot at a second, of partitions that are spread evenly. */
export function snapshotAt(second: number, looks: Looks): Snapshot {
  const { running, arrivals, lags = arrivals.map(() => 0), pending = 0, stateEntries, restoreRate } = looks;
  const lists = spread(Array.from({ length: running }, () => []), arrivals.map((_, partition) => partition));
  const capacity = "capacity" in looks ? looks.capacity : 10_000;
  return {
    atMs: second * 1_000,
    running,
    pending,
    partitions: arrivals.length,
    stateEntries,
    restoreRate,
    instances: lists.map((list, i) => ({
      name: `i-${i}`,
      ready: true,
      capacity,
      busy: looks.busy,
      partitions: list.map((partition) => ({
        topic: "in",
        partition,
        arrival: arrivals[partition],
        lag: lags[partition],
      })),
    })),
  };
}

/** As much to each of so many partitions. */
export function even(partitions: number, value: number): number[] {
  return new Array<number>(partitions).fill(value);
}
