/**
 * The page's source of an application whose metrics a Prometheus has, such as that of a Kubernetes namespace.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { HISTORY_MS } from "./history.ts";
import { numberOf, type Series } from "../metrics/metrics_text.ts";
import { reasonOf } from "../metrics/probe.ts";
import { conceal } from "../secrecy/conceal.ts";
import { COUNTERS, COUNTS, GAUGES, type InstanceReading, type Reading, snapshotOf } from "./reading.ts";
import type { PageSnapshot } from "./snapshot.ts";
import type { PageSource } from "./source.ts";

/** Settings of {@linkcode prometheusSource}. */
export interface PrometheusSourceOptions {
  /** Where Prometheus is, such as `http://localhost:9090`. */
  readonly url: string;
  /** Only what is in this namespace. Default: all that it has. */
  readonly namespace?: string;
  /** Only pods whose whole name this regular expression matches. Default: all. */
  readonly pods?: string;
  /** How often it is asked, in ms. Default 5,000. */
  readonly everyMs?: number;
  /** The time on the wall, in ms. Default `Date.now`. */
  readonly now?: () => number;
}

/** What is asked for the ten minutes before: a point each 15 s, as Prometheus mostly has them. */
const PAST_STEP_MS = 15_000;
/** How long an answer may take, in ms. */
const ANSWER_MS = 10_000;

/** A question, and what its answers are. */
interface Question {
  readonly of: "values" | "rates" | "ready" | "wanted";
  readonly query: string;
  /** What the answers are of, where they don't say it: a rate has no name. */
  readonly metric?: string;
}

/** A series over time, as the API gives it. */
interface Matrix {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly (readonly [seconds: number, value: string])[];
}

/** A source that asks Prometheus, first for what was, then every few seconds for what is. */
export function prometheusSource(options: PrometheusSourceOptions): PageSource {
  const { url, namespace, pods, everyMs = 5_000, now = Date.now } = options;
  const questions = questionsOf(namespace, pods);
  return {
    title: namespace ?? new URL(url).host,
    async *snapshots(signal): AsyncIterable<PageSnapshot> {
      for (let fromMs = now() - HISTORY_MS; !signal.aborted;) {
        yield* await snapshotsOf(url, questions, { fromMs, toMs: now() }, signal);
        await delay(everyMs, { signal }).catch(() => {}); // the loop sees that it is aborted
        fromMs = now();
      }
    },
  };
}

function questionsOf(namespace: string | undefined, pods: string | undefined): Question[] {
  const matchers = [
    ...(namespace === undefined ? [] : [`namespace=${JSON.stringify(namespace)}`]),
    ...(pods === undefined ? [] : [`pod=~${JSON.stringify(pods)}`]),
  ];
  const series = (name: string, more: readonly string[] = matchers): string => `${name}{${more.join(",")}}`;
  const names = `__name__=~${JSON.stringify([...GAUGES, ...COUNTS].join("|"))}`;
  return [
    { of: "values", query: series("", [names, ...matchers]) },
    ...COUNTERS.map((metric): Question => ({ of: "rates", metric, query: `rate(${series(metric)}[1m])` })),
    { of: "ready", query: series("kube_pod_status_ready", ['condition="true"', ...matchers]) },
    // Of several autoscalers nobody knows which is meant.
    {
      of: "wanted",
      query: series(
        "kube_horizontalpodautoscaler_status_desired_replicas",
        matchers.slice(0, namespace === undefined ? 0 : 1),
      ),
    },
  ];
}

async function snapshotsOf(
  url: string,
  questions: readonly Question[],
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  signal: AbortSignal,
): Promise<PageSnapshot[]> {
  try {
    const answers = await Promise.all(
      questions.map(async (question) => ({
        question,
        series: await ask(url, question.query, fromMs, toMs, signal),
      })),
    );
    const readings = readingsOf(answers);
    if (readings.size === 0) {
      return [
        snapshotOf(toMs, { instances: [], problem: `Prometheus has no series of kos at ${shown(url)}` }),
      ];
    }
    return [...readings].sort(([a], [b]) => a - b).map(([atMs, reading]) => snapshotOf(atMs, reading));
  } catch (error) {
    if (signal.aborted) return [];
    const reason = conceal(reasonOf(error), userOf(url));
    return [snapshotOf(toMs, { instances: [], problem: `Cannot read ${shown(url)}: ${reason}` })];
  }
}

