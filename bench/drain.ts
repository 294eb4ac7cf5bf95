/**
 * `deno task bench`: how fast one streams process drains a backlog, and what it costs.
 *
 * @module
 */
import { command, flag, logLevelFlag, parseArguments } from "../src/cli/command.ts";
import { createLogger, type LogLevel } from "../src/cli/log.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { integer } from "../src/cli/parsers.ts";
import { writeAll } from "../src/cli/write.ts";
import { KafkaLog } from "../src/kafka/kafka_log.ts";
import { connectionConfig, type Log } from "../src/kafka/mod.ts";
import { sumOfSeries } from "../src/metrics/metrics_text.ts";
import { SESSIONS_TOPIC } from "../src/game/topics.ts";
import { startBroker } from "../scripts/support/broker.ts";
import { freePort } from "../scripts/support/ports.ts";
import { startChild } from "../scripts/support/processes.ts";
import { preload } from "./preload.ts";

interface Flags {
  frames: number;
  partitions: number;
  seed: number;
  logLevel: LogLevel;
}

/** A metric of a process: the sum of its series, 0 while it has none. */
function metric(text: string, name: string): number {
  return sumOfSeries(text, name) ?? 0;
}

if (import.meta.main) {
  await main("bench", async () => {
    const flags = parseArguments<Flags>(
      command(
        "bench",
        "Preloads requests and responses, lets one streams process drain them, and prints what it took as JSON.",
      )
        .addOption(
          flag("--frames <count>", "requests, each with a response", {
            parse: integer({ min: 1000 }),
            default: 300_000,
          }),
        )
        .addOption(
          flag("--partitions <count>", "of each topic", {
            parse: integer({ min: 1, max: 1000 }),
            default: 4,
          }),
        )
        .addOption(
          flag("--seed <number>", "the same seed gives the same frames", { parse: integer(), default: 1 }),
        )
        .addOption(logLevelFlag()),
      Deno.args,
    );
    const say = (line: string): void => writeAll(Deno.stderr, `${line}\n`);
    const logger = createLogger({
      name: "bench",
      level: flags.logLevel === "info" ? "warn" : flags.logLevel,
    });
    const broker = Deno.env.get("KAFKA_BROKERS") === undefined
      ? await startBroker({ report: say })
      : undefined;
    try {
      const config = connectionConfig((name) => Deno.env.get(name));
      const brokers = broker === undefined ? config.brokers : [broker.bootstrap];
      const log = new KafkaLog({ ...config, brokers }, { clientId: "bench", logger });
      try {
        say(`preloading ${flags.frames} requests and as many responses`);
        const { hits } = await preload(log, flags.frames, flags.partitions, flags.seed);
        const result = await drain(log, brokers, flags.frames * 2, say);
        writeAll(
          Deno.stdout,
          JSON.stringify({ frames: flags.frames, hits, partitions: flags.partitions, ...result }, null, 2) +
            "\n",
        );
        return result.sessionUpdates === hits ? EXIT.ok : EXIT.failure;
      } finally {
        await log.close();
      }
    } finally {
      await broker?.wipe();
    }
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
}

async function drain(
  log: Log,
  brokers: readonly string[],
  records: number,
  say: (line: string) => void,
): Promise<Drained> {
  const port = freePort();
  const logFile = await Deno.makeTempFile({ prefix: "kos-bench-", suffix: ".log" });
  const child = await startChild({
    command: Deno.execPath(),
    args: ["run", "-P=streams", new URL("../src/streams/main.ts", import.meta.url).pathname],
    env: {
      KAFKA_BROKERS: brokers.join(","),
      KOS_METRICS_PORT: String(port),
      KOS_METRICS_HOST: "127.0.0.1",
      KOS_CLIENT_ID: "bench",
    },
    logFile,
  });
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
      if (at - said > 1000) {
        said = at;
        say(`${processed} of ${records} records`);
      }
      if (text === undefined || processed < records) {
        await new Promise((resolve) => setTimeout(resolve, begun === undefined || processed === 0 ? 20 : 50));
        continue;
      }
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
      };
    }
  } finally {
    await child.stop();
    await Deno.remove(logFile);
  }
}

/** The records of SESSIONS once no more come: the last ones are flushed with the next commit. */
async function settledCount(log: Log): Promise<number> {
  const { partitions } = (await log.describeTopics([SESSIONS_TOPIC])).get(SESSIONS_TOPIC)!;
  const all = Array.from({ length: partitions }, (_, partition) => ({ topic: SESSIONS_TOPIC, partition }));
  const count = async (): Promise<number> =>
    (await log.offsets(all, "latest")).reduce((sum, end) => sum + end, 0);
  let before = -1;
  for (let now = await count(); now !== before; now = await count()) {
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return before;
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
