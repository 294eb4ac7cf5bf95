/**
 * `deno task bench:gen`: what a record costs the load generator, beside Kafka's own producer benchmark.
 *
 * @module
 */
import { parseArguments } from "../src/cli/arguments.ts";
import type { LogLevel } from "../src/cli/log.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { integer, text } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { LOG_LEVEL } from "../src/cli/shared_flags.ts";
import { writeAll } from "../src/cli/write.ts";
import { ONE_UNANSWERED_IN } from "../src/game/frame_generator.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../src/game/topics.ts";
import type { Log } from "../src/kafka/mod.ts";
import { PARTITIONS, SEED } from "./support/flags.ts";
import { say, withKafka } from "./support/kafka.ts";
import { Meter } from "./support/measured_run.ts";
import { type PerfTest, perfTest } from "./support/perf_test.ts";
import { median, medianRatio, round } from "./support/statistics.ts";
import { table } from "./support/table.ts";
import { recordsOf, sampleFrames } from "./support/topics.ts";

interface Flags {
  readonly records: number;
  readonly pairs: number;
  readonly partitions: number;
  readonly seed: number;
  readonly json?: string;
  readonly logLevel: LogLevel;
}

/** Records of each partition that are read again, decoded and weighed. */
const SAMPLE = 5000;
/** Each request has a response, but for one in so many. */
const RECORDS_A_FRAME = 2 - 1 / ONE_UNANSWERED_IN;
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** The task and its flags. */
export const BENCH_GEN: Program<Flags> = {
  name: "bench:gen",
  task: true,
  description:
    "Writes the same number of records of the same size with gen at --rate max and with kafka-producer-perf-test, in turn, and " +
    "prints what each took. It starts a broker, unless KAFKA_BROKERS names one.",
  flags: {
    records: {
      value: "<count>",
      text: "records a run, requests and responses alike",
      parse: integer({ min: 1000 }),
      default: 3_000_000,
    },
    pairs: { value: "<count>", text: "runs of each", parse: integer({ min: 1, max: 100 }), default: 3 },
    partitions: PARTITIONS,
    seed: SEED,
    json: { value: "<file>", text: "writes all figures there too", parse: text("a file") },
    logLevel: LOG_LEVEL,
  },
};

if (import.meta.main) {
  await main("bench:gen", async (signal) => {
    const flags = parseArguments(BENCH_GEN, Deno.args);
    return await withKafka({ name: "bench:gen", logLevel: flags.logLevel }, async (kafka) => {
      const { log, brokers } = kafka;
      if (kafka.secured) {
        throw new Error(
          "Cannot measure: received API_KEY; kafka-producer-perf-test is run without credentials here, so unset it",
        );
      }
      const meter = await Meter.open();
      try {
        const java = await perfTest(say);
        const result = await measure({ log, bootstrap: brokers.join(","), java, meter, flags, signal });
        writeAll(Deno.stdout, report(result));
        if (flags.json !== undefined) {
          await Deno.writeTextFile(flags.json, JSON.stringify(result, null, 2) + "\n");
        }
        return EXIT.ok;
      } finally {
        await meter.close();
      }
    });
  });
}

/** What a run took. */
interface Run {
  readonly records: number;
  /** Of key and value, on average. */
  readonly bytesPerRecord: number;
  /** Wall time of the process, start-up included, in s. */
  readonly seconds: number;
  /** CPU time of the process, start-up included, in s. */
  readonly cpuSeconds: number;
  /** What a run that writes one record, or a request and its response, took just before: start-up. In s. */
  readonly startSeconds: number;
  readonly startCpuSeconds: number;
  readonly peakRssBytes: number;
  /** Records a second of wall time, and of CPU time with and without start-up. */
  readonly perSecond: number;
  readonly perCpuSecond: number;
  readonly perCpuSecondWithoutStart: number;
}