/** The address without what may be a secret. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname.replace(/\/$/, "");
}

/** User and password of an address, as they are in it, and as they are meant. */
function userOf(url: string): string[] {
  const { username, password } = new URL(url);
  // What is no escape is left as it is, unlike by decodeURIComponent.
  const meant = (text: string) => new URLSearchParams(`=${text.replaceAll("+", "%2B")}`).get("") ?? "";
  return [username, password].flatMap((text) => [text, meant(text)]);
}

async function ask(
  url: string,
  query: string,
  fromMs: number,
  toMs: number,
  signal: AbortSignal,
): Promise<readonly Matrix[]> {
  const answer = await fetch(`${url.replace(/\/$/, "")}/api/v1/query_range`, {
    method: "POST",
    body: new URLSearchParams({
      query,
      start: String(fromMs / 1_000),
      end: String(toMs / 1_000),
      step: String(PAST_STEP_MS / 1_000),
    }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
  });
  const text = await answer.text();
  let body: { status?: unknown; error?: unknown; data?: { result?: unknown } };
  try {
    body = JSON.parse(text);
  } catch {
    throw new Error(`received status ${answer.status} and no JSON; give the address of a Prometheus`);
  }
  if (body.status !== "success") throw new Error(`received ${body.error ?? `status ${answer.status}`}`);
  return body.data?.result as Matrix[];
}

/** What was at each time: a pod is there when it tells any value. */
function readingsOf(
  answers: readonly { readonly question: Question; readonly series: readonly Matrix[] }[],
): Map<number, Reading> {
  const times = new Map<number, Moment>();
  for (const { question, series } of answers) {
    for (const { metric: { __name__ = question.metric ?? "", ...labels }, values } of series) {
      for (const [seconds, text] of values) {
        const atMs = Math.round(seconds * 1_000);
        const moment = times.get(atMs) ?? new Moment();
        times.set(atMs, moment);
        moment.add(question.of, { metric: __name__, labels, value: numberOf(text) });
      }
    }
  }
  return new Map(
    [...times].filter(([, { pods }]) => pods.size > 0).map(([atMs, moment]) => [atMs, moment.reading()]),
  );
}

/** What is told of one time. */
class Moment {
  readonly pods = new Map<string, Series[]>();
  readonly #rates = new Map<string, Series[]>();
  readonly #ready = new Map<string, boolean>();
  readonly #wanted: number[] = [];
  readonly #recommended = new Set<number>();

  add(of: Question["of"], series: Series): void {
    // Whoever recommends looks on, and is no instance itself.
    if (series.metric === "kos_recommended_replicas") return void this.#recommended.add(series.value);
    const pod = series.labels.pod ?? series.labels.instance ?? "";
    if (of === "wanted") this.#wanted.push(series.value);
    else if (of === "ready") this.#ready.set(pod, series.value === 1);
    else {
      const byPod = of === "values" ? this.pods : this.#rates;
      byPod.set(pod, [...byPod.get(pod) ?? [], series]);
    }
  }

  reading(): Reading {
    const instances = [...this.pods].map(([name, values]): InstanceReading => {
      const ready = this.#ready.get(name);
      return { name, values, rates: this.#rates.get(name) ?? [], ...(ready === undefined ? {} : { ready }) };
    });
    const wanted = onlyOne(this.#wanted) ?? onlyOne([...this.#recommended]);
    return { instances, ...(wanted === undefined ? {} : { wanted }) };
  }
}

function onlyOne(values: readonly number[]): number | undefined {
  return values.length === 1 ? values[0] : undefined;
}
