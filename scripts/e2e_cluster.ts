/**
 * `deno task e2e:cluster`: the chart on a real cluster, with the load going up and down. See `--help`.
 *
 * @module
 */
import { join, resolve } from "@std/path";
import { judge } from "../src/autoscale/simulator.ts";
import { parseArguments, UsageError } from "../src/cli/arguments.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { duration, integer, rate, text } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { say } from "../src/cli/write.ts";
import { CHART } from "./chart/files.ts";
import { run, Tools } from "./chart/tools.ts";
import { Cluster } from "./e2e/cluster.ts";
import { complaints, gaps, reached, type Sample, series, toCsv, toSvg } from "./e2e/timeline.ts";
import { ScriptError } from "./support/errors.ts";

interface Flags {
  readonly namespace: string;
  readonly values: readonly string[];
  readonly set: readonly string[];
  readonly imagePrefix: string;
  readonly imageTag?: string;
  readonly pullPolicy: string;
  readonly machines: number;
  readonly low: number;
  readonly high: number;
  readonly constant?: number;
  readonly hold: number;
  readonly within: number;
  readonly rest: number;
  readonly maxTurns: number;
  readonly out: string;
  readonly title: string;
  readonly keep: boolean;
}

const RELEASE = "kos";
const STREAMS = "kstreams";
const READY_TIMEOUT_MS = 240_000;

/** The task and its flags. */
export const E2E_CLUSTER: Program<Flags> = {
  name: "e2e:cluster",
  task: true,
  description:
    "Installs charts/kos with a Kafka of its own into the cluster that KUBECONFIG names, raises the generator's rate until the " +
    "autoscaler is at its largest, lowers it until it is at its least, runs helm test, and uninstalls. Each second is recorded, " +
    "to timeline.csv and timeline.svg; beside them is what kubectl describe hpa says. The cluster needs Prometheus and the " +
    "prometheus-adapter with the chart's rules (docs/kubernetes.md), and the images: deno task image.",
  prefix: "KOS_E2E_",
  flags: {
    namespace: {
      value: "<name>",
      text: "created for this and removed at the end; it must not be there",
      parse: text("a namespace"),
      default: "kos-e2e",
    },
    values: {
      short: "f",
      value: "<file>",
      text: "a values file for helm; may be repeated",
      parse: oneText,
      default: [],
      repeated: true,
      variable: false,
    },
    set: {
      value: "<key=value>",
      text: "a value for helm; may be repeated",
      parse: oneText,
      default: [],
      repeated: true,
      variable: false,
    },
    imagePrefix: {
      value: "<prefix>",
      text: "before the program's name in the images'",
      parse: text("a prefix"),
      default: "kos-",
      variable: "KOS_IMAGE_PREFIX",
    },
    imageTag: {
      value: "<tag>",
      text: "of both images",
      parse: text("a tag"),
      variable: "KOS_IMAGE_TAG",
      defaultText: "the chart's",
    },
    pullPolicy: {
      value: "<policy>",
      text: "of both images",
      parse: text("a policy"),
      default: "IfNotPresent",
    },
    machines: {
      value: "<count>",
      text:
        "how many arcade machines send frames: few at a high rate share keys, and joins grow with their square",
      parse: integer({ min: 1, max: 100_000 }),
      default: 5_000,
    },
    low: { value: "<rate>", text: "records a second before and after", parse: rate(), default: 1_000 },
    high: {
      value: "<rate>",
      text: "records a second in between: more than the pods can process, so that lag builds up",
      parse: rate(),
      default: 400_000,
    },
    constant: {
      value: "<rate>",
      text: "instead of the step: this many records a second for the time of --hold",
      parse: rate(),
    },
    hold: {
      value: "<time>",
      text: "how long the high or constant rate is kept",
      parse: duration({ min: 1_000 }),
      default: 60_000,
      defaultText: "60s",
    },
    within: {
      value: "<time>",
      text: "how soon the largest number of replicas has to be asked for",
      parse: duration({ min: 1_000 }),
      default: 60_000,
      defaultText: "60s",
    },
    rest: {
      value: "<time>",
      text: "how long coming back to the least may take",
      parse: duration({ min: 1_000 }),
      default: 900_000,
      defaultText: "15m",
    },
    maxTurns: {
      value: "<count>",
      text: "how often scaling may turn round; a step up and down is one turn",
      parse: integer({ max: 1_000 }),
      default: 1,
    },
    out: { value: "<dir>", text: "where the files go", parse: text("a folder"), default: "dist/e2e" },
    title: {
      value: "<text>",
      text: "of the plot",
      parse: text("a title"),
      default: "Replicas follow the load",
    },
    keep: toggle("leave the release and its namespace"),
  },
};

