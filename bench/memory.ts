/**
 * `deno task bench:memory`: what memory one streams process takes for a backlog, beside what `deno task size` says.
 *
 * @module
 */
import { format as bytesText } from "@std/fmt/bytes";
import { parseArguments } from "../src/cli/arguments.ts";
import type { LogLevel } from "../src/cli/log.ts";
import { main } from "../src/cli/main.ts";
import { choice, duration, integer } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { LOG_LEVEL } from "../src/cli/shared_flags.ts";
import { writeAll } from "../src/cli/write.ts";
import { sumOfSeries } from "../src/metrics/metrics_text.ts";
import { freePort } from "../scripts/support/ports.ts";
import { PARTITIONS, SEED } from "./support/flags.ts";
import { say, withKafka } from "./support/kafka.ts";
import { startKos } from "./support/systems.ts";
import { sleep } from "./support/watch.ts";
import { preload } from "./preload.ts";

interface Flags {
  frames: number;
  partitions: number;
  seed: number;
  machines: number;
  framesPerMs: number;
  stateMaxBytes: number;
  processingGuarantee: "at_least_once" | "exactly_once";
  grace: number;
  retention: number;
  seconds: number;
  logLevel: LogLevel;
}

/** What is measured of a process. */
interface Measured {
  /** How it ended; `drained`, or `time is up`. */
  readonly end: string;
  readonly processed: number;
  readonly seconds: number;
  readonly peakRssMb: number;
  readonly peakStateMb: number;
  readonly storeEntries: Record<string, number>;
  /** The last lines of its log, where it did not drain. */
  readonly log?: string;
}

/** The task and its flags. */
export const BENCH_MEMORY: Program<Flags> = {
  name: "bench:memory",
  task: true,
  description:
    "Preloads requests and responses, lets one streams process drain them, and prints what memory it took as JSON.",
  flags: {
    frames: {
      value: "<count>",
      text: "requests, each with a response",
      parse: integer({ min: 1 }),
      default: 300_000,
    },
    partitions: PARTITIONS,
    seed: SEED,
    machines: { value: "<count>", text: "that play", parse: integer({ min: 1 }), default: 10 },
    framesPerMs: {
      value: "<count>",
      text: "of all machines; more than machines: they share keys",
      parse: integer({ min: 1 }),
      default: 1,
    },
    stateMaxBytes: { value: "<bytes>", text: "as of streams; 0: no limit", parse: integer(), default: 0 },
    processingGuarantee: {
      value: "<which>",
      text: "as of streams",
      parse: choice("at_least_once", "exactly_once"),
      default: "at_least_once",
    },
    grace: { value: "<time>", text: "as of streams", parse: duration(), default: 30_000, defaultText: "30s" },
    retention: {
      value: "<time>",
      text: "as of streams",
      parse: duration(),
      default: 3_600_000,
      defaultText: "1h",
    },
    seconds: { value: "<count>", text: "the longest that is waited", parse: integer(), default: 120 },
    logLevel: LOG_LEVEL,
  },
};

if (import.meta.main) {
  await main("bench:memory", async () => {
    const flags = parseArguments(BENCH_MEMORY, Deno.args);
    await withKafka({ name: "bench", logLevel: flags.logLevel }, async ({ log, brokers }) => {
      const { frames, partitions, seed, machines, framesPerMs } = flags;
      say(`preloading ${frames} requests and as many responses`);
      const { hits } = await preload(log, frames, partitions, seed, undefined, { machines, framesPerMs });
      const measured = await measure(brokers, flags);
      writeAll(
        Deno.stdout,
        JSON.stringify({ frames, hits, machines, framesPerMs, ...measured }, null, 2) + "\n",
      );
    });
  });
}

async function measure(brokers: readonly string[], flags: Flags): Promise<Measured> {
  const port = freePort();
  const logFile = await Deno.makeTempFile({ prefix: "kos-bench-", suffix: ".log" });
  const begun = performance.now();
  const child = await startKos({
    brokers,
    logFile,
    guarantee: flags.processingGuarantee,
    env: {
      KOS_STATE_MAX_BYTES: String(flags.stateMaxBytes),
      KOS_GRACE: `${flags.grace}ms`,
      KOS_RETENTION: `${flags.retention}ms`,
    },
  }, port);
  let processed = 0;
  let peakRss = 0;
  let peakState = 0;
  let storeEntries: Record<string, number> = {};
  let end = "time is up";
  try {
    while (performance.now() - begun < flags.seconds * 1000) {
      if (child.ended() !== undefined) {
        end = `${child.ended()}`;
        break;
      }
      const text = await fetch(`http://127.0.0.1:${port}/metrics`).then((answer) => answer.text(), () => "");
      processed = Math.max(processed, sumOfSeries(text, "kos_streams_records_processed_total") ?? 0);
      peakRss = Math.max(peakRss, sumOfSeries(text, "kos_peak_resident_memory_bytes") ?? 0);
      peakState = Math.max(peakState, sumOfSeries(text, "kos_state_bytes") ?? 0);
      if (text !== "") storeEntries = entriesOf(text);
      if (processed >= 2 * flags.frames) {
        end = "drained";
        break;
      }
      await sleep(100);
    }
    say(`${end}: ${processed} records, peak ${bytesText(peakRss)}`);
    return {
      end,
      processed,
      seconds: Math.round((performance.now() - begun) / 100) / 10,
      peakRssMb: Math.round(peakRss / 1e6),
      peakStateMb: Math.round(peakState / 1e6),
      storeEntries,
      ...(end === "drained" ? {} : { log: (await Deno.readTextFile(logFile)).slice(-1500) }),
    };
  } finally {
    await child.stop();
    await Deno.remove(logFile);
  }
}

/** The entries by store, as the metrics have them. */
function entriesOf(text: string): Record<string, number> {
  const series = text.matchAll(/^kos_streams_store_entries\{store="([^"]+)"\} (\S+)$/gm);
  return Object.fromEntries([...series].map(([, store, entries]) => [store!, Number(entries)]));
}
