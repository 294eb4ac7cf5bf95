import { ScriptError } from "../support/errors.ts";
import type { LogEntry } from "./controller_log.ts";
import type { PodState } from "./recording.ts";

/** The part of a pod in Kubernetes' API that is looked at. */
interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly resourceVersion: string;
    readonly deletionTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status: {
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** The versions of a pod, the oldest first. */
interface History {
  readonly labels: Readonly<Record<string, string>>;
  readonly versions: { readonly version: number; readonly state: PodState }[];
}

/** A pod's namespace and name with a slash between, as the log names it. */
export type PodKey = string;

/**
 * The pods as the controller manager has them in memory, which is what the autoscaler's controller looks at:
 * the log tells when a version of a pod came to it, the watch what that version is.
 */
export class SeenPods {
  readonly #histories: Map<PodKey, History>;
  readonly #seen = new Map<PodKey, PodState>();

  /** @param watch What `kubectl get pods --watch --output-watch-events -o json` printed. */
  constructor(watch: string) {
    this.#histories = historiesOf(watch);
  }

  /** Takes in what the ReplicaSets' controller says about a pod; other entries are ignored. */
  follow({ message, values }: LogEntry): void {
    const { pod } = values;
    if (pod === undefined) return;
    if (message === "Pod created") this.#see(pod, 0);
    if (message === "Pod objectMeta updated.") {
      this.#see(pod, Number(JSON.parse(values.curObjectMeta ?? "{}").resourceVersion));
    }
    if (message !== "Pod deleted") return;
    // Told of an update, or of one that is there at the start, it is only about to go.
    if (/\.(updatePod|addPod)$/.test(values.delete_by ?? "")) this.#seen.set(pod, "deleting");
    else this.#seen.delete(pod);
  }

  #see(pod: PodKey, version: number): void {
    const versions = this.#histories.get(pod)?.versions;
    if (versions === undefined) return;
    const known = versions.findLast((each) => each.version <= version) ?? versions[0]!;
    this.#seen.set(pod, known.state);
  }

  /** The pods that a selector such as `app=kstreams,tier=web` selects, and their states. */
  selected(namespace: string, selector: string): Map<PodKey, PodState> {
    const wanted = selector.split(",").map((each) => each.split("="));
    if (wanted.some((each) => each.length !== 2)) {
      throw new ScriptError(
        `Cannot follow pods: received the selector ${selector}; expected only name=value`,
      );
    }
    const selects = (pod: PodKey): boolean => {
      const labels = this.#histories.get(pod)?.labels;
      return pod.startsWith(`${namespace}/`) && wanted.every(([name, value]) => labels?.[name!] === value);
    };
    return new Map([...this.#seen].filter(([pod]) => selects(pod)));
  }
}

function historiesOf(watch: string): Map<PodKey, History> {
  const histories = new Map<PodKey, History>();
  for (const [i, line] of watch.trimEnd().split("\n").entries()) {
    const pod = podOf(line, i + 1);
    const { namespace, name, labels = {}, resourceVersion } = pod.metadata;
    const key = `${namespace}/${name}`;
    const history = histories.get(key) ?? { labels, versions: [] };
    histories.set(key, history);
    history.versions.push({ version: Number(resourceVersion), state: stateOf(pod) });
  }
  return histories;
}

function podOf(line: string, number: number): Pod {
  try {
    const { object } = JSON.parse(line);
    if (object.kind === "Pod") return object;
  } catch {
    // Told below.
  }
  throw new ScriptError(
    `Cannot read the pods: received "${line.slice(0, 40)}" in line ${number}; expected an event a line, as ` +
      "kubectl get pods --watch --output-watch-events -o json prints them",
  );
}

function stateOf({ metadata, status }: Pod): PodState {
  if (metadata.deletionTimestamp !== undefined) return "deleting";
  if (status.phase === "Failed") return "failed";
  if (status.phase === "Pending" || status.phase === undefined) return "pending";
  const ready = status.conditions?.find(({ type }) => type === "Ready")?.status === "True";
  return ready ? "ready" : "unready";
}
