/**
 * `deno task bench:link`: what a long way to Kafka costs, for writing and for a drain, beside Kafka's own producer and Kafka Streams.
 *
 * @module
 */
import { parseArguments } from "../src/cli/arguments.ts";
import type { LogLevel } from "../src/cli/log.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { choice, integer } from "../src/cli/parsers.ts";
import { leaveOut, type Program } from "../src/cli/program.ts";
import { LOG_LEVEL } from "../src/cli/shared_flags.ts";
import { writeAll } from "../src/cli/write.ts";
import { preload } from "./preload.ts";
import { JSON_FILE, PARTITIONS, SEED } from "./support/flags.ts";
import { differences, type NamedContents } from "./support/differences.ts";
import { Groups } from "./support/groups.ts";
import { say } from "./support/kafka.ts";
import { type LinkedKafka, withLinkedKafka } from "./support/link_kafka.ts";
import { runGen, runPerfTest, type WritePlan } from "./support/link_producers.ts";
import { type DrainRun, linkTables, missedTargets, type Rate, type WriteRun } from "./support/link_report.ts";
import { type PerfTest, perfTest } from "./support/perf_test.ts";
import { UsageReader } from "./support/process_usage.ts";
import { run } from "./support/runs.ts";
import { type Guarantee, kafkaStreams, KOS, type System } from "./support/systems.ts";
import { sleep } from "./support/watch.ts";

interface Flags {
  readonly delays: readonly number[];
  readonly rates: readonly Rate[];
  readonly seconds: number;
  readonly frames: number;
  readonly partitions: number;
  readonly seed: number;
  readonly guarantee: Guarantee | "both";
  readonly gen: boolean;
  readonly drain: boolean;
  readonly java: boolean;
  readonly json?: string;
  readonly logLevel: LogLevel;
}

/** Between two runs, in ms: the one before has ended, and its topics are gone. */
const PAUSE_MS = 500;

/** The task and its flags. */
export const BENCH_LINK: Program<Flags> = {
  name: "bench:link",
  task: true,
  description:
    "Starts a broker behind a proxy that adds a delay each way, writes to it with gen and with kafka-producer-perf-test at given " +
    "rates, and drains it with streams and with Kafka Streams. Fails when something was lost, or at 25 ms a target was missed: gen " +
    "holds each rate that the other holds, and a drain reaches 0.8 of its rate at 0 ms.",
  flags: {
    delays: {
      value: "<list>",
      text: "added each way, in ms, with commas between",
      parse: listOf(integer({ max: 10_000 })),
      default: [0, 5, 25, 100],
      defaultText: "0,5,25,100",
    },
    rates: {
      value: "<list>",
      text: 'records a second to write, with commas between; "max" for all that is possible',
      parse: listOf((value) => value === "max" ? value : integer({ min: 1 })(value)),
      default: [3_000, 20_000, "max"],
      defaultText: "3000,20000,max",
    },
    seconds: {
      value: "<count>",
      text: "of each run that writes",
      parse: integer({ min: 1, max: 600 }),
      default: 5,
    },
    frames: {
      value: "<count>",
      text: "requests to drain, each with a response",
      parse: integer({ min: 1_000, max: 3_600_000 }),
      default: 600_000,
    },
    partitions: PARTITIONS,
    seed: SEED,
    guarantee: {
      value: "<which>",
      text: "of the drains: at_least_once, exactly_once or both",
      parse: choice("at_least_once", "exactly_once", "both"),
      default: "at_least_once",
    },
    gen: leaveOut("leave out the writing"),
    drain: leaveOut("leave out the drains"),
    java: leaveOut("leave out Kafka's producer and Kafka Streams"),
    json: JSON_FILE,
    logLevel: LOG_LEVEL,
  },
};

if (import.meta.main) {
  await main("bench:link", async (signal) => {
    const flags = parseArguments(BENCH_LINK, Deno.args);
    const java = flags.java && flags.gen ? await perfTest(say) : undefined;
    const streams = flags.java && flags.drain ? await kafkaStreams([], say) : undefined;
    const { writes, drains, wrong } = await withLinkedKafka(
      { name: "bench:link", logLevel: flags.logLevel },
      async (kafka) => {
        const writes = flags.gen ? await writeAtAll(kafka, flags, java, signal) : [];
        const drained = flags.drain
          ? await drainAtAll(kafka, flags, streams === undefined ? [KOS] : [KOS, streams])
          : { drains: [], wrong: [] };
        return { writes, ...drained };
      },
    );
    writeAll(Deno.stdout, linkTables(writes, drains));
    const missed = [...wrong, ...missedTargets(writes, drains)];
    if (flags.json !== undefined) {
      const settings = { ...flags, json: undefined };
      const machine = { cores: navigator.hardwareConcurrency, deno: Deno.version.deno };
      const result = { at: new Date().toISOString(), machine, settings, writes, drains, missed };
      await Deno.writeTextFile(flags.json, JSON.stringify(result, undefined, 2) + "\n");
    }
    for (const line of missed) say(`error: ${line}`);
    return missed.length === 0 ? EXIT.ok : EXIT.failure;
  });
}

/** Values with commas between. */
function listOf<T>(parse: (value: string) => T): (value: string) => T[] {
  return (value) => value.split(",").map((each) => parse(each.trim()));
}

async function writeAtAll(
  kafka: LinkedKafka,
  flags: Flags,
  java: PerfTest | undefined,
  signal: AbortSignal,
): Promise<WriteRun[]> {
  const runs: WriteRun[] = [];
  const { seconds, partitions, seed } = flags;
  for (const delayMs of flags.delays) {
    kafka.setDelay(delayMs);
    for (const rate of flags.rates) {
      const plan: WritePlan = { kafka, delayMs, rate, seconds, partitions, seed, signal };
      const both = [() => runGen(plan), ...(java === undefined ? [] : [() => runPerfTest(plan, java)])];
      for (const write of both) {
        const run = await write();
        runs.push(run);
        say(`${delayMs} ms, ${rate}/s: ${run.system} wrote ${run.recordsPerSecond}/s, lost ${run.lost}`);
        await sleep(PAUSE_MS);
      }
    }
  }
  return runs;
}

async function drainAtAll(
  kafka: LinkedKafka,
  flags: Flags,
  systems: readonly System[],
): Promise<{ drains: DrainRun[]; wrong: string[] }> {
  const { frames, partitions, seed } = flags;
  say(`preloading ${frames} requests and as many responses`);
  const { hits } = await preload(kafka.log, frames, partitions, seed, Date.now() - frames);
  const groups = await Groups.open(kafka.direct);
  const usage = await UsageReader.open();
  const drains: DrainRun[] = [];
  const contents: NamedContents[] = [];
  const guarantees: readonly Guarantee[] = flags.guarantee === "both"
    ? ["at_least_once", "exactly_once"]
    : [flags.guarantee];
  try {
    for (const guarantee of guarantees) {
      for (const delayMs of flags.delays) {
        kafka.setDelay(delayMs);
        for (const system of systems) {
          const done = await run({
            kafka,
            groups,
            usage,
            system,
            guarantee,
            pair: 1,
            cacheBytes: 0,
            partitions,
          });
          drains.push({ ...done, delayMs });
          contents.push({ ...done, name: `${guarantee}, ${delayMs} ms, ${system.name}` });
          await sleep(PAUSE_MS);
        }
      }
    }
  } finally {
    await usage.close();
    await groups.close();
  }
  return { drains, wrong: differences(contents, { frames, hits, cacheBytes: 0 }) };
}
