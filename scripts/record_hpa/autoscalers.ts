import type { HpaObject, ScalingRules } from "../../src/autoscale/hpa.ts";
import { parseQuantity } from "../e2e/quantity.ts";
import { ScriptError } from "../support/errors.ts";

/** An autoscaler of the cluster. */
export interface Autoscaler {
  readonly namespace: string;
  readonly name: string;
  /** The kind of what it scales, and its name. */
  readonly target: { readonly kind: string; readonly name: string };
  readonly spec: HpaObject;
}

/** The part of Kubernetes' API (autoscaling/v2) that is looked at. */
interface Resource {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly scaleTargetRef: Autoscaler["target"];
    readonly minReplicas?: number;
    readonly maxReplicas: number;
    readonly metrics: readonly Metric[];
    readonly behavior?: { readonly scaleUp: Rules; readonly scaleDown: Rules };
  };
}

interface Metric {
  readonly type: string;
  readonly pods?: { readonly metric: { readonly name: string }; readonly target: { averageValue: string } };
}

/** The API server fills in all but the window down, which is the controller's. */
type Rules = Omit<ScalingRules, "stabilizationWindowSeconds"> & Partial<ScalingRules>;

/** The controller's flag `--horizontal-pod-autoscaler-downscale-stabilization` when it is not given. */
const DOWNSCALE_STABILIZATION_SECONDS = 300;

/**
 * The autoscalers of what `kubectl get hpa -o json` printed.
 *
 * @throws {ScriptError} When one scales on anything but Pods metrics, which are the ones that hpa.ts knows.
 */
export function autoscalersOf(text: string): Autoscaler[] {
  return itemsOf(text).map(({ metadata: { namespace, name }, spec }) => ({
    namespace,
    name,
    target: spec.scaleTargetRef,
    spec: {
      minReplicas: spec.minReplicas ?? 1,
      maxReplicas: spec.maxReplicas,
      targets: Object.fromEntries(spec.metrics.map((metric) => targetOf(name, metric))),
      ...(spec.behavior && {
        behavior: { scaleUp: rulesOf(spec.behavior.scaleUp), scaleDown: rulesOf(spec.behavior.scaleDown) },
      }),
    },
  }));
}

function itemsOf(text: string): Resource[] {
  let received: unknown = "no JSON";
  try {
    const list = JSON.parse(text);
    if (Array.isArray(list?.items)) return list.items;
    received = `a ${list?.kind}`;
  } catch {
    // Told below.
  }
  throw new ScriptError(
    `Cannot read the autoscalers: received ${received}; expected the list of kubectl get hpa -o json`,
  );
}

function targetOf(autoscaler: string, { type, pods }: Metric): [string, number] {
  if (type !== "Pods" || pods === undefined) {
    throw new ScriptError(
      `Cannot record ${autoscaler}: received a metric of type ${type}; expected metrics of type Pods only`,
    );
  }
  // In decimals a thousandth is not exact.
  return [pods.metric.name, Number(parseQuantity(pods.target.averageValue).toPrecision(15))];
}

function rulesOf(rules: Rules): ScalingRules {
  const { stabilizationWindowSeconds = DOWNSCALE_STABILIZATION_SECONDS } = rules;
  return { ...rules, stabilizationWindowSeconds };
}