function oneText(value: string): string[] {
  return [value];
}

/** Runs the command line. @returns The exit code: 1 when the cluster did not do what it should. */
export async function e2e(args: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = parseArguments(E2E_CLUSTER, args);
  for (const name of ["low", "high", "constant"] as const) {
    if (flags[name] === Infinity) {
      throw new UsageError(`Cannot use --${name}: received "max"; the timeline needs a number`);
    }
  }
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
  say(`installing the chart into the namespace ${flags.namespace}`);
  await must(helm, ["install", RELEASE, CHART, "--namespace", flags.namespace, ...valueArguments(flags)]);
  const { metrics, min, max } = await ready(flags, cluster, signal);
  const recorder = new Recorder(cluster, metrics, flags.low);
  const failures: string[] = [];
  try {
    if (flags.constant !== undefined) await constantLoad(flags, flags.constant, recorder, signal);
    else await step(flags, { min, max }, recorder, signal);
  } finally {
    await save(flags, recorder.samples, metrics);
  }
  if (flags.constant === undefined) {
    const expected = {
      metrics,
      peak: max,
      withinSeconds: flags.within / 1000,
      rest: min,
      maxTurns: flags.maxTurns,
    };
    failures.push(...complaints(recorder.samples, expected));
  } else {
    failures.push(...gaps(recorder.samples, metrics));
    const { turns } = judge(series(recorder.samples, metrics[0]!));
    if (turns > flags.maxTurns) {
      failures.push(`scaling turned round ${turns} times; allowed: ${flags.maxTurns}`);
    }
  }
  summarize(flags, recorder.samples, metrics, { min, max });
  if (signal.aborted) return EXIT.failure;
  const test = await run(helm, ["test", RELEASE, "--namespace", flags.namespace, "--logs"]);
  await Deno.writeTextFile(join(flags.out, "helm-test.txt"), test.stdout + test.stderr);
  const logs = test.stdout.indexOf("POD LOGS");
  if (logs >= 0) say(test.stdout.slice(logs).trim()); // before them it prints the chart's notes again
  if (!test.success) failures.push(`helm test failed: ${test.stderr.trim()}`);
  for (const failure of failures) say(`FAILED   ${failure}`);
  say(
    failures.length === 0 ? "all is as it should be" : `${failures.length} of the expectations did not hold`,
  );
  return failures.length === 0 ? EXIT.ok : EXIT.failure;
}

function valueArguments(flags: Flags): string[] {
  const values = [
    "kafka.inCluster.enabled=true",
    `generator.rate=${flags.low}`,
    `generator.machines=${flags.machines}`,
    ...Object.entries({ app: "streams", generator: "datagen" }).flatMap(([block, program]) => [
      `${block}.image.repository=${flags.imagePrefix}${program}`,
      `${block}.image.pullPolicy=${flags.pullPolicy}`,
      ...(flags.imageTag === undefined ? [] : [`${block}.image.tag=${flags.imageTag}`]),
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
): Promise<{ metrics: string[]; min: number; max: number }> {
  const { metrics, min, max } = await cluster.autoscaler(STREAMS);
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
  return { metrics, min, max };
}

/** Low, then high until the most replicas are there and for the time of `--hold`, then low until the least are. */
async function step(
  flags: Flags,
  { min, max }: { min: number; max: number },
  recorder: Recorder,
  signal: AbortSignal,
): Promise<void> {
  await recorder.during(15_000, signal);
  await recorder.rate(flags.high);
  await recorder.during(flags.hold, signal);
  await describe(flags, "describe-hpa-high.txt");
  await recorder.rate(flags.low);
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
            this.#metrics.map((m) => Math.round(sample.metrics[m]!.sum)).join("/")
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
    const [{ replicas, ready }, { desired }, ...values] = await Promise.all([
      this.#cluster.deployment(STREAMS),
      this.#cluster.autoscaler(STREAMS),
      ...this.#metrics.map((metric) => this.#cluster.metric(metric)),
    ]);
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
  if (flags.constant === undefined) {
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
  await Deno.mkdir(flags.out, { recursive: true });
  const isLag = (metric: string): boolean => metric.startsWith("consumer_lag_");
  await Deno.writeTextFile(join(flags.out, "timeline.csv"), toCsv(samples, metrics));
  const rateMetric = metrics.find((metric) => !isLag(metric));
  await Deno.writeTextFile(
    join(flags.out, "timeline.svg"),
    toSvg(flags.title, samples, metrics.filter(isLag), rateMetric),
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
  await Deno.mkdir(flags.out, { recursive: true });
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
