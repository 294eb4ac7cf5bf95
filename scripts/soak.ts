/**
 * `deno task soak`: streams and gen under a steady load for long, and whether anything grows. See `--help`.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { parseArguments } from "../src/cli/arguments.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { choice, duration, formatDuration, integer, text } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { progress, say } from "../src/cli/write.ts";
import { sumOfSeries } from "../src/metrics/metrics_text.ts";
import {
  bucketsOf,
  type Outcome,
  processResults,
  quantile,
  type Sample,
  secondHalf,
  since,
  verdict,
} from "./soak/analysis.ts";
import { lagOf, lookAt, type SoakSettings, Stage } from "./soak/processes.ts";
import { resultTable } from "./soak/report.ts";

interface Flags {
  readonly minutes: number;
  readonly rate?: number;
  readonly share: number;
  readonly processingGuarantee: SoakSettings["guarantee"];
  readonly retention: number;
  readonly grace: number;
  readonly machines: number;
  readonly sample: number;
  readonly mostSlope: number;
  readonly mostHandles: number;
  readonly json?: string;
}

/** How often a line is written, in ms. */
const PROGRESS_MS = 10_000;
/** How long each rate of the ramp is held, in ms. */
const STEP_MS = 6_000;
const FIRST_RATE = 10_000;
const GROWTH = 1.4;
/** How long the lag may take to go after the load has ended, in ms. */
const DRAIN_MS = 120_000;

/** The task and its flags. */
export const SOAK: Program<Flags> = {
  name: "soak",
  task: true,
  description: [
    "Runs a broker, streams and gen for long at a steady rate, and judges by the second half: memory of streams and gen flat, open " +
    "handles constant, nothing lost, no lag left. Prints a table; exits with 1 when something grows. Linux, Java 17 with Maven.",
    "The state grows with new keys until they expire, so that only a --retention (and --grace) much shorter than half the run shows " +
    "whether anything else grows. In runs of less than ten minutes the slopes are mostly the garbage collector's.",
  ],
  prefix: "KOS_SOAK_",
  flags: {
    minutes: {
      value: "<count>",
      text: "how long the steady load lasts",
      parse: integer({ min: 1, max: 10_080 }),
      default: 30,
    },
    rate: {
      value: "<records/s>",
      text: "the load",
      defaultText: "a share of the capacity, which a ramp finds first",
      parse: integer({ min: 100 }),
    },
    share: {
      value: "<percent>",
      text: "of the capacity found, that the load is",
      parse: integer({ min: 1, max: 100 }),
      default: 80,
    },
    processingGuarantee: {
      value: "<which>",
      text: "at_least_once or exactly_once",
      parse: choice("at_least_once", "exactly_once"),
      default: "at_least_once",
    },
    retention: {
      value: "<time>",
      text: "of sessions: the state is full after so long",
      parse: duration({ min: 1000 }),
      default: 30_000,
      defaultText: "30s",
    },
    grace: {
      value: "<time>",
      text: "of the join's windows: how late a frame may come",
      parse: duration(),
      default: 5_000,
      defaultText: "5s",
    },
    machines: { value: "<n>", text: "that play", parse: integer({ min: 1 }), default: 5_000 },
    sample: {
      value: "<time>",
      text: "between two looks at the processes",
      parse: duration({ min: 500 }),
      default: 5_000,
      defaultText: "5s",
    },
    mostSlope: {
      value: "<MB/min>",
      text: "growth of the memory of streams and gen that fails",
      parse: integer({ min: 1 }),
      default: 1,
    },
    mostHandles: {
      value: "<count>",
      text: "how far their open handles may be apart",
      parse: integer(),
      default: 8,
    },
    json: {
      value: "<file>",
      text: "also write the result and all samples there",
      parse: text("a file's path"),
    },
  },
};

/** Runs the command line. @returns The exit code. */
async function soak(args: readonly string[], signal: AbortSignal): Promise<number> {
  const flags = parseArguments(SOAK, args);
  const cleanup: (() => Promise<unknown>)[] = [];
  try {
    const stage = await Stage.start({
      guarantee: flags.processingGuarantee,
      retention: formatDuration(flags.retention),
      grace: formatDuration(flags.grace),
      machines: flags.machines,
      report: progress,
    }, cleanup);
    const capacity = flags.rate === undefined ? await measureCapacity(stage, signal) : undefined;
    const rate = flags.rate ?? Math.round(capacity! * flags.share / 100);
    return await run(stage, rate, capacity, flags, signal);
  } finally {
    for (const undo of cleanup.reverse()) await undo();
  }
}

/** Raises the rate until the lag stays behind by more than a second's records. Returns the last rate that was kept up with. */
async function measureCapacity(stage: Stage, signal: AbortSignal): Promise<number> {
  let kept = 0;
  for (let rate = FIRST_RATE;; rate = Math.round(rate * GROWTH)) {
    await stage.setRate(rate);
    const before = processedOf(await stage.streams.metrics());
    const from = performance.now();
    await pause(STEP_MS, signal);
    const metrics = await stage.streams.metrics();
    const done = (processedOf(metrics) - before) * 1000 / (performance.now() - from);
    const lag = lagOf(metrics) ?? Infinity;
    progress(`capacity: ${rate}/s offered, ${Math.round(done)}/s processed, lag ${lag}`);
    if (lag > rate || done < 0.9 * rate) {
      await stage.setRate(0);
      await drained(stage, signal);
      return Math.max(kept, Math.round(done));
    }
    kept = Math.round(done);
  }
}

