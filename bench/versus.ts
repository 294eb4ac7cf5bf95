/**
 * `deno task bench:vs`: this repository's streams process beside Kafka Streams itself, on the same broker and the same records.
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
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../src/game/topics.ts";
import type { Log } from "../src/kafka/mod.ts";
import { KAFKA_VERSION } from "../scripts/support/broker_config.ts";
import {
  comparisonPlot,
  drainTables,
  mediansOf,
  ratiosOf,
  startRatiosOf,
  startTables,
} from "./support/comparison.ts";
import { JSON_FILE, PARTITIONS, PLOT_FILE, SEED } from "./support/flags.ts";
import { Groups } from "./support/groups.ts";
import { type BenchKafka, say, withKafka } from "./support/kafka.ts";
import { UsageReader } from "./support/process_usage.ts";
import { differences } from "./support/differences.ts";
import { type Run, run, type RunPlan } from "./support/runs.ts";
import { type Start, start } from "./support/start_and_idle.ts";
import { type Guarantee, kafkaStreams, KOS, type System } from "./support/systems.ts";
import { sleep } from "./support/watch.ts";
import { preload, type Preloaded } from "./preload.ts";

interface Flags {
  frames: number;
  partitions: number;
  seed: number;
  pairs: number;
  guarantee: Guarantee | "both";
  cacheMaxBytes: number;
  start: boolean;
  drain: boolean;
  startFrames: number;
  idleSeconds: number;
  javaOptions: string;
  json?: string;
  plot?: string;
  logLevel: LogLevel;
}

/** What Kafka Streams holds back of aggregates' changes unless told otherwise, in bytes. */
const DEFAULT_CACHE_BYTES = 10 * 1024 * 1024;
/** Between two runs, in ms: the one before has ended, and its topics are gone. */
const PAUSE_MS = 1_000;

/** The task and its flags. */
export const BENCH_VS: Program<Flags> = {
  name: "bench:vs",
  task: true,
  description:
    "Drains the same records with kos and with Kafka Streams in turn, and compares what both took and left.",
  flags: {
    // As many as an hour of them: kos drops a session an hour after its last hit, which Kafka Streams does not.
    frames: {
      value: "<count>",
      text: "requests, each with a response",
      parse: integer({ min: 1_000, max: 3_600_000 }),
      default: 300_000,
    },
    partitions: PARTITIONS,
    seed: SEED,
    pairs: {
      value: "<count>",
      text: "runs of each system with each guarantee",
      parse: integer({ min: 1, max: 100 }),
      default: 3,
    },
    guarantee: {
      value: "<which>",
      text: "at_least_once, exactly_once or both",
      parse: choice("at_least_once", "exactly_once", "both"),
      default: "both",
    },
    cacheMaxBytes: {
      value: "<bytes>",
      text: "of changes that both hold back until a commit; 0: each goes out",
      parse: integer(),
      default: DEFAULT_CACHE_BYTES,
    },
    start: leaveOut("leave out the start and the idle time"),
    drain: leaveOut("leave out the drain"),
    startFrames: {
      value: "<count>",
      text: "requests that wait for a system that starts",
      parse: integer({ min: 1_000, max: 3_600_000 }),
      default: 10_000,
    },
    idleSeconds: {
      value: "<count>",
      text: "how long each is watched when idle, in the last pair; 0: not at all",
      parse: integer({ max: 3_600 }),
      default: 20,
    },
    javaOptions: {
      value: "<options>",
      text: "of Kafka Streams' JVM, with spaces between",
      parse: (value: string) => value,
      default: "",
      defaultText: "none, which is the JVM's defaults",
    },
    json: JSON_FILE,
    plot: PLOT_FILE,
    logLevel: LOG_LEVEL,
  },
};

function flagsOf(args: readonly string[]): Flags {
  return parseArguments(BENCH_VS, args);
}

