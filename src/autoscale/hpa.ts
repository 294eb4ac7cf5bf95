/**
 * The algorithm of Kubernetes' HorizontalPodAutoscaler (autoscaling/v2) for Pods metrics with an average
 * value, which the chart's are, as a pure function of what it has seen and what it remembers.
 *
 * The sources are `pkg/controller/podautoscaler/replica_calculator.go` (`calcPlainMetricReplicas`),
 * `metrics/utilization.go` (`GetMetricUsageRatio`: whole thousandths) and `horizontal.go`
 * (`computeReplicasForMetrics`, `normalizeDesiredReplicas`, `stabilizeRecommendationWithBehaviors`,
 * `storeScaleEvent`, `convertDesiredReplicasWithBehaviorRate`) of Kubernetes 1.33. Timelines of its
 * controller are replayed in `tests/autoscale/replay_test.ts`: at every sync the function decides what the
 * controller did.
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

/** An autoscaler's object that may say nothing of its behavior: then it is not the one of the defaults. */
export interface HpaObject extends Omit<HpaSpec, "behavior"> {
  readonly behavior?: HpaSpec["behavior"];
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
  spec: HpaObject,
  memory: HpaMemory,
  nowSeconds: number,
  current: number,
  pods: readonly PodMetrics[],
): HpaDecision {
  checkBounds(spec);
  return decideBy({ spec, memory: begun(memory, nowSeconds, current), nowSeconds, current }, pods);
}

/** A sync with what does not change in it. */
interface Sync {
  readonly spec: HpaObject;
  readonly memory: HpaMemory;
  readonly nowSeconds: number;
  readonly current: number;
}

/** What is there at its first sync is what a controller takes to have been recommended. */
function begun(memory: HpaMemory, atSeconds: number, replicas: number): HpaMemory {
  return memory.recommendations.length > 0
    ? memory
    : { ...memory, recommendations: [{ atSeconds, replicas }] };
}

function decideBy(sync: Sync, pods: readonly PodMetrics[]): HpaDecision {
  const { spec, memory, current } = sync;
  const { minReplicas, maxReplicas } = spec;
  // Who scales to 0 by hand switches the autoscaler off.
  if (current === 0) return { replicas: 0, proposals: {}, memory };
  // Out of bounds, the bounds are all that counts.
  if (current > maxReplicas) return rescale(sync, maxReplicas, {});
  if (current < minReplicas) return rescale(sync, minReplicas, {});

  const proposals: Record<string, number | undefined> = {};
  for (const [metric, target] of Object.entries(spec.targets)) {
    proposals[metric] = proposalFor(current, target, spec.tolerance ?? DEFAULT_TOLERANCE, metric, pods);
  }
  const known = Object.values(proposals).filter((proposal) => proposal !== undefined);
  const largest = Math.max(...known);
  const missing = known.length < Object.keys(proposals).length;
  // A metric that can't be read might ask for more: so nothing goes, and without any nothing comes either.
  if (known.length === 0 || (missing && largest < current)) return { replicas: current, proposals, memory };

  const { behavior } = spec;
  if (behavior === undefined) return decideByDefault(sync, largest, proposals);
  const { replicas: stable, recommendations } = stabilize(sync, behavior, largest);
  const replicas = limitRate(sync, behavior, stable);
  return rescale({ ...sync, memory: { ...memory, recommendations } }, replicas, proposals);
}

/** For so long the controller goes by its largest recommendation when the object says no behavior. */
const DEFAULT_DOWN_WINDOW_SECONDS = 300;

/** What `normalizeDesiredReplicas` does: no more than twice as many, or 4, and no policies. */
function decideByDefault(sync: Sync, desired: number, proposals: HpaDecision["proposals"]): HpaDecision {
  const { spec: { minReplicas, maxReplicas }, memory, nowSeconds, current } = sync;
  const recent = memory.recommendations.filter(({ atSeconds }) =>
    atSeconds >= nowSeconds - DEFAULT_DOWN_WINDOW_SECONDS
  );
  const stable = Math.max(desired, ...recent.map(({ replicas }) => replicas));
  const most = Math.min(maxReplicas, Math.max(2 * current, 4));
  const recommendations = [...recent, { atSeconds: nowSeconds, replicas: desired }];
  const replicas = Math.min(Math.max(stable, minReplicas), most);
  return rescale({ ...sync, memory: { ...memory, recommendations } }, replicas, proposals);
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
      sum += milliOf(value);
      sampled++;
    }
  }
  if (sampled === 0) return undefined;
  // The API rounds a target's thousandths up.
  const milliTarget = Math.ceil(target * 1_000 - ROUNDING);
  const ratioOf = (total: number, count: number): number => Math.trunc(total / count) / milliTarget;
  const within = (r: number): boolean => 1 - tolerance <= r && r <= 1 + tolerance;
  const ratio = ratioOf(sum, sampled);
  const countPending = pending > 0 && ratio > 1;
  if (!countPending && missing === 0) return within(ratio) ? current : Math.ceil(ratio * sampled);
  // Missing ones are as if on target on the way down, as if idle on the way up, and else don't count.
  if (ratio < 1) sum += missing * milliTarget;
  const counted = sampled + (ratio === 1 ? 0 : missing) + (countPending ? pending : 0);
  const careful = ratioOf(sum, counted);
  if (within(careful) || (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1)) return current;
  const replicas = Math.ceil(careful * counted);
  return (careful < 1 && replicas > current) || (careful > 1 && replicas < current) ? current : replicas;
}

/** Less than this of a thousandth is what is left of a decimal in binary. */
const ROUNDING = 1e-6;

/** A value as prometheus-adapter hands it on: in whole thousandths, and 0 for what is no number. */
function milliOf(value: number): number {
  return Number.isNaN(value) ? 0 : Math.trunc(value * 1_000);
}

function stabilize(
  { memory, nowSeconds: now, current }: Sync,
  behavior: HpaSpec["behavior"],
  desired: number,
): { replicas: number; recommendations: readonly Recommendation[] } {
  const upWindow = behavior.scaleUp.stabilizationWindowSeconds;
  const downWindow = behavior.scaleDown.stabilizationWindowSeconds;
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

function limitRate(
  { spec, memory, nowSeconds: now, current }: Sync,
  { scaleUp, scaleDown }: HpaSpec["behavior"],
  desired: number,
): number {
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

function rescale(
  { spec, memory, nowSeconds, current }: Sync,
  replicas: number,
  proposals: HpaDecision["proposals"],
): HpaDecision {
  const event = { atSeconds: nowSeconds, change: Math.abs(replicas - current) };
  let { ups, downs } = memory;
  const { behavior } = spec;
  if (behavior !== undefined && replicas > current) ups = noted(ups, event, behavior.scaleUp);
  if (behavior !== undefined && replicas < current) downs = noted(downs, event, behavior.scaleDown);
  return { replicas, proposals, memory: { ...memory, ups, downs } };
}

/** An event takes the place of the last one that is older than the longest period of its own direction. */
function noted(events: readonly ScaleEvent[], event: ScaleEvent, rules: ScalingRules): readonly ScaleEvent[] {
  const longest = Math.max(0, ...rules.policies.map(({ periodSeconds }) => periodSeconds));
  const old = events.findLastIndex(({ atSeconds }) => atSeconds < event.atSeconds - longest);
  return old < 0 ? [...events, event] : events.with(old, event);
}
