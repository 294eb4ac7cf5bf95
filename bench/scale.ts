/**
 * `deno task bench:scale`: whether a drain's cost grows in proportion to its records, and not with the number of partitions.
 *
 * @module
 */
import { parseArguments } from "../src/cli/arguments.ts";
import type { LogLevel } from "../src/cli/log.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { integer, integers } from "../src/cli/parsers.ts";
import type { Program } from "../src/cli/program.ts";
import { LOG_LEVEL } from "../src/cli/shared_flags.ts";
import { writeAll } from "../src/cli/write.ts";
import { KAFKA_VERSION } from "../scripts/support/broker_config.ts";
import { JSON_FILE, PLOT_FILE, SEED } from "./support/flags.ts";
import { Groups } from "./support/groups.ts";
import { say, withKafka } from "./support/kafka.ts";
import { UsageReader } from "./support/process_usage.ts";
import { type CheckedScaleRun, type ScalePlan, scaleRun } from "./support/scale_run.ts";
import {
  outOfProportion,
  scalePlot,
  scaleRows,
  type ScaleSetting,
  scaleSettings,
  scaleTable,
} from "./support/scaling.ts";

interface Flags {
  partitions: number[];
  records: number[];
  repeats: number;
  seed: number;
  cacheMaxBytes: number;
  tolerance: number;
  json?: string;
  plot?: string;
  logLevel: LogLevel;
}

/** Drained before all others and not counted: the broker's JVM is slower in the beginning. */
const WARM_UP: ScaleSetting = { partitions: 4, records: 100_000 };

/** The task and its flags. */
export const BENCH_SCALE: Program<Flags> = {
  name: "bench:scale",
  task: true,
  description:
    "Drains backlogs with one streams process each, by partitions and by records, and prints what they took. " +
    "Exit code 1 when records per CPU-second change too much, or when a drain wrote what it should not.",
  flags: {
    partitions: {
      value: "<counts>",
      text: "of each topic, at the first number of records",
      parse: integers({ min: 1, max: 1_000 }),
      default: [4, 16, 64],
      defaultText: "4,16,64",
    },
    // As many as an hour of frames: a session is dropped an hour after its last hit.
    records: {
      value: "<counts>",
      text: "half requests, half responses, at the first number of partitions",
      parse: integers({ min: 2_000, max: 7_200_000, multipleOf: 2 }),
      default: [1_000_000, 2_000_000, 4_000_000],
      defaultText: "1000000,2000000,4000000",
    },
    repeats: {
      value: "<count>",
      text: "rounds of all of them, of which the medians are taken",
      parse: integer({ min: 1, max: 100 }),
      default: 3,
    },
    seed: SEED,
    cacheMaxBytes: {
      value: "<bytes>",
      text: "of changes held back until a commit; 0: each goes out",
      parse: integer(),
      default: 0,
    },
    tolerance: {
      value: "<percent>",
      text: "records per CPU-second change by less than this from the first row",
      parse: integer({ min: 1 }),
      default: 20,
    },
    json: JSON_FILE,
    plot: PLOT_FILE,
    logLevel: LOG_LEVEL,
  },
};

function flagsOf(args: readonly string[]): Flags {
  return parseArguments(BENCH_SCALE, args);
}

if (import.meta.main) {
  await main("bench:scale", async () => {
    const flags = flagsOf(Deno.args);
    const settings = scaleSettings(flags.partitions, flags.records);
    const usage = await UsageReader.open();
    return await withKafka({ name: "bench", logLevel: flags.logLevel }, async (kafka) => {
      if (kafka.secured) {
        throw new Error(
          "Cannot measure: received a Kafka with TLS; leave API_KEY and SECRET_KEY out and name one without",
        );
      }
      const groups = await Groups.open(kafka.brokers);
      const tools = { kafka, groups, usage, cacheBytes: flags.cacheMaxBytes, seed: flags.seed };
      const runs = await runAll(settings, flags.repeats, tools).finally(() => groups.close());
      const rows = scaleRows(settings, runs);
      writeAll(Deno.stdout, scaleTable(rows));
      const wrong = runs.flatMap((run) => run.wrong);
      const changed = outOfProportion(rows, flags.tolerance);
      if (flags.json !== undefined) {
        const result = {
          at: new Date().toISOString(),
          machine: {
            cores: navigator.hardwareConcurrency,
            deno: Deno.version.deno,
            kafka: KAFKA_VERSION,
          },
          settings: { ...flags, json: undefined, plot: undefined },
          runs,
          rows,
          outOfProportion: changed,
        };
        await Deno.writeTextFile(flags.json, JSON.stringify(result, undefined, 2) + "\n");
      }
      if (flags.plot !== undefined) {
        const title = `Draining with one process: medians of ${flags.repeats}`;
        await Deno.writeTextFile(flags.plot, scalePlot(title, rows, flags.partitions.length));
      }
      for (const line of [...wrong, ...changed]) say(`error: ${line}`);
      return wrong.length + changed.length === 0 ? EXIT.ok : EXIT.failure;
    }).finally(() => usage.close());
  });
}

/** Runs each setting once a round, so that what changes on the machine meanwhile changes all of them. */
async function runAll(
  settings: readonly ScaleSetting[],
  rounds: number,
  tools: Omit<ScalePlan, keyof ScaleSetting | "round">,
): Promise<CheckedScaleRun[]> {
  await scaleRun({ ...tools, ...WARM_UP, round: 0 });
  const runs: CheckedScaleRun[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const setting of settings) runs.push(await scaleRun({ ...tools, ...setting, round }));
  }
  return runs;
}