if (import.meta.main) {
  await main("bench:vs", async () => {
    const flags = flagsOf(Deno.args);
    const javaOptions = flags.javaOptions.split(/\s+/).filter((option) => option !== "");
    const java = await kafkaStreams(javaOptions, say);
    const systems: readonly System[] = [KOS, java];
    const usage = await UsageReader.open();
    return await withKafka({ name: "bench", logLevel: flags.logLevel }, async (kafka) => {
      if (kafka.secured) {
        throw new Error(
          "Cannot compare: received a Kafka with TLS; leave API_KEY and SECRET_KEY out and name one without",
        );
      }
      const groups = await Groups.open(kafka.brokers);
      const tools: Tools = { kafka, groups, usage, systems };
      const starts = flags.start ? await startAll(flags, tools) : [];
      if (starts.length > 0) writeAll(Deno.stdout, startTables(starts) + "\n");
      const drained = flags.drain ? await drainAll(flags, tools) : undefined;
      if (drained !== undefined) writeAll(Deno.stdout, drainTables(drained.runs));
      await groups.close();
      const wrong = drained?.wrong ?? [];
      if (flags.json !== undefined) {
        const machine = {
          cores: navigator.hardwareConcurrency,
          deno: Deno.version.deno,
          java: java.build.javaVersion,
          kafka: KAFKA_VERSION,
        };
        const result = {
          at: new Date().toISOString(),
          machine,
          settings: { ...flags, json: undefined, plot: undefined },
          starts,
          ...(starts.length === 0 ? {} : { startRatios: startRatiosOf(starts) }),
          ...(drained === undefined ? {} : {
            hits: drained.hits,
            runs: drained.runs,
            medians: mediansOf(drained.runs),
            ratios: ratiosOf(drained.runs),
            differences: wrong,
          }),
        };
        await Deno.writeTextFile(flags.json, JSON.stringify(result, undefined, 2) + "\n");
      }
      if (flags.plot !== undefined && drained !== undefined) {
        await Deno.writeTextFile(
          flags.plot,
          comparisonPlot(
            `Draining ${flags.frames * 2} records, ${flags.partitions} partitions: medians of ${flags.pairs}`,
            drained.runs,
          ),
        );
      }
      for (const line of wrong) say(`error: ${line}`);
      return wrong.length === 0 ? EXIT.ok : EXIT.failure;
    }).finally(() => usage.close());
  });
}

/** Preloads for `body`, and removes the topics afterwards. */
async function withFrames<T>(
  log: Log,
  frames: number,
  flags: Flags,
  body: (preloaded: Preloaded) => Promise<T>,
): Promise<T> {
  say(`preloading ${frames} requests and as many responses`);
  const preloaded = await preload(log, frames, flags.partitions, flags.seed, Date.now() - frames);
  try {
    return await body(preloaded);
  } finally {
    await log.deleteTopics([REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC]);
  }
}

/** What both measurements work with. */
interface Tools {
  readonly kafka: BenchKafka;
  readonly groups: Groups;
  readonly usage: UsageReader;
  readonly systems: readonly System[];
}

/** All that a run is given but its pair and its guarantee, in the order of the runs of a pair. */
function plansOf(flags: Flags, { systems, ...tools }: Tools): Omit<RunPlan, "pair" | "guarantee">[] {
  return systems.map((system) => ({
    ...tools,
    system,
    cacheBytes: flags.cacheMaxBytes,
    partitions: flags.partitions,
  }));
}

async function startAll(flags: Flags, tools: Tools): Promise<Start[]> {
  return await withFrames(tools.kafka.log, flags.startFrames, flags, async () => {
    const starts: Start[] = [];
    for (let pair = 1; pair <= flags.pairs; pair++) {
      for (const plan of plansOf(flags, tools)) {
        const idleSeconds = pair === flags.pairs ? flags.idleSeconds : 0;
        starts.push(await start({ ...plan, pair, guarantee: "at_least_once" }, idleSeconds));
        await sleep(PAUSE_MS);
      }
    }
    return starts;
  });
}

async function drainAll(
  flags: Flags,
  tools: Tools,
): Promise<{ runs: Run[]; hits: number; wrong: string[] }> {
  return await withFrames(tools.kafka.log, flags.frames, flags, async ({ frames, hits }) => {
    const runs: Run[] = [];
    const guarantees: readonly Guarantee[] = flags.guarantee === "both"
      ? ["at_least_once", "exactly_once"]
      : [flags.guarantee];
    for (const guarantee of guarantees) {
      for (let pair = 1; pair <= flags.pairs; pair++) {
        for (const plan of plansOf(flags, tools)) {
          runs.push(await run({ ...plan, pair, guarantee }));
          await sleep(PAUSE_MS);
        }
      }
    }
    const named = runs.map((each) => ({
      ...each,
      name: `${each.guarantee}, pair ${each.pair}, ${each.system}`,
    }));
    return { runs, hits, wrong: differences(named, { frames, hits, cacheBytes: flags.cacheMaxBytes }) };
  });
}
