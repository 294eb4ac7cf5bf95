/**
 * `deno task e2e:cluster`: the chart on a real cluster, with the load going up and down. See `--help`.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { judge } from "../src/autoscale/timeline.ts";
import { parseArguments, UsageError } from "../src/cli/arguments.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { say } from "../src/cli/write.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../src/game/topics.ts";
import { metricTopic } from "../src/metrics/lag_metrics.ts";
import { CHART } from "./chart/files.ts";
import { run, Tools } from "./chart/tools.ts";
import { Cluster, type Scaling } from "./e2e/cluster.ts";
import { E2E_CLUSTER, type Flags, LOW } from "./e2e/flags.ts";
import { KilledPods } from "./e2e/killed_pods.ts";
import { test, uninstall, upgradeAndRollBack } from "./e2e/lifecycle.ts";
import {
  complaints,
  gaps,
  notBack,
  reached,
  type Sample,
  series,
  toCsv,
  toSvg,
  turnedRound,
} from "./e2e/timeline.ts";
import { ScriptError } from "./support/errors.ts";
import { makeOutFolder } from "./support/out_folder.ts";

const RELEASE = "kos";
const STREAMS = "kstreams";
const LAG_METRICS = [REQUESTS_TOPIC, RESPONSES_TOPIC].map((topic) => `consumer_lag_${metricTopic(topic)}`);
const LOAD_METRIC = "kos_load";
/** A pod whose code is cold when the load comes knows no load for some seconds. */
const MAY_MISS = { [LOAD_METRIC]: 10 };
const RATE_METRIC = "kos_streams_records_processed_per_second";
/** What a pod is taken to do where no target says it, in records a second: the chart's `rate.targetPerPod`. */
const RATE = 12_000;
const READY_TIMEOUT_MS = 240_000;

/** Runs the command line. @returns The exit code: 1 when the cluster did not do what it should. */
export async function e2e(args: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = parseArguments(E2E_CLUSTER, args);
  if (flags.steps !== undefined && (flags.high !== undefined || flags.constant !== undefined)) {
    throw new UsageError("Cannot use --steps with --high or --constant: received both; give one of them");
  }
  for (const name of ["low", "high", "constant"] as const) {
    if (flags[name] === Infinity) {
      throw new UsageError(`Cannot use --${name}: received "max"; the timeline needs a number`);
    }
  }
  await makeOutFolder(flags.out);
  const helm = await new Tools(say).find("helm");
  if ("missing" in helm) throw new ScriptError(`Cannot install the chart: ${helm.missing}`);
  const cluster = await Cluster.open(flags.namespace);
  try {
    await create(flags.namespace);
    try {
      return await withRelease(flags, helm.command, cluster, signal);
    } finally {
      if (flags.keep) say(`kept the namespace ${flags.namespace}`);
      else await cleanUp(helm.command, flags.namespace);
    }
  } finally {
    await cluster.close();
  }
}

