/**
 * The algorithm of Kubernetes' HorizontalPodAutoscaler (autoscaling/v2) for Pods metrics with an average
 * value, as a pure function of what it has seen and what it remembers.
 *
 * The sources are `pkg/controller/podautoscaler/replica_calculator.go` (`calcPlainMetricReplicas`) and
 * `horizontal.go` (`computeReplicasForMetrics`, `stabilizeRecommendationWithBehaviors`,
 * `convertDesiredReplicasWithBehaviorRate`) of Kubernetes 1.33.
 *
 * @module
 */

/** How many replicas may come or go within a time. */
export interface ScalingPolicy {
  /** `Pods`: a number of pods; `Percent`: of those there were at the period's start. */
  readonly type: "Pods" | "Percent";
  readonly value: number;
  /** How long the time is, in seconds, 1 to 1800. */
  readonly periodSeconds: number;
}

/** One direction of `spec.behavior`. */
export interface ScalingRules {
  /**
   * For so long, in seconds, the most careful recommendation of the past counts: the least up, the largest
   * down.
   */
  readonly stabilizationWindowSeconds: number;
  /**
   * Which of the policies counts: `Max`, the one that allows the largest change, `Min`, or none at all.
   * Default `Max`.
   */
  readonly selectPolicy?: "Max" | "Min" | "Disabled";
  readonly policies: readonly ScalingPolicy[];
}

/** What the autoscaler's object says. */
export interface HpaSpec {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  /** The target average value of each Pods metric, by the metric's name. */
  readonly targets: Readonly<Record<string, number>>;
  readonly behavior: { readonly scaleUp: ScalingRules; readonly scaleDown: ScalingRules };
  /** How far from its target a metric may be without effect. Default 0.1, as the controller's. */
  readonly tolerance?: number;
}

/** A pod as the autoscaler sees it. */
export interface PodMetrics {
  /** A pending pod counts as 0 when its load would be missed on the way up, and not on the way down. */
  readonly pending?: boolean;
  /** Values by the metric's name; one that is missing has no sample in the metrics API. */
  readonly values: Readonly<Record<string, number | undefined>>;
}

interface Recommendation {
  readonly atSeconds: number;
  readonly replicas: number;
}

interface ScaleEvent {
  readonly atSeconds: number;
  /** Replicas that came (or, among the downs, went). */
  readonly change: number;
}

/** What the controller remembers between two syncs. */
export interface HpaMemory {
  readonly recommendations: readonly Recommendation[];
  readonly ups: readonly ScaleEvent[];
  readonly downs: readonly ScaleEvent[];
}

/** What a sync decides. */
export interface HpaDecision {
  readonly replicas: number;
  /** What each metric asks for, by its name; `undefined` where it could not be read of any pod. */
  readonly proposals: Readonly<Record<string, number | undefined>>;
  readonly memory: HpaMemory;
}

/** A controller that has just started. */
export const NO_MEMORY: HpaMemory = { recommendations: [], ups: [], downs: [] };

const DEFAULT_TOLERANCE = 0.1;

/**
 * One sync of the controller.
 *
 * @param nowSeconds Any clock that goes on.
 * @param current The replicas of the scale subresource, which pods that are still to start belong to.
 * @param pods Those that are not being deleted.
 * @throws {RangeError} When the spec's bounds contradict each other.
 *
 * @example A metric of three times its target on one pod asks for three.
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { decide, NO_MEMORY } from "./hpa.ts";
 *
 * const policies = [{ type: "Pods", value: 4, periodSeconds: 15 }] as const;
 * const rules = { stabilizationWindowSeconds: 0, policies };
 * const behavior = { scaleUp: rules, scaleDown: rules };
 * const spec = { minReplicas: 1, maxReplicas: 4, targets: { lag: 100_000 }, behavior };
 * assertEquals(decide(spec, NO_MEMORY, 0, 1, [{ values: { lag: 300_000 } }]).replicas, 3);
 * ```
 */
export function decide(
  spec: HpaSpec,
  memory: HpaMemory,
  nowSeconds: number,
  current: number,
  pods: readonly PodMetrics[],
): HpaDecision {
  checkBounds(spec);
  const { minReplicas, maxReplicas } = spec;
  // Out of bounds, the bounds are all that counts.
  if (current > maxReplicas) return rescale(memory, nowSeconds, current, maxReplicas, {});
  if (current < minReplicas) return rescale(memory, nowSeconds, current, minReplicas, {});

  const proposals: Record<string, number | undefined> = {};
  for (const [metric, target] of Object.entries(spec.targets)) {
    proposals[metric] = proposalFor(current, target, spec.tolerance ?? DEFAULT_TOLERANCE, metric, pods);
  }
  const known = Object.values(proposals).filter((proposal) => proposal !== undefined);
  const largest = Math.max(...known);
  const missing = known.length < Object.keys(proposals).length;
  // A metric that can't be read might ask for more: so nothing goes, and without any nothing comes either.
  if (known.length === 0 || (missing && largest < current)) return { replicas: current, proposals, memory };

  const { replicas: stable, recommendations } = stabilize(spec, memory, nowSeconds, current, largest);
  const replicas = limitRate(spec, memory, nowSeconds, current, stable);
  return rescale({ ...memory, recommendations }, nowSeconds, current, replicas, proposals);
}