interface Result {
  readonly gen: readonly Run[];
  readonly perfTest: readonly Run[];
  /** The medians of the pairs' ratios, gen by kafka-producer-perf-test. */
  readonly ratios: {
    readonly perSecond: number;
    readonly perCpuSecond: number;
    readonly perCpuSecondWithoutStart: number;
    readonly peakRss: number;
  };
}

interface Setting {
  readonly log: Log;
  readonly bootstrap: string;
  readonly java: PerfTest;
  readonly meter: Meter;
  readonly flags: Flags;
  readonly signal: AbortSignal;
}

async function measure(setting: Setting): Promise<Result> {
  const gen: Run[] = [];
  const perfTest: Run[] = [];
  for (let pair = 0; pair < setting.flags.pairs; pair++) {
    const ours = await runGen(setting);
    gen.push(ours);
    tell(setting, pair, "gen", ours);
    const theirs = await runPerfTest(setting, ours.records, Math.round(ours.bytesPerRecord));
    perfTest.push(theirs);
    tell(setting, pair, "kafka-producer-perf-test", theirs);
  }
  const ratio = (of: (run: Run) => number): number => round(medianRatio(gen.map(of), perfTest.map(of)), 2);
  return {
    gen,
    perfTest,
    ratios: {
      perSecond: ratio((run) => run.perSecond),
      perCpuSecond: ratio((run) => run.perCpuSecond),
      perCpuSecondWithoutStart: ratio((run) => run.perCpuSecondWithoutStart),
      peakRss: ratio((run) => run.peakRssBytes),
    },
  };
}

async function runGen({ log, bootstrap, meter, flags, signal }: Setting): Promise<Run> {
  const run = async (frames: number, prefix: string) => {
    const args = ["run", "-q", "-P=gen", new URL("../src/datagen/main.ts", import.meta.url).pathname];
    args.push("--rate", "max", "--count", String(frames), "--seed", String(flags.seed), "--json");
    args.push("--partitions", String(flags.partitions), "--topic-prefix", prefix, "--control-port", "off");
    // Without a registry, whatever the environment says.
    const env = { KAFKA_BROKERS: bootstrap, SCHEMA_REGISTRY: "" };
    return await meter.run(Deno.execPath(), args, env, signal);
  };
  return await withTopics(log, flags.partitions, async (prefix) => {
    const topics = [prefix + REQUESTS_TOPIC, prefix + RESPONSES_TOPIC] as const;
    const start = await run(1, prefix);
    const before = await recordsOf(log, topics[0], flags.partitions) +
      await recordsOf(log, topics[1], flags.partitions);
    const { stdout, ...usage } = await run(Math.ceil(flags.records / RECORDS_A_FRAME), prefix);
    const { sent, lost } = JSON.parse(stdout) as { sent: number; lost: number };
    const there = await recordsOf(log, topics[0], flags.partitions) +
      await recordsOf(log, topics[1], flags.partitions) - before;
    if (lost !== 0 || there !== sent) {
      throw new Error(`Cannot measure gen: received ${there} records of ${sent} sent and ${lost} lost`);
    }
    const requests = await sampleFrames(log, topics[0], flags.partitions, false, SAMPLE);
    const responses = await sampleFrames(log, topics[1], flags.partitions, true, SAMPLE);
    const bytes = (requests.bytes + responses.bytes) / (requests.records + responses.records);
    return runOf(sent, bytes, usage, start);
  }, [REQUESTS_TOPIC, RESPONSES_TOPIC]);
}

async function runPerfTest(setting: Setting, records: number, recordBytes: number): Promise<Run> {
  const { log, bootstrap, java, meter, flags, signal } = setting;
  return await withTopics(log, flags.partitions, async (prefix) => {
    const topic = `${prefix}PERF`;
    const run = async (count: number) =>
      await meter.run(
        java.command,
        java.args({ bootstrap, topic, records: count, recordBytes }),
        {},
        signal,
      );
    const start = await run(1);
    const usage = await run(records);
    const there = await recordsOf(log, topic, flags.partitions) - 1;
    if (there !== records) {
      throw new Error(`Cannot measure kafka-producer-perf-test: received ${there} records of ${records}`);
    }
    return runOf(records, recordBytes, usage, start);
  }, ["PERF"]);
}

