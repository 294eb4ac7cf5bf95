/**
 * The recommender of a demo, at a pace that fits into minutes.
 *
 * @module
 */
import { Advisor, type AdvisorListener } from "../scaling/advisor.ts";
import { CATCH_UP_SECONDS } from "./observer.ts";
import { paced } from "./pace.ts";

/** Settings of {@linkcode demoAdvisor}. */
export interface DemoAdvisorOptions {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** How fast it all goes: 1 for a demo of some minutes, less for a shorter one. */
  readonly pace: number;
  readonly told?: AdvisorListener;
}

/** Seconds that are the longest in a demo of full length, and the least in the shortest. */
const SECONDS = {
  look: [3, 1],
  hold: [15, 4],
} as const;

/** Recommends the replicas of a demo: a lag is to be gone as soon as its autoscaler on the load wants it. */
export function demoAdvisor({ minReplicas, maxReplicas, pace, told }: DemoAdvisorOptions): Advisor {
  return new Advisor({
    minReplicas,
    maxReplicas,
    sloSeconds: CATCH_UP_SECONDS,
    // Until it is measured: a process on this machine, and the rebalances of a group of a few.
    startSeconds: 3,
    rebalanceSeconds: 1,
    warmUp: true,
    lookSeconds: paced(SECONDS.look, pace),
    holdSeconds: paced(SECONDS.hold, pace),
    ...(told === undefined ? {} : { told }),
  });
}
