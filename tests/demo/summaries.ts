import { figuresOf } from "../../src/demo/figures.ts";
import type { DemoSummary } from "../../src/demo/run.ts";
import type { Snapshot } from "../../src/demo/snapshot.ts";

/** The summary of a run in which all was well. */
export function summaryOf(run: readonly Snapshot[]): DemoSummary {
  return {
    frames: 10,
    answered: 9,
    changes: 9,
    updates: 9,
    expected: 9,
    correct: 9,
    missing: 0,
    wrong: 0,
    lacking: 0,
    unexpected: 0,
    example: undefined,
    seconds: 1,
    sent: 19,
    lost: 0,
    drainMs: 100,
    figures: figuresOf(run, 1),
    killed: 0,
    run,
  };
}