/** Makes topics, runs, and deletes them, so that no run has the disk or the page cache of another's. */
async function withTopics<T>(
  log: Log,
  partitions: number,
  run: (prefix: string) => Promise<T>,
  names: readonly string[],
): Promise<T> {
  const prefix = `bench-gen-${crypto.randomUUID()}-`;
  const topics = names.map((name) => prefix + name);
  await log.createTopics(topics.map((topic) => ({ topic, partitions, replicationFactor: 1 })));
  try {
    return await run(prefix);
  } finally {
    await log.deleteTopics(topics);
  }
}

function runOf(
  records: number,
  bytesPerRecord: number,
  usage: { readonly seconds: number; readonly cpuSeconds: number; readonly peakRssBytes: number },
  start: { readonly seconds: number; readonly cpuSeconds: number },
): Run {
  return {
    records,
    bytesPerRecord: round(bytesPerRecord, 1),
    seconds: round(usage.seconds, 3),
    cpuSeconds: round(usage.cpuSeconds, 2),
    startSeconds: round(start.seconds, 3),
    startCpuSeconds: round(start.cpuSeconds, 2),
    peakRssBytes: usage.peakRssBytes,
    perSecond: Math.round(records / usage.seconds),
    perCpuSecond: Math.round(records / usage.cpuSeconds),
    perCpuSecondWithoutStart: Math.round(records / (usage.cpuSeconds - start.cpuSeconds)),
  };
}

function tell({ flags }: Setting, pair: number, name: string, run: Run): void {
  say(
    `pair ${pair + 1} of ${flags.pairs}: ${name} wrote ${
      WHOLE.format(run.records)
    } records of ${run.bytesPerRecord} bytes in ` +
      `${run.seconds} s with ${run.cpuSeconds} s of CPU time`,
  );
}

/** The table of all runs, their medians, and the ratios. */
function report({ gen, perfTest, ratios }: Result): string {
  const columns: readonly [string, (run: Run) => number, digits: number][] = [
    ["records", (run) => run.records, 0],
    ["bytes a record", (run) => run.bytesPerRecord, 1],
    ["records/s", (run) => run.perSecond, 0],
    ["records/CPU-s", (run) => run.perCpuSecond, 0],
    ["without start-up", (run) => run.perCpuSecondWithoutStart, 0],
    ["start-up CPU-s", (run) => run.startCpuSeconds, 2],
    ["peak RSS MB", (run) => run.peakRssBytes / 1e6, 0],
  ];
  const row = (name: string, of: (value: (run: Run) => number) => number): (string | number)[] => [
    name,
    ...columns.map(([, value, digits]) => round(of(value), digits)),
  ];
  const rows: (string | number)[][] = [];
  for (let i = 0; i < gen.length; i++) {
    rows.push(row(`gen ${i + 1}`, (value) => value(gen[i]!)));
    rows.push(row(`perf-test ${i + 1}`, (value) => value(perfTest[i]!)));
  }
  rows.push(row("gen, median", (value) => median(gen.map(value))));
  rows.push(row("perf-test, median", (value) => median(perfTest.map(value))));
  const head = ["", ...columns.map(([name]) => name)];
  return `${table(head, rows)}\nmedian of the pairs' ratios, gen to kafka-producer-perf-test: ` +
    `${ratios.perSecond} records/s, ${ratios.perCpuSecond} records/CPU-s ` +
    `(${ratios.perCpuSecondWithoutStart} without start-up), ${ratios.peakRss} peak RSS\n`;
}
