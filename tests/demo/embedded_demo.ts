import { type Cleanup, embeddedStage } from "../../scripts/demo/stages.ts";
import { silentLogger } from "../../src/cli/log.ts";
import { parseProfile } from "../../src/datagen/profile.ts";
import { demoAdvisor } from "../../src/demo/advisor.ts";
import { ownPlan } from "../../src/demo/load_plan.ts";
import type { DemoOptions } from "../../src/demo/run.ts";

/** A load that stays, and what an instance can process, in records a second. */
export interface EmbeddedDemo {
  readonly rate: number;
  readonly seconds: number;
  readonly perInstance: number;
  readonly pace: number;
}

/** A demo in memory, of one replica unless somebody adds another one. */
export function embeddedDemo(
  { rate, seconds, perInstance, pace }: EmbeddedDemo,
  cleanup: Cleanup,
): DemoOptions {
  const durationMs = seconds * 1_000;
  return {
    ...embeddedStage(perInstance, silentLogger, cleanup),
    logger: silentLogger,
    durationMs,
    plan: ownPlan(parseProfile(`step:${rate}@${seconds}s`), durationMs),
    machines: 20,
    perInstance,
    scaleBy: "nothing",
    advisor: demoAdvisor({ minReplicas: 1, maxReplicas: 2, pace }),
    minReplicas: 1,
    maxReplicas: 2,
    signal: new AbortController().signal,
    width: 80,
    show: () => {},
  };
}
