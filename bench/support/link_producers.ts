/**
 * The load generator and Kafka's own producer benchmark, each writing at a rate for a while.
 *
 * @module
 */
import { REQUESTS_TOPIC, RESPONSES_TOPIC } from "../../src/game/topics.ts";
import type { LinkedKafka } from "./link_kafka.ts";
import type { Rate, WriteRun } from "./link_report.ts";
import type { PerfTest } from "./perf_test.ts";
import { recordsOf } from "./topics.ts";

/** What a run of either is given. */
export interface WritePlan {
  readonly kafka: LinkedKafka;
  /** Added each way, in ms. */
  readonly delayMs: number;
  readonly rate: Rate;
  readonly seconds: number;
  readonly partitions: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** Of key and value, as `gen` writes them on average. */
const RECORD_BYTES = 88;
/** What kafka-producer-perf-test is given to write at its full rate must be known before: what it writes in a second at most. */
const MOST_A_SECOND = 500_000;
/** A run that takes so many times as long as planned is ended: what it reached by then says enough. */
const PATIENCE = 20;

/** Writes with `gen`. */
export async function runGen(plan: WritePlan): Promise<WriteRun> {
  const { kafka, rate, seconds, partitions, seed, signal, delayMs } = plan;
  return await withTopics(plan, [REQUESTS_TOPIC, RESPONSES_TOPIC], async (prefix, topics) => {
    const args = ["run", "-q", "-P=gen", new URL("../../src/datagen/main.ts", import.meta.url).pathname];
    args.push("--rate", String(rate), "--duration", `${seconds}s`, "--seed", String(seed), "--json");
    args.push("--topic-prefix", prefix, "--control-port", "off");
    const env = { KAFKA_BROKERS: kafka.brokers.join(","), SCHEMA_REGISTRY: "" };
    const { stdout } = await output(Deno.execPath(), args, env, signal, seconds);
    const told = JSON.parse(stdout) as { sent: number; lost: number; rate: number; retries: number };
    const there = await countOf(kafka, topics, partitions);
    return {
      system: "gen",
      delayMs,
      rate,
      recordsPerSecond: told.rate,
      sent: told.sent,
      lost: told.lost + Math.max(0, told.sent - there),
      retries: told.retries,
    };
  });
}

/** Writes with kafka-producer-perf-test. */
export async function runPerfTest(plan: WritePlan, java: PerfTest): Promise<WriteRun> {
  const { kafka, rate, seconds, partitions, signal, delayMs } = plan;
  return await withTopics(plan, ["PERF"], async (_prefix, topics) => {
    const records = (rate === "max" ? mostASecond(plan) : rate) * seconds;
    const throughput = rate === "max" ? -1 : rate;
    const bootstrap = kafka.brokers.join(",");
    const args = java.args({ bootstrap, topic: topics[0]!, records, recordBytes: RECORD_BYTES, throughput });
    const { stdout } = await output(java.command, args, {}, signal, seconds);
    const told = perfTestSummary(stdout);
    const there = await countOf(kafka, topics, partitions);
    return {
      system: "kafka-producer-perf-test",
      delayMs,
      rate,
      recordsPerSecond: told.recordsPerSecond,
      sent: records,
      lost: Math.max(0, records - there),
      latencyMs: { median: told.p50, p99: told.p99 },
    };
  });
}

/** Five batches of 16 KiB under way a partition are what Java's defaults allow: more records would only take longer. */
function mostASecond({ delayMs, partitions }: WritePlan): number {
  const aRoundTrip = partitions * 5 * 16_384 / RECORD_BYTES;
  return Math.round(Math.min(MOST_A_SECOND, delayMs === 0 ? Infinity : aRoundTrip * 1000 / (2 * delayMs)));
}

/**
 * The summary that kafka-producer-perf-test prints at its end.
 * @throws {Error} When there is none.
 */
export function perfTestSummary(stdout: string): { recordsPerSecond: number; p50: number; p99: number } {
  const line = stdout.trimEnd().split("\n").findLast((each) => /\b99th/.test(each)) ?? "";
  const numberBefore = (what: string): number =>
    Number(new RegExp(`([\\d.]+) ${what}`).exec(line)?.[1] ?? NaN);
  const summary = {
    recordsPerSecond: Math.round(numberBefore("records/sec")),
    p50: numberBefore("ms 50th"),
    p99: numberBefore("ms 99th"),
  };
  if (Object.values(summary).some(Number.isNaN)) {
    throw new Error(
      `Cannot read what kafka-producer-perf-test printed: received "${stdout.trim().slice(-300)}"`,
    );
  }
  return summary;
}

async function countOf(kafka: LinkedKafka, topics: readonly string[], partitions: number): Promise<number> {
  let count = 0;
  for (const topic of topics) count += await recordsOf(kafka.log, topic, partitions);
  return count;
}

/** Makes topics past the long way, runs, and deletes them. */
async function withTopics<T>(
  { kafka, partitions }: WritePlan,
  names: readonly string[],
  run: (prefix: string, topics: readonly string[]) => Promise<T>,
): Promise<T> {
  const prefix = `bench-link-${crypto.randomUUID().slice(0, 8)}-`;
  const topics = names.map((name) => prefix + name);
  await kafka.log.createTopics(topics.map((topic) => ({ topic, partitions, replicationFactor: 1 })));
  try {
    return await run(prefix, topics);
  } finally {
    await kafka.log.deleteTopics(topics);
  }
}

/** What a command printed; records that it lost are told of by its output, not by its exit code. */
async function output(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  signal: AbortSignal,
  seconds: number,
): Promise<{ readonly stdout: string }> {
  const overdue = AbortSignal.timeout(PATIENCE * seconds * 1000 + 30_000);
  const { stdout, stderr } = await new Deno.Command(command, {
    args: [...args],
    env: { ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.any([signal, overdue]),
  }).output();
  signal.throwIfAborted();
  const decoder = new TextDecoder();
  const text = decoder.decode(stdout);
  if (text.trim() === "" || overdue.aborted) {
    throw new Error(
      `Cannot measure ${command}: received ${overdue.aborted ? "no end in time" : "nothing"} and ` +
        `"${decoder.decode(stderr).trim().slice(-600)}"`,
    );
  }
  return { stdout: text };
}