async function run(
  stage: Stage,
  rate: number,
  capacity: number | undefined,
  flags: Flags,
  signal: AbortSignal,
): Promise<number> {
  progress(`load: ${rate} records/s for ${flags.minutes} min, ${flags.processingGuarantee}`);
  await stage.setRate(rate);
  const begun = performance.now();
  const samples: Sample[] = [];
  const texts: Metrics[] = [];
  let said = begun;
  while (performance.now() - begun < flags.minutes * 60_000) {
    await pause(flags.sample, signal);
    const [sample, metrics] = await look(stage, (performance.now() - begun) / 1000);
    samples.push(sample);
    texts.push(metrics);
    // Of the histograms only those of the middle and of the end are needed.
    if (texts.length > 2 && texts[1]!.seconds <= sample.seconds / 2) texts.shift();
    if (performance.now() - said >= PROGRESS_MS) {
      said = performance.now();
      progress(line(sample));
    }
  }
  const { sent, lost } = await stage.endGen();
  const finalLag = await drained(stage, signal);
  const processed = processedOf(await stage.streams.metrics());
  return await conclude({ samples, sent, lost, finalLag, processed }, texts, rate, capacity, flags);
}

/** The metrics at one look. */
interface Metrics {
  readonly seconds: number;
  readonly streams: string;
  readonly gen: string;
}

async function look(stage: Stage, seconds: number): Promise<[Sample, Metrics]> {
  const [streams, gen, seen] = await Promise.all([
    stage.streams.metrics(),
    stage.gen.metrics(),
    lookAt(stage.pids),
  ]);
  const heap = (of: string) => sumOfSeries(of, "kos_heap_used_bytes");
  const sample = {
    seconds,
    processes: {
      ...seen,
      streams: { ...seen.streams!, heap: heap(streams) },
      gen: { ...seen.gen!, heap: heap(gen) },
    },
    lag: lagOf(streams),
    processed: processedOf(streams),
    entries: sumOfSeries(streams, "kos_streams_store_entries") ?? 0,
  };
  return [sample, { seconds, streams, gen }];
}

function line({ seconds, processes, lag, processed, entries }: Sample): string {
  const each = Object.entries(processes).map(([name, { rss, handles }]) =>
    `${name} ${(rss / 1e6).toFixed(0)} MB, ${handles} handles`
  );
  return `${Math.round(seconds)}s  processed ${processed}  lag ${lag ?? "?"}  entries ${entries}  ${
    each.join("  ")
  }`;
}

/** Prints the table and the verdict, and writes the file. */
async function conclude(
  outcome: Outcome,
  texts: readonly Metrics[],
  rate: number,
  capacity: number | undefined,
  flags: Flags,
): Promise<number> {
  const { samples } = outcome;
  const processes = processResults(samples, ["streams", "gen"]);
  const half = secondHalf(samples);
  const p99 = (of: "streams" | "gen", name: string) =>
    quantile(0.99, since(bucketsOf(texts[0]![of], name), bucketsOf(texts.at(-1)![of], name)));
  const seconds = half.at(-1)!.seconds - half[0]!.seconds;
  const numbers = {
    capacity,
    rate,
    processedPerSecond: Math.round((half.at(-1)!.processed - half[0]!.processed) / seconds),
    commitP99Seconds: p99("streams", "kos_streams_commit_duration_seconds"),
    streamsLoopP99Seconds: p99("streams", "kos_event_loop_delay_seconds"),
    genLoopP99Seconds: p99("gen", "kos_event_loop_delay_seconds"),
    entriesFrom: half[0]!.entries,
    entriesTo: half.at(-1)!.entries,
    sent: outcome.sent,
    processed: outcome.processed,
    lost: outcome.lost,
    finalLag: outcome.finalLag,
  };
  const wrong = verdict(outcome, processes, {
    rssPerMinute: flags.mostSlope * 1e6,
    handles: flags.mostHandles,
  });
  say(resultTable(processes, numbers));
  for (const each of wrong) say(`not ok: ${each}`);
  say(wrong.length === 0 ? "ok: nothing grows and nothing was lost" : `${wrong.length} not ok`);
  if (flags.json !== undefined) {
    await Deno.writeTextFile(
      flags.json,
      JSON.stringify({ ...numbers, processes, wrong, samples }, null, 2) + "\n",
    );
  }
  return wrong.length === 0 ? EXIT.ok : EXIT.failure;
}

/** Waits until nothing is left to process. Returns what is left all the same. */
async function drained(stage: Stage, signal: AbortSignal): Promise<number | undefined> {
  const until = performance.now() + DRAIN_MS;
  for (;;) {
    const lag = lagOf(await stage.streams.metrics());
    if (lag === 0 || performance.now() > until) return lag;
    await pause(500, signal);
  }
}

function processedOf(metrics: string): number {
  return sumOfSeries(metrics, "kos_streams_records_processed_total") ?? 0;
}

/** Waits; throws when it is asked to end. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, { signal });
}

if (import.meta.main) await main("soak", (signal) => soak(Deno.args, signal), { graceMs: 30_000 });
