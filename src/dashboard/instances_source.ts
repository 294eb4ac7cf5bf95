/**
 * The page's source of an application whose instances serve their metrics: this one, and the others that say
 * where they are reached.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { readSeries } from "../metrics/metrics_text.ts";
import { boundedText } from "../metrics/bounded_text.ts";
import { reasonOf } from "../metrics/probe.ts";
import { CounterRates } from "./counter_rates.ts";
import { COUNTERS, COUNTS, GAUGES, type InstanceReading, type Reading, snapshotOf } from "./reading.ts";
import type { PagePart, PageSnapshot } from "./snapshot.ts";
import type { PageSource } from "./source.ts";

/** An instance that can be read. */
export interface ReadableInstance {
  /** Names it on the page. */
  readonly name: string;
  /** Its metrics in Prometheus' text format. */
  metrics(signal: AbortSignal): Promise<string>;
  /** Whether it is ready. */
  ready(signal: AbortSignal): Promise<boolean>;
}

/** Settings of {@linkcode instancesSource}. */
export interface InstancesSourceOptions {
  readonly title: string;
  readonly topology?: readonly PagePart[];
  /** The instances that there are now. */
  readonly instances: () => readonly ReadableInstance[];
  /** How often they are read, in ms. Default 1,000. */
  readonly everyMs?: number;
  /** The time on the wall, in ms. Default `Date.now`. */
  readonly now?: () => number;
}

/** How long an instance may take to answer, in ms. */
const ANSWER_MS = 900;
/** The most that an instance may answer, in bytes: 10,000 partitions take less. */
const MOST_BYTES = 16_000_000;

const COUNTED: ReadonlySet<string> = new Set(COUNTERS);
const WANTED: ReadonlySet<string> = new Set([...GAUGES, ...COUNTERS, ...COUNTS]);

/** A source that reads the metrics of each instance, a time a second. */
export function instancesSource(options: InstancesSourceOptions): PageSource {
  const { title, topology, everyMs = 1_000, now = Date.now } = options;
  return {
    title,
    ...(topology === undefined ? {} : { topology }),
    async *snapshots(signal): AsyncIterable<PageSnapshot> {
      const rates = new Map<string, CounterRates>();
      while (!signal.aborted) {
        const reading = await readAll(options.instances(), rates, now, signal);
        if (signal.aborted) return;
        yield snapshotOf(now(), reading, topology);
        await delay(everyMs, { signal }).catch(() => {}); // the loop sees that it is aborted
      }
    },
  };
}

async function readAll(
  instances: readonly ReadableInstance[],
  rates: Map<string, CounterRates>,
  now: () => number,
  signal: AbortSignal,
): Promise<Reading> {
  const names = new Set(instances.map(({ name }) => name));
  for (const name of rates.keys()) if (!names.has(name)) rates.delete(name);
  const problems: string[] = [];
  const readings = await Promise.all(instances.map(async (instance) => {
    try {
      return await readOne(instance, rates, now, AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]));
    } catch (error) {
      problems.push(`Cannot read ${instance.name}: ${reasonOf(error)}`);
      return [];
    }
  }));
  return { instances: readings.flat(), ...(problems.length === 0 ? {} : { problem: problems.join("; ") }) };
}

async function readOne(
  instance: ReadableInstance,
  rates: Map<string, CounterRates>,
  now: () => number,
  signal: AbortSignal,
): Promise<InstanceReading[]> {
  const { name } = instance;
  const [text, ready] = await Promise.all([instance.metrics(signal), instance.ready(signal)]);
  const series = readSeries(text, WANTED);
  const own = rates.get(name) ?? new CounterRates();
  rates.set(name, own);
  const counters = series.filter(({ metric }) => COUNTED.has(metric));
  const values = series.filter(({ metric }) => !COUNTED.has(metric));
  return [{ name, ready, values, rates: own.look(now(), counters) }];
}

/** What a host and a port look like; anything else that another member of the group says is not asked. */
const ENDPOINT = /^(?:[A-Za-z0-9][A-Za-z0-9.-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\]):\d{1,5}$/;

/** The instances at these endpoints, `host:port` each; what is no endpoint is left out. */
export function remoteInstances(endpoints: Iterable<string>): ReadableInstance[] {
  return [...new Set(endpoints)].filter((endpoint) => ENDPOINT.test(endpoint)).sort().map((endpoint) => ({
    name: endpoint,
    async metrics(signal) {
      const answer = await fetch(`http://${endpoint}/metrics`, { signal, redirect: "error" });
      if (!answer.ok) throw new Error(`received status ${answer.status}`);
      const text = await boundedText(answer.body, MOST_BYTES);
      if (text === undefined) throw new Error(`received more than ${MOST_BYTES} bytes`);
      return text;
    },
    async ready(signal) {
      const answer = await fetch(`http://${endpoint}/readyz`, { signal, redirect: "error" });
      await answer.body?.cancel();
      return answer.ok;
    },
  }));
}
