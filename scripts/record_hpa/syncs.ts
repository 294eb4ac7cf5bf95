import { parseQuantity } from "../e2e/quantity.ts";
import { ScriptError } from "../support/errors.ts";
import type { Autoscaler } from "./autoscalers.ts";
import { logEntries, type LogEntry } from "./controller_log.ts";
import { type PodKey, SeenPods } from "./pods.ts";
import { kindsOf, type RecordedSync, type Recording } from "./recording.ts";

/** A sync that has begun. */
interface Begun {
  readonly replicas: number;
  readonly selector: string;
  /** Thousandths by metric and pod. */
  readonly values: Map<string, Map<PodKey, number>>;
  decided?: { readonly seconds: number; readonly pods: RecordedSync["pods"] };
  wants?: number;
  by?: string;
  /** What it asked the scale subresource for. */
  asked?: number;
}

/**
 * The timelines of autoscalers, by their names.
 *
 * @param log The log of kube-controller-manager, from before the autoscalers' first syncs.
 * @param watch What was printed of the pods' watch.
 */
export function recordingsOf(
  autoscalers: readonly Autoscaler[],
  log: string,
  watch: string,
): Map<string, Recording> {
  const pods = new SeenPods(watch);
  const recorders = autoscalers.map((autoscaler) => new Recorder(autoscaler, pods));
  for (const entry of logEntries(log)) {
    pods.follow(entry);
    for (const recorder of recorders) recorder.follow(entry);
  }
  return new Map(
    recorders.map(({ autoscaler: { name, spec }, syncs }) => [name, { spec, syncs }]),
  );
}

/** Follows the syncs of one autoscaler. */
class Recorder {
  readonly autoscaler: Autoscaler;
  readonly syncs: RecordedSync[] = [];
  readonly #pods: SeenPods;
  readonly #target: string;
  readonly #key: string;
  #begun: Begun | undefined;
  #firstSeconds: number | undefined;

  constructor(autoscaler: Autoscaler, pods: SeenPods) {
    const { namespace, name, target } = autoscaler;
    this.autoscaler = autoscaler;
    this.#pods = pods;
    this.#target = `${target.kind}/${namespace}/${target.name}`;
    this.#key = `${namespace}/${name}`;
  }

  follow(entry: LogEntry): void {
    const { message, values } = entry;
    if (message === "Response Body") this.#followBody(values.body ?? "");
    const sync = this.#begun;
    if (sync === undefined) return;
    if (message === "Request Body") this.#followRequest(sync, values.body ?? "");
    const own = values.scaleTarget === this.#target || values.HPA === this.#key;
    if (message === "Proposing desired replicas" && own) {
      this.#decide(sync, entry);
      sync.wants = Number(values.desiredReplicas);
      sync.by = values.metric!.replace("pods metric ", "");
    }
    if (message === "Decided not to scale" && own) this.#end(sync, entry, sync.replicas);
    if (message === "Successfully rescaled" && own) this.#end(sync, entry, Number(values.desiredReplicas));
    if (message === "Unhandled Error") this.#followError(sync, entry);
  }

  #followBody(body: string): void {
    if (!/^\{"kind":"(Scale|MetricValueList)"/.test(body)) return;
    const { kind, metadata, spec, status, items } = JSON.parse(body);
    const { namespace, target } = this.autoscaler;
    if (kind === "MetricValueList") this.#takeValues(items);
    else if (metadata.namespace === namespace && metadata.name === target.name) {
      // The answer to its own change of the scale is no new sync.
      this.#begun ??= { replicas: spec.replicas ?? 0, selector: status.selector, values: new Map() };
    }
  }

  #takeValues(items: readonly MetricValue[]): void {
    const sync = this.#begun;
    if (sync === undefined) return;
    const pods = this.#pods.selected(this.autoscaler.namespace, sync.selector);
    for (const { describedObject: { namespace, name }, metric, value } of items) {
      const key = `${namespace}/${name}`;
      if (!pods.has(key)) continue;
      const values = sync.values.get(metric.name) ?? new Map<PodKey, number>();
      sync.values.set(metric.name, values.set(key, milliOf(value)));
    }
  }

  #followError(sync: Begun, entry: LogEntry): void {
    const { err = "" } = entry.values;
    if (!err.includes(` ${this.#target}: `)) return;
    const refused = err.startsWith("failed to rescale ");
    if (!refused && !err.startsWith("failed to compute desired number of replicas")) {
      throw new ScriptError(`Cannot follow ${this.#key}: received the error "${err}"; record it once more`);
    }
    this.#end(sync, entry, sync.asked ?? sync.replicas, refused);
  }

  #followRequest(sync: Begun, body: string): void {
    if (!body.startsWith('{"kind":"Scale"')) return;
    const { metadata: { namespace, name }, spec } = JSON.parse(body);
    const { target } = this.autoscaler;
    if (namespace === this.autoscaler.namespace && name === target.name) sync.asked = spec.replicas ?? 0;
  }

  /** What it decides on is what is there at that moment. */
  #decide(sync: Begun, { seconds }: LogEntry): void {
    const metrics = Object.keys(this.autoscaler.spec.targets);
    const valueOf = (pod: PodKey) => (metric: string) => [metric, sync.values.get(metric)?.get(pod)];
    const pods = [...this.#pods.selected(this.autoscaler.namespace, sync.selector)].map(([pod, state]) => ({
      state,
      values: Object.fromEntries(metrics.map(valueOf(pod))),
    }));
    sync.decided ??= { seconds, pods: kindsOf(metrics, pods) };
  }

  #end(sync: Begun, entry: LogEntry, sets: number, refused = false): void {
    this.#decide(sync, entry);
    const { seconds, pods } = sync.decided!;
    this.#firstSeconds ??= seconds;
    this.syncs.push({
      at: Number((seconds - this.#firstSeconds).toFixed(3)),
      replicas: sync.replicas,
      pods,
      ...(sync.wants !== undefined && { wants: sync.wants, by: sync.by! }),
      sets,
      ...(refused && { refused: true as const }),
    });
    this.#begun = undefined;
  }
}

/** An item of the custom metrics API's answer. */
interface MetricValue {
  readonly describedObject: { readonly namespace: string; readonly name: string };
  readonly metric: { readonly name: string };
  readonly value: string;
}

/** Thousandths, rounded up as the controller does it. */
function milliOf(quantity: string): number {
  return Math.ceil(Number((parseQuantity(quantity) * 1_000).toPrecision(15)));
}
