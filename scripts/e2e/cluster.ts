import { ScriptError } from "../support/errors.ts";
import type { SeenPod } from "./killed_pods.ts";
import { parseQuantity } from "./quantity.ts";

/** What of a Deployment counts here. */
interface Deployment {
  readonly spec: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number };
}

/** What of a Pod counts here. */
interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
  };
  readonly status: {
    readonly reason?: string;
    readonly containerStatuses?: readonly {
      readonly restartCount: number;
      readonly lastState?: { readonly terminated?: { readonly reason?: string } };
    }[];
  };
}

/** What of a HorizontalPodAutoscaler counts here. */
interface Autoscaler {
  readonly spec: {
    readonly minReplicas: number;
    readonly maxReplicas: number;
    readonly metrics: readonly {
      readonly pods?: {
        readonly metric: { readonly name: string };
        readonly target: { readonly averageValue: string };
      };
    }[];
  };
  readonly status?: { readonly desiredReplicas?: number };
}

/** An autoscaler, with the target a pod of each of its metrics. */
export interface Scaling {
  readonly desired: number;
  readonly targets: ReadonlyMap<string, number>;
  readonly min: number;
  readonly max: number;
}

interface MetricList {
  readonly items?: readonly { readonly value: string }[];
}

/** How long an answer may take, in ms: of a small cluster under full load the custom metrics API needs many seconds. */
const ANSWER_TIMEOUT_MS = 30_000;

/** A cluster's API through `kubectl proxy`, with the rights and the address of the current KUBECONFIG. */
export class Cluster {
  readonly #proxy: Deno.ChildProcess;
  readonly #url: string;
  readonly #namespace: string;

  private constructor(proxy: Deno.ChildProcess, url: string, namespace: string) {
    this.#proxy = proxy;
    this.#url = url;
    this.#namespace = namespace;
  }

  /** Starts the proxy. @throws {ScriptError} When there is no kubectl or no cluster that answers it. */
  static async open(namespace: string): Promise<Cluster> {
    const proxy = startKubectl("proxy", "--port=0");
    const url = await addressOf(proxy, "kubectl proxy");
    const cluster = new Cluster(proxy, url, namespace);
    try {
      await cluster.get("/readyz");
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** Ends the proxy. */
  async close(): Promise<void> {
    await end(this.#proxy);
  }

  /** GETs a path of the API. @throws {ScriptError} When it is refused or there is no answer in time. */
  async get(path: string): Promise<string> {
    return await this.#request(path, {});
  }

  /** The replicas that a Deployment should have and those that are ready. */
  async deployment(name: string): Promise<{ replicas: number; ready: number }> {
    const path = `/apis/apps/v1/namespaces/${this.#namespace}/deployments/${name}`;
    const { spec, status } = JSON.parse(await this.get(path)) as Deployment;
    return { replicas: spec.replicas ?? 1, ready: status?.readyReplicas ?? 0 };
  }

  /** The pods in the namespace. */
  async pods(): Promise<SeenPod[]> {
    const { items } = JSON.parse(await this.get(`/api/v1/namespaces/${this.#namespace}/pods`)) as {
      items: Pod[];
    };
    return items.map(({ metadata, status }) => {
      const containers = status.containerStatuses ?? [];
      return {
        name: metadata.name,
        uid: metadata.uid,
        component: metadata.labels?.["app.kubernetes.io/component"] ?? "",
        restarts: containers.reduce((sum, { restartCount }) => sum + restartCount, 0),
        reason: status.reason ?? containers[0]?.lastState?.terminated?.reason ?? "",
      };
    });
  }

  /** What an autoscaler last asked for, and by which metrics. */
  async autoscaler(name: string): Promise<Scaling> {
    const path = `/apis/autoscaling/v2/namespaces/${this.#namespace}/horizontalpodautoscalers/${name}`;
    const { spec, status } = JSON.parse(await this.get(path)) as Autoscaler;
    const targets = spec.metrics.flatMap(({ pods }) =>
      pods === undefined ? [] : [[pods.metric.name, parseQuantity(pods.target.averageValue)] as const]
    );
    return {
      desired: status?.desiredReplicas ?? 0,
      targets: new Map(targets),
      min: spec.minReplicas,
      max: spec.maxReplicas,
    };
  }

  /** A metric of all pods in the namespace: their sum and their number; none while the API has no value. */
  async metric(name: string): Promise<{ sum: number; pods: number }> {
    const path = `/apis/custom.metrics.k8s.io/v1beta2/namespaces/${this.#namespace}/pods/*/${name}`;
    const list = JSON.parse(await this.#request(path, {}, [404, 500, 503])) as MetricList;
    const items = list.items ?? [];
    return { sum: items.reduce((sum, { value }) => sum + parseQuantity(value), 0), pods: items.length };
  }

  /** Tells the generator its rate, in records a second. @throws {ScriptError} When it refuses. */
  async setRate(deployment: string, rate: number): Promise<void> {
    // The control port is on the pod's loopback only.
    const forward = startKubectl("port-forward", "-n", this.#namespace, `deployment/${deployment}`, ":9011");
    try {
      const init = { method: "PUT", body: JSON.stringify({ rate }) };
      await this.#request("/throughput", init, [], await addressOf(forward, "kubectl port-forward"));
    } finally {
      await end(forward);
    }
  }

  async #request(
    path: string,
    init: RequestInit,
    alsoFine: readonly number[] = [],
    url = this.#url,
  ): Promise<string> {
    let response: Response;
    let text: string;
    try {
      response = await fetch(url + path, { ...init, signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
      text = await response.text();
    } catch (error) {
      throw new ScriptError(
        `Cannot ask the cluster for ${path}: received no answer within ${ANSWER_TIMEOUT_MS / 1000} s`,
        {
          cause: error,
        },
      );
    }
    if (response.ok || alsoFine.includes(response.status)) return response.ok ? text : "{}";
    throw new ScriptError(
      `Cannot ask the cluster for ${path}: received status ${response.status}: ${text.trim().slice(0, 300)}`,
    );
  }
}

function startKubectl(...args: string[]): Deno.ChildProcess {
  try {
    return new Deno.Command("kubectl", {
      args,
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    throw new ScriptError("Cannot reach a cluster: received no kubectl on the path; install it");
  }
}

/** Where a kubectl listens, by what it says of that. @throws {ScriptError} When it ends before. */
async function addressOf(kubectl: Deno.ChildProcess, what: string): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  // It goes on writing a line for each connection, and would end where nobody takes it.
  for await (const chunk of kubectl.stdout.values({ preventCancel: true })) {
    text += decoder.decode(chunk, { stream: true });
    const address = /127\.0\.0\.1:\d+/.exec(text)?.[0];
    if (address !== undefined) return `http://${address}`;
  }
  throw new ScriptError(
    `Cannot reach a cluster: received the end of ${what}, which says why above; does KUBECONFIG name a cluster?`,
  );
}

async function end(kubectl: Deno.ChildProcess): Promise<void> {
  try {
    kubectl.kill("SIGTERM");
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // it has ended already
  }
  await kubectl.stdout.cancel();
  await kubectl.status;
}
