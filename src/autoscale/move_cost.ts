import { mostPartitions } from "./counts.ts";
import type { Snapshot } from "./snapshot.ts";

/** What is known of moves before one has been seen. */
export interface MoveSettings {
  /** From the request for an instance until it belongs to the group, in seconds. */
  readonly startSeconds: number;
  /** For so long a partition that moves rests, without its restore, in seconds. */
  readonly rebalanceSeconds: number;
  /** Entries that an instance restores a second, until that is measured. */
  readonly restoreRate: number;
  /** Whether the new owner restores while the old one goes on. */
  readonly warmUp: boolean;
}

/** What going from one count to another takes. */
export interface MoveCost {
  /** For so long the partitions that move rest, in seconds. */
  readonly pauseSeconds: number;
  /** From the decision until the new count is of use, in seconds. */
  readonly leadSeconds: number;
}

/** What a move from one count to another takes, by the state that the most burdened receiver restores. */
export function moveCost(snapshot: Snapshot, settings: MoveSettings, from: number, to: number): MoveCost {
  const { partitions, stateEntries = 0, restoreRate = settings.restoreRate } = snapshot;
  const before = to > from ? 0 : Math.floor(partitions / from);
  const received = Math.max(0, mostPartitions(partitions, to) - before);
  const restoreSeconds = received * stateEntries / partitions / restoreRate;
  const { rebalanceSeconds, startSeconds, warmUp } = settings;
  return {
    pauseSeconds: rebalanceSeconds + (warmUp ? 0 : restoreSeconds),
    leadSeconds: (to > from ? startSeconds : 0) + rebalanceSeconds + restoreSeconds,
  };
}