/**
 * Refuses bounds that contradict each other.
 *
 * @throws {RangeError} Saying what they are.
 */
export function checkBounds(
  { minReplicas, maxReplicas }: Pick<HpaSpec, "minReplicas" | "maxReplicas">,
): void {
  if (minReplicas >= 1 && minReplicas <= maxReplicas) return;
  throw new RangeError(
    `Cannot scale: received minReplicas ${minReplicas} and maxReplicas ${maxReplicas}; expected 1 ≤ ` +
      "minReplicas ≤ maxReplicas",
  );
}

/**
 * `calcPlainMetricReplicas`: the replicas that bring a metric's average to its target; `undefined` without a
 * sample.
 */
function proposalFor(
  current: number,
  target: number,
  tolerance: number,
  metric: string,
  pods: readonly PodMetrics[],
): number | undefined {
  let sum = 0;
  let sampled = 0;
  let pending = 0;
  let missing = 0;
  for (const pod of pods) {
    const value = pod.values[metric];
    if (pod.pending) pending++;
    else if (value === undefined) missing++;
    else {
      sum += value;
      sampled++;
    }
  }
  if (sampled === 0) return undefined;
  const ratio = sum / sampled / target;
  const within = (r: number): boolean => Math.abs(1 - r) <= tolerance;
  const countPending = pending > 0 && ratio > 1;
  if (!countPending && missing === 0) return within(ratio) ? current : Math.ceil(ratio * sampled);
  let counted = sampled;
  if (missing > 0 && ratio < 1) {
    sum += missing * target; // on the way down as if on target
    counted += missing;
  } else if (missing > 0 && ratio > 1) {
    counted += missing; // on the way up as if idle
  }
  if (countPending) counted += pending;
  const careful = sum / counted / target;
  if (within(careful) || (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1)) return current;
  const replicas = Math.ceil(careful * counted);
  return (careful < 1 && replicas > current) || (careful > 1 && replicas < current) ? current : replicas;
}

function stabilize(
  spec: HpaSpec,
  memory: HpaMemory,
  now: number,
  current: number,
  desired: number,
): { replicas: number; recommendations: readonly Recommendation[] } {
  const upWindow = spec.behavior.scaleUp.stabilizationWindowSeconds;
  const downWindow = spec.behavior.scaleDown.stabilizationWindowSeconds;
  let up = desired;
  let down = desired;
  for (const { atSeconds, replicas } of memory.recommendations) {
    if (atSeconds > now - upWindow) up = Math.min(up, replicas);
    if (atSeconds > now - downWindow) down = Math.max(down, replicas);
  }
  const oldest = now - Math.max(upWindow, downWindow);
  const recommendations = memory.recommendations.filter(({ atSeconds }) => atSeconds > oldest);
  return {
    replicas: Math.min(Math.max(current, up), down),
    recommendations: [...recommendations, { atSeconds: now, replicas: desired }],
  };
}

function limitRate(spec: HpaSpec, memory: HpaMemory, now: number, current: number, desired: number): number {
  const { scaleUp, scaleDown } = spec.behavior;
  if (desired > current) {
    const limits = scaleUp.policies.map(({ type, value, periodSeconds }) => {
      const start = atPeriodStart(memory, now, current, periodSeconds);
      return type === "Pods" ? start + value : Math.ceil(start * (1 + value / 100));
    });
    const limit = Math.max(current, selected(scaleUp, limits, current, "up"));
    return Math.min(desired, limit, spec.maxReplicas);
  }
  if (desired < current) {
    const limits = scaleDown.policies.map(({ type, value, periodSeconds }) => {
      const start = atPeriodStart(memory, now, current, periodSeconds);
      return type === "Pods" ? start - value : Math.trunc(start * (1 - value / 100));
    });
    const limit = Math.min(current, selected(scaleDown, limits, current, "down"));
    return Math.max(desired, limit, spec.minReplicas);
  }
  return current;
}

function selected(rules: ScalingRules, limits: number[], current: number, way: "up" | "down"): number {
  if (rules.selectPolicy === "Disabled") return current;
  const furthest = rules.selectPolicy !== "Min";
  return (way === "up") === furthest ? Math.max(...limits) : Math.min(...limits);
}

function atPeriodStart(memory: HpaMemory, now: number, current: number, periodSeconds: number): number {
  const within = (events: readonly ScaleEvent[]): number =>
    events.reduce((sum, { atSeconds, change }) => atSeconds > now - periodSeconds ? sum + change : sum, 0);
  return current - within(memory.ups) + within(memory.downs);
}

/** The longest period that the API allows: older events count nowhere. */
const MAX_PERIOD_SECONDS = 1800;

function rescale(
  memory: HpaMemory,
  now: number,
  current: number,
  replicas: number,
  proposals: HpaDecision["proposals"],
): HpaDecision {
  const recent = (events: readonly ScaleEvent[]): readonly ScaleEvent[] =>
    events.filter(({ atSeconds }) => atSeconds > now - MAX_PERIOD_SECONDS);
  let { ups, downs } = memory;
  if (replicas > current) ups = [...recent(ups), { atSeconds: now, change: replicas - current }];
  if (replicas < current) downs = [...recent(downs), { atSeconds: now, change: current - replicas }];
  return { replicas, proposals, memory: { ...memory, ups, downs } };
}
