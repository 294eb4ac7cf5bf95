/**
 * A group as its metrics show it, in the terms of the recommender.
 *
 * @module
 */
import type { InstanceView, Snapshot } from "../autoscale/snapshot.ts";
import type { PageInstance, PagePartition, PageSnapshot } from "../dashboard/snapshot.ts";

/** What is looked at of an application. */
export type GroupLook = Pick<PageSnapshot, "atMs" | "instances" | "unowned" | "running" | "problem">;

/** What has been measured and is not constantly told. */
export interface Measured {
  /** Entries of state of all partitions together. */
  readonly stateEntries?: number | undefined;
  /** Entries that an instance restores in a second. */
  readonly restoreRate?: number | undefined;
  /** What an instance takes until it belongs to the group, in seconds. */
  readonly startSeconds?: number | undefined;
}

/** A topic has fewer partitions than this. */
const MOST_PARTS = 100_000;

/** What is remembered of a group from one look to the next. */
export class Group {
  #measured: Measured = {};
  /** Topics only grow, so a number that nobody tells any more is still there. */
  #parts = 0;
  #missing = 0;

  /** How many parts the work has: partitions of one number belong together. */
  get parts(): number {
    return this.#parts;
  }

  /** Of how many parts nobody told at the last look. */
  get missing(): number {
    return this.#missing;
  }

  /** What has been measured by now. */
  get measured(): Measured {
    return this.#measured;
  }

  /** Takes what a look shows. */
  note({ instances, unowned = [] }: GroupLook): void {
    const told = new Set(
      [...instances.flatMap(({ partitions }) => partitions), ...unowned]
        .map(({ partition }) => partition).filter(isNumber),
    );
    for (const partition of told) this.#parts = Math.max(this.#parts, partition + 1);
    this.#missing = this.#parts - told.size;
    const before = this.#measured;
    this.#measured = {
      // While a task moves, nobody counts its entries.
      stateEntries: this.#missing > 0 || unowned.length > 0 || !instances.every(({ ready }) => ready)
        ? before.stateEntries
        : sum(instances.map(({ entries }) => entries)) ?? before.stateEntries,
      restoreRate: median(instances.map(({ restoreRate }) => restoreRate)) ?? before.restoreRate,
      startSeconds: median(instances.map(({ startSeconds }) => startSeconds)) ?? before.startSeconds,
    };
  }

  /**
   * What was seen, as of a group of so many: those that are missing yet have been asked for, and those that
   * are too many are going.
   *
   * @param atMs Of a clock that does not go back.
   */
  snapshot(look: GroupLook, atMs: number, count: number): Snapshot {
    const running = Math.min(count, members(look.instances));
    return {
      atMs,
      running,
      pending: count - running,
      partitions: this.#parts,
      ...this.#measured,
      instances: [...look.instances.map(viewOf), ...(look.unowned ?? []).map(orphan)],
    };
  }
}

/** Whether that is a partition's number: whoever tells it may be wrong. */
function isNumber(partition: number): boolean {
  return Number.isInteger(partition) && partition >= 0 && partition < MOST_PARTS;
}

/** How many instances belong to the group and stay. */
export function members(instances: readonly PageInstance[]): number {
  return instances.filter(({ ready }) => ready).length;
}

function viewOf({ name, ready, partitions, capacity, busy }: PageInstance): InstanceView {
  return { name, ready, partitions, capacity, busy };
}

/** What nobody has counts all the same, and for none of the instances. */
function orphan(partition: PagePartition): InstanceView {
  return { name: "", ready: false, partitions: [partition] };
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : known.reduce((total, value) => total + value, 0);
}

/** The lower one of two in the middle; `undefined` when none is known. */
function median(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  return known[Math.floor((known.length - 1) / 2)];
}
