/**
 * `deno task bench`: how fast one streams process drains a backlog, and what it costs.
 *
 * @module
 */
import { parseArguments } from "../src/cli/arguments.ts";
import type { LogLevel } from "../src/cli/log.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { integer } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { LOG_LEVEL } from "../src/cli/shared_flags.ts";
import { writeAll } from "../src/cli/write.ts";
import type { Log } from "../src/kafka/mod.ts";
import { sumOfSeries } from "../src/metrics/metrics_text.ts";
import { SESSIONS_TOPIC } from "../src/game/topics.ts";
import { freePort } from "../scripts/support/ports.ts";
import { PARTITIONS, SEED } from "./support/flags.ts";
import { endSum, partitionsOf } from "./support/contents.ts";
import { say, withKafka } from "./support/kafka.ts";
import { Profiler, type Sums, sumUp } from "./support/profile.ts";
import { withRegistry } from "./support/registry.ts";
import { round } from "./support/statistics.ts";
import { startKos } from "./support/systems.ts";
import { sleep } from "./support/watch.ts";
import { preload } from "./preload.ts";

interface Flags {
  frames: number;
  partitions: number;
  seed: number;
  cacheMaxBytes: number;
  registry: boolean;
  cpuProfile: boolean;
  logLevel: LogLevel;
}

/** A metric of a process: the sum of its series, 0 while it has none. */
function metric(text: string, name: string): number {
  return sumOfSeries(text, name) ?? 0;
}

/** The task and its flags. */
export const BENCH: Program<Flags> = {
  name: "bench",
  task: true,
  description:
    "Preloads requests and responses, lets one streams process drain them, and prints what it took as JSON.",
  flags: {
    frames: {
      value: "<count>",
      text: "requests, each with a response",
      parse: integer({ min: 1000 }),
      default: 300_000,
    },
    partitions: PARTITIONS,
    seed: SEED,
    cacheMaxBytes: {
      value: "<bytes>",
      text: "changes of sessions held back until a commit; 0: all go out",
      parse: integer(),
      default: 0,
    },
    registry: toggle("write the records for a schema registry, in Confluent's wire format"),
    cpuProfile: toggle("say where the time goes: V8's profile by part, in ns a record"),
    logLevel: LOG_LEVEL,
  },
};

if (import.meta.main) {
  await main("bench", async () => {
    const flags = parseArguments(BENCH, Deno.args);
    return await withKafka({ name: "bench", logLevel: flags.logLevel }, async ({ log, brokers }) => {
      const { hits, result } = await withRegistry(flags.registry, async (registry) => {
        say(`preloading ${flags.frames} requests and as many responses`);
        const { partitions, seed } = flags;
        const { hits } = await preload(log, flags.frames, partitions, seed, undefined, { registry });
        return { hits, result: await drain(log, brokers, registry, flags) };
      });
      const { frames, partitions, registry } = flags;
      const line = { frames, hits, partitions, registry, ...result };
      writeAll(Deno.stdout, JSON.stringify(line, null, 2) + "\n");
      // With a cache, how many changes of a session come out depends on when.
      const least = flags.cacheMaxBytes === 0 ? hits : flags.frames;
      return result.sessionUpdates >= least && result.sessionUpdates <= hits ? EXIT.ok : EXIT.failure;
    });
  });
}

/** What a drain took. */
interface Drained {
  readonly records: number;
  /** From the first record processed to the last, in s. */
  readonly seconds: number;
  readonly recordsPerSecond: number;
  /** User and system time of the whole process in that time, in s. */
  readonly cpuSeconds: number;
  readonly recordsPerCpuSecond: number;
  /** The same with the process' start-up. */
  readonly cpuSecondsWithStart: number;
  readonly peakRssMb: number;
  /** What the stores take of it at the end. */
  readonly stateMb: number;
  /** Records in SESSIONS: one a hit. */
  readonly sessionUpdates: number;
  /** Where the time of the main thread went, from the first records on. */
  readonly profile?: Sums;
}

async function drain(
  log: Log,
  brokers: readonly string[],
  registry: string | undefined,
  { frames, cacheMaxBytes, cpuProfile }: Flags,
): Promise<Drained> {
  const records = frames * 2;
  const port = freePort();
  const logFile = await Deno.makeTempFile({ prefix: "kos-bench-", suffix: ".log" });
  const child = await startKos(
    { brokers, logFile, cacheBytes: cacheMaxBytes, env: { SCHEMA_REGISTRY: registry ?? "" } },
    port,
    cpuProfile ? ["--inspect=127.0.0.1:0"] : [],
  );
  let profiler: Profiler | undefined;
  let profiledFrom = 0;
  const read = async (): Promise<string | undefined> => {
    if (child.ended() !== undefined) {
      throw new Error(
        `Cannot measure: received ${child.ended()} from streams: ${await Deno.readTextFile(logFile)}`,
      );
    }
    return await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text(), () => undefined);
  };
  try {
    let begun: { at: number; cpu: number; processed: number } | undefined;
    let said = performance.now();
    for (;;) {
      const text = await read();
      const at = performance.now();
      const processed = text === undefined ? 0 : metric(text, "kos_streams_records_processed_total");
      if (text !== undefined && processed < records) {
        // The last reading before the first record: what comes after it is the drain.
        if (processed === 0 || begun === undefined) {
          begun = { at, cpu: metric(text, "process_cpu_seconds_total"), processed };
        }
      }
      if (cpuProfile && processed > 0 && profiler === undefined) {
        profiler = await Profiler.connect(logFile);
        await profiler.start();
        profiledFrom = processed;
      }
      if (at - said > 1000) {
        said = at;
        say(`${processed} of ${records} records`);
      }
      if (text === undefined || processed < records) {
        await sleep(begun === undefined || processed === 0 ? 20 : 50);
        continue;
      }
      const sums = profiler && sumUp(await profiler.stop(), records - profiledFrom);
      const seconds = (at - begun!.at) / 1000;
      const cpuSecondsWithStart = metric(text, "process_cpu_seconds_total");
      const cpuSeconds = cpuSecondsWithStart - begun!.cpu;
      const drained = records - begun!.processed;
      return {
        records,
        seconds: round(seconds, 3),
        recordsPerSecond: Math.round(drained / seconds),
        cpuSeconds: round(cpuSeconds, 3),
        recordsPerCpuSecond: Math.round(drained / cpuSeconds),
        cpuSecondsWithStart: round(cpuSecondsWithStart, 3),
        peakRssMb: round(metric(text, "kos_peak_resident_memory_bytes") / 1e6, 1),
        stateMb: round(metric(text, "kos_streams_store_bytes") / 1e6, 1),
        sessionUpdates: await settledCount(log),
        ...(sums === undefined ? {} : { profile: sums }),
      };
    }
  } finally {
    await profiler?.close();
    await child.stop();
    await Deno.remove(logFile);
  }
}

/** The records of SESSIONS once no more come: the last ones are flushed with the next commit. */
async function settledCount(log: Log): Promise<number> {
  const partitions = await partitionsOf(log, SESSIONS_TOPIC);
  let before = -1;
  for (let now = await endSum(log, partitions); now !== before; now = await endSum(log, partitions)) {
    before = now;
    await sleep(500);
  }
  return before;
}