async function withRelease(
  flags: Flags,
  helm: string,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<number> {
  const { namespace } = flags;
  const values = valueArguments(flags);
  say(`helm ${["install", RELEASE, "charts/kos", "--namespace", namespace, ...values].join(" ")}`);
  await must(helm, ["install", RELEASE, CHART, "--namespace", namespace, ...values]);
  const scaling = await ready(flags, cluster, signal);
  const failures = await underLoad(flags, cluster, scaling, signal);
  if (signal.aborted) return EXIT.failure;
  const release = { helm, name: RELEASE, namespace, chart: CHART, values, cluster, say };
  const tested = await test(release);
  await Deno.writeTextFile(join(flags.out, "helm-test.txt"), tested.output);
  failures.push(...tested.failures, ...await upgradeAndRollBack(release));
  if (!flags.keep) failures.push(...await uninstall(release));
  for (const failure of failures) say(`FAILED   ${failure}`);
  say(
    failures.length === 0 ? "all is as it should be" : `${failures.length} of the expectations did not hold`,
  );
  return failures.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Sets the load and records what comes of it. @returns What is wrong with that. */
async function underLoad(
  flags: Flags,
  cluster: Cluster,
  scaling: Scaling,
  signal: AbortSignal,
): Promise<string[]> {
  const { min, max } = scaling;
  const metrics = recorded(scaling);
  const recorder = new Recorder(cluster, metrics, flags.low ?? LOW);
  try {
    if (flags.constant !== undefined) await constantLoad(flags, flags.constant, recorder, signal);
    else await step(flags, scaling, recorder, signal);
  } finally {
    await save(flags, recorder.samples, metrics);
  }
  summarize(flags, recorder.samples, metrics, { min, max });
  return [...wrong(flags, recorder.samples, metrics, scaling), ...recorder.killed.complaints];
}

/** What is looked at: whatever it scales on, the lags and the rate say how that goes. The adapter has them all. */
function recorded({ targets }: Scaling): string[] {
  return [...new Set([...LAG_METRICS, RATE_METRIC, ...targets.keys()])];
}

function wrong(
  flags: Flags,
  samples: readonly Sample[],
  metrics: readonly string[],
  { min, max }: Scaling,
): string[] {
  const { maxTurns, within } = flags;
  if (flags.constant === undefined && flags.steps === undefined) {
    return complaints(samples, {
      metrics,
      peak: max,
      withinSeconds: within / 1000,
      rest: min,
      maxTurns,
      mayMiss: MAY_MISS,
    });
  }
  const isBack = flags.steps === undefined || (samples.at(-1)?.replicas ?? 0) <= min;
  return [
    ...gaps(samples, metrics, MAY_MISS),
    ...turnedRound(samples, metrics, maxTurns),
    ...(isBack ? [] : [notBack(samples, min)]),
  ];
}

/** The arguments for helm: nothing but what flags ask for. */
function valueArguments(flags: Flags): string[] {
  const { low, machines, imagePrefix, imageTag, pullPolicy } = flags;
  const given = (key: string, value: unknown): string[] => value === undefined ? [] : [`${key}=${value}`];
  const values = [
    ...given("generator.rate", low),
    ...given("generator.machines", machines),
    ...Object.entries({ app: "streams", generator: "datagen" }).flatMap(([block, program]) => [
      ...given(`${block}.image.repository`, imagePrefix === undefined ? undefined : imagePrefix + program),
      ...given(`${block}.image.pullPolicy`, pullPolicy),
      ...given(`${block}.image.tag`, imageTag),
    ]),
    ...flags.set,
  ];
  return [
    ...flags.values.flatMap((file) => ["--values", resolve(file)]),
    ...values.flatMap((value) => ["--set", value]),
  ];
}

/** Waits until pods are ready, the generator answers and the autoscaler has all its metrics. */
async function ready(
  flags: Flags,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<Scaling> {
  const scaling = await cluster.autoscaler(STREAMS);
  const metrics = recorded(scaling);
  let missing = "pods";
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (missing !== "") {
    signal.throwIfAborted();
    if (Date.now() > deadline) {
      await describe(flags, "not-ready.txt");
      throw new ScriptError(
        `Cannot start: received no ${missing} within ${
          READY_TIMEOUT_MS / 1000
        } s; kubectl -n ${flags.namespace} describe pods,hpa (kept in ${flags.out}/not-ready.txt) says more`,
      );
    }
    await sleep(1_000, signal);
    const states = await Promise.all([STREAMS, "datagen"].map((name) => cluster.deployment(name)));
    const idle = await Promise.all(
      metrics.map(async (metric) => ({ metric, ...await cluster.metric(metric) })),
    );
    missing = states.some((state) => state.ready === 0)
      ? "ready pods"
      : idle.filter(({ pods }) => pods === 0).map(({ metric }) => metric).join(", ");
  }
  say(`pods are ready, and the custom metrics API has ${metrics.join(", ")}`);
  return scaling;
}

/** Low, then high (or the steps) until the most replicas are there and for the time of `--hold`, then low until the least are. */
async function step(
  flags: Flags,
  { min, max, targets }: Scaling,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  await recorder.during(15_000, signal);
  const { steps = [flags.high ?? 1.5 * max * (targets.get(RATE_METRIC) ?? RATE)] } = flags;
  for (const rate of steps) {
    await recorder.rate(rate);
    await recorder.during(flags.hold, signal);
    await describe(flags, flags.steps === undefined ? "describe-hpa-high.txt" : `describe-hpa-${rate}.txt`);
  }
  await recorder.rate(flags.low ?? LOW);
  await recorder.during(flags.rest, signal, (sample) => sample.replicas === min && sample.ready === min);
  await describe(flags, "describe-hpa-low.txt");
  if (recorder.samples.every(({ replicas }) => replicas < max)) say(`it never was at ${max} replicas`);
  await recorder.during(20_000, signal); // so that a flap after the end is seen
}

async function constantLoad(
  flags: Flags,
  load: number,
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  await recorder.rate(load);
  await recorder.during(flags.hold, signal);
  await describe(flags, "describe-hpa.txt");
}

/** Looks at the cluster once a second. */
class Recorder {
  readonly samples: Sample[] = [];
  readonly killed: KilledPods = new KilledPods();
  readonly #started = Date.now();
  readonly #cluster: Cluster;
  readonly #metrics: readonly string[];
  #load: number;

  constructor(cluster: Cluster, metrics: readonly string[], load: number) {
    this.#cluster = cluster;
    this.#metrics = metrics;
    this.#load = load;
  }

  async rate(load: number): Promise<void> {
    await this.#cluster.setRate("datagen", load);
    this.#load = load;
    say(`${this.#second()} s: the generator sends ${load} records/s`);
  }

  async during(ms: number, signal: AbortSignal, until?: (sample: Sample) => boolean): Promise<void> {
    const end = Date.now() + ms;
    while (Date.now() < end) {
      signal.throwIfAborted();
      const next = Date.now() + 1_000;
      const sample = await this.#look();
      if (sample.replicas !== this.samples.at(-1)?.replicas) {
        say(
          `${sample.second} s: ${sample.replicas} replicas, lag ${
            LAG_METRICS.map((m) => Math.round(sample.metrics[m]!.sum)).join("/")
          }`,
        );
      }
      this.samples.push(sample);
      if (until?.(sample)) return;
      await sleep(Math.max(0, next - Date.now()), signal);
    }
  }

  async #look(): Promise<Sample> {
    const second = this.#second();
    const [pods, { replicas, ready }, { desired }, ...values] = await Promise.all([
      this.#cluster.pods(),
      this.#cluster.deployment(STREAMS),
      this.#cluster.autoscaler(STREAMS),
      ...this.#metrics.map((metric) => this.#cluster.metric(metric)),
    ]);
    this.killed.note(pods);
    const metrics = Object.fromEntries(this.#metrics.map((metric, i) => [metric, values[i]!]));
    return { second, load: this.#load, replicas, ready, desired, metrics };
  }

  #second(): number {
    return Math.round((Date.now() - this.#started) / 1000);
  }
}

function summarize(
  flags: Flags,
  samples: readonly Sample[],
  metrics: readonly string[],
  { min, max }: { min: number; max: number },
): void {
  const { turns, changes, podSeconds, maxLag, endLag } = judge(series(samples, metrics[0]!));
  const { raisedAt, peakAt, loweredAt, restAt } = reached(samples, max, min);
  const took = (from: number | undefined, to: number | undefined): string =>
    from === undefined || to === undefined ? "never" : `${to - from} s`;
  if (flags.constant === undefined && flags.steps === undefined) {
    say(`${min} → ${max} replicas: ${took(raisedAt, peakAt)} after the load was raised`);
    say(`${max} → ${min} replicas: ${took(loweredAt, restAt)} after it was lowered`);
  }
  say(
    `${samples.length} samples, ${changes} changes, ${turns} turns, ${podSeconds} pod-seconds, largest lag ${
      Math.round(maxLag)
    } of ${metrics[0]}, ${Math.round(endLag)} at the end`,
  );
}

async function save(flags: Flags, samples: readonly Sample[], metrics: readonly string[]): Promise<void> {
  await Deno.writeTextFile(join(flags.out, "timeline.csv"), toCsv(samples, metrics));
  await Deno.writeTextFile(
    join(flags.out, "timeline.svg"),
    toSvg(flags.title, samples, { lags: LAG_METRICS, rate: RATE_METRIC, load: LOAD_METRIC }),
  );
  say(`wrote ${join(flags.out, "timeline.csv")} and timeline.svg`);
}

async function describe(flags: Flags, file: string): Promise<void> {
  const { stdout, stderr } = await run("kubectl", [
    "--namespace",
    flags.namespace,
    "describe",
    file === "not-ready.txt" ? "pods,hpa" : "hpa",
  ]);
  await Deno.writeTextFile(join(flags.out, file), stdout + stderr);
}

async function create(namespace: string): Promise<void> {
  await must("kubectl", ["create", "namespace", namespace]);
  // Whatever the chart asks of its pods, this namespace admits none that is less restricted.
  await must("kubectl", ["label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted"]);
}

async function cleanUp(helm: string, namespace: string): Promise<void> {
  say(`uninstalling, and removing the namespace ${namespace}`);
  const removed = await run(helm, [
    "uninstall",
    RELEASE,
    "--namespace",
    namespace,
    "--wait",
    "--ignore-not-found",
  ]);
  if (!removed.success) say(`helm uninstall: ${removed.stderr.trim()}`);
  await must("kubectl", ["delete", "namespace", namespace, "--timeout=100s"]);
}

async function must(program: string, args: readonly string[]): Promise<void> {
  const { success, stdout, stderr } = await run(program, args);
  if (success) return;
  throw new ScriptError(
    `Cannot ${program.split("/").at(-1)} ${args.slice(0, 2).join(" ")}: received "${
      (stderr || stdout).trim()
    }"`,
  );
}

/** Waits; ends early, with the signal's reason, when it is aborted. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

if (import.meta.main) await main("e2e:cluster", (signal) => e2e(Deno.args, signal), { graceMs: 120_000 });
