/**
 * Asks a running program for its readiness and its series, as a test of an installation does.
 *
 * @module
 */
import { delay } from "@std/async/delay";

/** A series that has to be served: a metric, with some of its labels. */
export interface WantedSeries {
  /** The metric's name. */
  readonly name: string;
  /** Labels that it has, among others. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** Settings of {@linkcode probe}. */
export interface ProbeRequest {
  /** Where the program serves, such as `http://kstreams:9001`. */
  readonly url: string;
  /** What has to be on `/metrics`, whatever its value. */
  readonly series: readonly WantedSeries[];
  /** How long to wait for what is not there yet, in ms. */
  readonly withinMs: number;
  /** Ends the waiting. */
  readonly signal?: AbortSignal;
}

/** One thing that was looked for. */
interface Finding {
  readonly what: string;
  readonly found: boolean;
  readonly saw: string;
}

const ANSWER_TIMEOUT_MS = 5_000;
const LOOK_EVERY_MS = 1_000;

/**
 * Waits until a program says that it is ready, and serves all the series.
 *
 * @param say Gets a line for each thing that was looked for, with what was there in the end.
 * @returns Whether all of it was there in time.
 */
export async function probe(request: ProbeRequest, say: (line: string) => void): Promise<boolean> {
  const end = performance.now() + request.withinMs;
  for (;;) {
    const findings = await look(request);
    const complete = findings.every(({ found }) => found);
    if (complete || performance.now() >= end) {
      for (const { what, found, saw } of findings) say(`${found ? "ok      " : "missing "} ${what}: ${saw}`);
      return complete;
    }
    await delay(LOOK_EVERY_MS, request.signal === undefined ? {} : { signal: request.signal });
  }
}

async function look({ url, series, signal }: ProbeRequest): Promise<Finding[]> {
  const [ready, metrics] = await Promise.all([
    ask(`${url}/readyz`, signal),
    ask(`${url}/metrics`, signal),
  ]);
  return [
    { what: `${url}/readyz`, found: ready.status === 200, saw: ready.text.trim() },
    ...series.map((wanted) => seriesIn(metrics, wanted)),
  ];
}

/** What came of asking; without a status there was no answer, and the text says why. */
interface Answer {
  readonly status?: number;
  readonly text: string;
}

async function ask(url: string, signal: AbortSignal | undefined): Promise<Answer> {
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS);
  try {
    const answer = await fetch(url, {
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    });
    return { status: answer.status, text: await answer.text() };
  } catch (error) {
    return { text: reasonOf(error) };
  }
}

/** Why there was no answer: a failed fetch says no more than that itself, and the reason in its cause. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

function seriesIn({ status, text }: Answer, wanted: WantedSeries): Finding {
  const labels = Object.entries(wanted.labels ?? {}).map(([name, value]) => `${name}="${value}"`);
  const what = labels.length === 0 ? wanted.name : `${wanted.name}{${labels.join(",")}}`;
  if (status !== 200) {
    return { what, found: false, saw: `/metrics: ${status ?? "no answer"}, ${text.trim()}` };
  }
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const line = lines.find((line) =>
    /^[^{ ]*/.exec(line)![0] === wanted.name && labels.every((label) => line.includes(label))
  );
  return { what, found: line !== undefined, saw: line ?? `not among ${lines.length} series` };
}
