/**
 * `deno task demo`: the whole line, load to sessions, on one machine.
 *
 * @module
 */
import { parseArguments } from "../src/cli/arguments.ts";
import { createLogger, type Logger, type LogLevel } from "../src/cli/log.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { integer } from "../src/cli/parsers.ts";
import { type Program, toggle } from "../src/cli/program.ts";
import { LOG_LEVEL, WAIT_FOR_BROKER } from "../src/cli/shared_flags.ts";
import { terminalWidth } from "../src/cli/terminal.ts";
import { say } from "../src/cli/write.ts";
import { type DemoSummary, runDemo } from "../src/demo/run.ts";
import { connectionConfig, WaitInterrupted } from "../src/kafka/mod.ts";
import { type Cleanup, embeddedStage, kafkaStage, type Stage } from "./demo/stages.ts";
import { brokerAnswers, findRuntime, startBroker } from "./support/broker.ts";

interface Flags {
  seconds: number;
  embedded: boolean;
  profile: string;
  machines: number;
  waitForBroker: number;
  logLevel: LogLevel;
}

/** Enough to see the lag grow within seconds, little enough that one process keeps up. */
const PROFILE = "sine:12000+-6000/15s";

/** The task and its flags. */
export const DEMO: Program<Flags> = {
  name: "demo",
  task: true,
  description:
    "Runs the whole line on this machine: generator, Kafka, streams; shows records, sessions and lag each second, then checks every session.",
  flags: {
    seconds: {
      value: "<count>",
      text: "how long load is generated",
      parse: integer({ min: 1, max: 86_400 }),
      default: 60,
    },
    embedded: toggle("everything in one process, on an in-memory log instead of Kafka"),
    profile: {
      value: "<profile>",
      text: "the load in records a second; deno task gen --help tells the forms",
      parse: (text: string) => text,
      default: PROFILE,
    },
    machines: {
      value: "<count>",
      text: "how many arcade machines send frames",
      parse: integer({ min: 1, max: 100_000 }),
      default: 2_000,
    },
    waitForBroker: WAIT_FOR_BROKER,
    logLevel: LOG_LEVEL,
  },
};

if (import.meta.main) {
  await main("demo", async (signal) => {
    const flags = parseArguments(DEMO, Deno.args);
    const logger = createLogger({ name: "demo", level: flags.logLevel === "info" ? "warn" : flags.logLevel });
    const cleanup: Cleanup = [];
    try {
      const stage = await setTheStage(flags, signal, logger, cleanup);
      if (signal.aborted) return EXIT.failure;
      const summary = await runDemo({
        ...stage,
        logger,
        durationMs: flags.seconds * 1000,
        profile: flags.profile,
        machines: flags.machines,
        signal,
        width: terminalWidth(),
        show: say,
      });
      if (summary === undefined) {
        say("\nstopped before the end: nothing was checked");
        return EXIT.failure;
      }
      return report(summary);
    } catch (error) {
      if (!(error instanceof WaitInterrupted)) throw error;
      say("\nstopped before it began");
      return EXIT.failure;
    } finally {
      for (const undo of cleanup.reverse()) await undo();
    }
  });
}

async function setTheStage(
  flags: Flags,
  signal: AbortSignal,
  logger: Logger,
  cleanup: Cleanup,
): Promise<Stage> {
  if (flags.embedded) {
    say("everything runs in this process on an in-memory log (--embedded), without Kafka");
    return await embeddedStage(logger, cleanup);
  }
  const config = connectionConfig((name) => Deno.env.get(name));
  if (Deno.env.get("KAFKA_BROKERS") !== undefined) {
    say(`using Kafka at ${config.brokers.join(",")} (KAFKA_BROKERS)`);
    return await kafkaStage(config, logger, cleanup, {
      forMs: flags.waitForBroker,
      signal,
    });
  }
  if (await brokerAnswers(9092)) {
    say("using the Kafka that answers at localhost:9092");
    return await kafkaStage(config, logger, cleanup);
  }
  const runtime = await findRuntime();
  if (runtime.kind === "none") {
    say(`everything runs in this process on an in-memory log, without Kafka: ${runtime.reason}`);
    return await embeddedStage(logger, cleanup);
  }
  const broker = await startBroker({ report: say });
  cleanup.push(() => broker.wipe());
  return await kafkaStage({ ...config, brokers: [broker.bootstrap] }, logger, cleanup);
}

function report(summary: DemoSummary): number {
  const n = (value: number): string => value.toLocaleString("en-US");
  const share = summary.expected === 0 ? "" : ` (${(100 * summary.correct / summary.expected).toFixed(2)} %)`;
  say("");
  say(
    `${n(summary.frames)} frames sent as ${n(summary.sent)} records in ${summary.seconds.toFixed(1)} s, ${
      n(summary.lost)
    } lost`,
  );
  say(`${n(summary.answered)} frames had a response in time and make ${n(summary.expected)} sessions`);
  say(
    `${n(summary.correct)} sessions came out with exactly their hits${share}; ${
      n(summary.missing)
    } missing, ${n(summary.wrong)} wrong, ${n(summary.unexpected)} unexpected`,
  );
  const drained = summary.drainMs === undefined
    ? "it was not gone a minute later"
    : `gone ${(summary.drainMs / 1000).toFixed(1)} s after the load ended`;
  say(`the highest lag was ${n(summary.highestLag)} records, ${drained}`);
  const good = summary.expected > 0 &&
    summary.missing + summary.wrong + summary.unexpected + summary.lost === 0;
  if (summary.example !== undefined) say(`for example: ${summary.example}`);
  say(good ? "all is well: sessions equal the answered frames" : "NOT all is well");
  return good ? EXIT.ok : EXIT.failure;
}
