import { type Assigned, AssignedPartitions } from "../common/assigned_partitions.ts";
import type { PartitionBounds } from "../port/fetcher.ts";
import type { RecordSet } from "../port/record_set.ts";

/** How far the reading of an assigned partition is, and what is wrong about it. */
export interface ReadState extends Assigned {
  bounds: PartitionBounds | undefined;
  /** When an answer last told of its bounds, or that they have not changed; by `performance.now()`. */
  heardAt: number;
  /** What was fetched and is not polled yet. */
  set: RecordSet | undefined;
  /** What the set holds, in bytes. */
  heldBytes: number;
  /** How many of the last answers in a row had something about it that should not be there. */
  tries: number;
  /** What the last answer had about it that should not be there. */
  doubt: string | undefined;
  /** The time before which the partition is not fetched, by `performance.now()`. */
  retryAt: number;
  /** Whether it is part of a fetch that is under way. */
  fetching: boolean;
  /** Why it can't be read, for good. */
  error: Error | undefined;
  /** Since when it can't be read, and is tried again. */
  failingSince: number | undefined;
  warnedAt: number;
}

/** All that a fetcher is told to read; {@linkcode readStates} makes them. */
export type ReadStates = AssignedPartitions<ReadState>;

/** For a fetcher that has not been told of any partition. */
export function readStates(): ReadStates {
  return new AssignedPartitions<ReadState>((assigned, known) => ({
    ...assigned,
    bounds: known?.bounds,
    heardAt: known?.heardAt ?? -Infinity,
    set: undefined,
    heldBytes: 0,
    tries: 0,
    doubt: undefined,
    retryAt: -Infinity,
    fetching: false,
    error: undefined,
    failingSince: undefined,
    warnedAt: 0,
  }));
}

/** Bytes that were fetched and are not polled yet. */
export function heldBytes(states: ReadStates): number {
  let held = 0;
  for (const { set, heldBytes } of states) if (set !== undefined) held += heldBytes;
  return held;
}
