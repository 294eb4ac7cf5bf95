import type { HpaSpec } from "../../src/autoscale/hpa.ts";
import type { Simulation } from "../../src/autoscale/simulator.ts";

/** A simulation of four pods at most, with what tests set. */
export function simulation(given: Partial<Simulation> & Pick<Simulation, "load">): Simulation {
  return {
    partitions: 4,
    skew: 0,
    capacity: 10_000,
    seconds: 3_600,
    startSeconds: 30,
    rebalanceSeconds: 3,
    stopAll: false,
    stateEntries: 0,
    restoreRate: 100_000,
    warmUp: false,
    scrapeSeconds: 15,
    windowSeconds: 60,
    syncSeconds: 15,
    catchUpSeconds: 60,
    ...given,
  };
}

/** An autoscaler with the chart's windows and steps. */
export function spec(targets: HpaSpec["targets"], given: Partial<HpaSpec> = {}): HpaSpec {
  return {
    minReplicas: 1,
    maxReplicas: 4,
    targets,
    behavior: {
      scaleUp: { stabilizationWindowSeconds: 15, policies: [{ type: "Pods", value: 4, periodSeconds: 15 }] },
      scaleDown: {
        stabilizationWindowSeconds: 60,
        policies: [{ type: "Pods", value: 1, periodSeconds: 60 }],
      },
    },
    ...given,
  };
}
