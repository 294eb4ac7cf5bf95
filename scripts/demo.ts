/**
 * `deno task demo`: the whole line, load to sessions, on one machine.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { command, flag, logLevelFlag, parseArguments, toggle } from "../src/cli/command.ts";
import { createLogger, type Logger, type LogLevel } from "../src/cli/log.ts";
import { EXIT, main } from "../src/cli/main.ts";
import { integer } from "../src/cli/parsers.ts";
import { writeAll } from "../src/cli/write.ts";
import { SchemaRegistry } from "../src/avro/mod.ts";
import { type DemoStreams, type DemoSummary, LAG_TOPICS, runDemo } from "../src/demo/run.ts";
import { readNumbers, type StreamsNumbers } from "../src/demo/streams_view.ts";
import { type ConnectionConfig, connectionConfig, KafkaLog, type Log, MemoryLog } from "../src/kafka/mod.ts";
import { APPLICATION_ID, type RunningStreams, startStreams } from "../src/streams/start.ts";
import { brokerAnswers, findRuntime, startBroker } from "./support/broker.ts";
import { freePort } from "./support/ports.ts";
import { type Child, startChild } from "./support/processes.ts";

interface Flags {
  seconds: number;
  embedded: boolean;
  profile: string;
  machines: number;
  logLevel: LogLevel;
}

/** What the demo runs on, and how to end it. */
interface Stage {
  readonly log: Log;
  readonly registry: SchemaRegistry | undefined;
  readonly streams: DemoStreams;
}

/** Things to undo, the last one first, whatever happens. */
type Cleanup = (() => Promise<void>)[];

/** Enough to see the lag grow within seconds, little enough that one process keeps up. */
const PROFILE = "sine:12000+-6000/15s";

if (import.meta.main) {
  await main("demo", async (signal) => {
    const flags = parseArguments<Flags>(
      command(
        "demo",
        "Runs the whole line on this machine: generator, Kafka, streams; shows records, sessions and lag each second, then checks every session.",
      )
        .addOption(
          flag("--seconds <count>", "how long load is generated", {
            parse: integer({ min: 1, max: 86_400 }),
            default: 60,
          }),
        )
        .addOption(toggle("--embedded", "everything in one process, on an in-memory log instead of Kafka"))
        .addOption(
          flag("--profile <profile>", "the load in records a second; deno task gen --help tells the forms", {
            parse: (text: string) => text,
            default: PROFILE,
          }),
        )
        .addOption(flag("--machines <count>", "how many arcade machines send frames", {
          parse: integer({ min: 1, max: 100_000 }),
          default: 2_000,
        }))
        .addOption(logLevelFlag()),
      Deno.args,
    );
    const logger = createLogger({ name: "demo", level: flags.logLevel === "info" ? "warn" : flags.logLevel });
    const cleanup: Cleanup = [];
    try {
      const stage = await setTheStage(flags, logger, cleanup);
      if (signal.aborted) return EXIT.failure;
      const summary = await runDemo({
        ...stage,
        logger,
        durationMs: flags.seconds * 1000,
        profile: flags.profile,
        machines: flags.machines,
        signal,
        show: say,
      });
      if (summary === undefined) {
        say("\nstopped before the end: nothing was checked");
        return EXIT.failure;
      }
      return report(summary);
    } finally {
      for (const undo of cleanup.reverse()) await undo();
    }
  });
}

async function setTheStage(flags: Flags, logger: Logger, cleanup: Cleanup): Promise<Stage> {
  if (flags.embedded) {
    say("everything runs in this process on an in-memory log (--embedded), without Kafka");
    return await embeddedStage(logger, cleanup);
  }
  const config = connectionConfig((name) => Deno.env.get(name));
  if (Deno.env.get("KAFKA_BROKERS") !== undefined) {
    say(`using Kafka at ${config.brokers.join(",")} (KAFKA_BROKERS)`);
    return await kafkaStage(config, logger, cleanup);
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

async function embeddedStage(logger: Logger, cleanup: Cleanup): Promise<Stage> {
  const log = new MemoryLog();
  cleanup.push(() => log.close());
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {}); // whoever races it sees it
  let running: RunningStreams | undefined;
  let processedBefore = 0;
  const streams: DemoStreams = {
    failed,
    async start() {
      running = await startStreams({ log, logger, clientId: "demo" });
      running.app.done.catch(reject);
    },
    async stop() {
      const { app, close } = running!;
      await close();
      running = undefined;
      processedBefore += app.stats.processed;
    },
    async numbers() {
      return { processed: processedBefore + (running?.app.stats.processed ?? 0), lag: await groupLag(log) };
    },
  };
  cleanup.push(async () => await running?.close());
  await streams.start();
  return { log, registry: undefined, streams };
}

async function kafkaStage(config: ConnectionConfig, logger: Logger, cleanup: Cleanup): Promise<Stage> {
  const log = new KafkaLog(config, { clientId: "demo", logger });
  cleanup.push(() => log.close());
  const folder = await Deno.makeTempDir({ prefix: "kos-demo-" });
  cleanup.push(() => Deno.remove(folder, { recursive: true }));
  const streams = new StreamsProcess(log, config.brokers, join(folder, "streams.log"));
  cleanup.push(() => streams.stop());
  say("starting one streams process");
  await streams.start();
  const { schemaRegistry } = config;
  return {
    log,
    streams,
    registry: schemaRegistry === undefined ? undefined : new SchemaRegistry(schemaRegistry),
  };
}

/** The streams binary as a process; its numbers are read from its metrics, as an autoscaler reads them. */
class StreamsProcess implements DemoStreams {
  readonly failed: Promise<never>;
  readonly #reject: (error: unknown) => void;
  readonly #log: Log;
  readonly #brokers: readonly string[];
  readonly #logFile: string;
  #child: Child | undefined;
  #url = "";
  #last: StreamsNumbers | undefined;
  #processedBefore = 0;

  constructor(log: Log, brokers: readonly string[], logFile: string) {
    this.#log = log;
    this.#brokers = brokers;
    this.#logFile = logFile;
    const { promise, reject } = Promise.withResolvers<never>();
    promise.catch(() => {}); // whoever races it sees it
    this.failed = promise;
    this.#reject = reject;
  }

  async start(): Promise<void> {
    const port = freePort();
    const child = await startChild({
      command: Deno.execPath(),
      args: ["run", "-q", "-P=streams", new URL("../src/streams/main.ts", import.meta.url).pathname],
      env: {
        KAFKA_BROKERS: this.#brokers.join(","),
        KOS_METRICS_PORT: String(port),
        KOS_METRICS_HOST: "127.0.0.1",
        KOS_CLIENT_ID: "demo-streams",
      },
      logFile: this.#logFile,
    });
    this.#child = child;
    this.#url = `http://127.0.0.1:${port}`;
    for (let ready = false; !ready;) {
      if (child.ended() !== undefined) throw await this.#ended(child);
      ready = await fetch(`${this.#url}/readyz`).then(
        async (answer) => (await answer.text(), answer.ok),
        () => false,
      );
      if (!ready) await delay(50);
    }
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    this.#processedBefore = this.#last?.processed ?? 0;
    await child?.stop();
  }

  async numbers(): Promise<StreamsNumbers> {
    const child = this.#child;
    if (child?.ended() !== undefined) {
      this.#reject(await this.#ended(child));
      return await this.failed;
    }
    const text = child === undefined
      ? undefined
      : await fetch(`${this.#url}/metrics`).then((answer) => answer.text(), () => undefined);
    if (text === undefined) return { processed: this.#processedBefore, lag: await groupLag(this.#log) };
    const { processed, lag } = readNumbers(text, LAG_TOPICS);
    return this.#last = { processed: this.#processedBefore + processed, lag };
  }

  async #ended(child: Child): Promise<Error> {
    const said = (await Deno.readTextFile(this.#logFile)).slice(-2_000);
    return new Error(`Cannot go on: received ${child.ended()} from streams; it said: ${said}`);
  }
}

/** The lag by topic as the log itself knows it, from the group's last commits: also while nobody processes. */
async function groupLag(log: Log): Promise<Map<string, number>> {
  const lag = new Map<string, number>();
  for (const [topic, { partitions }] of await log.describeTopics(LAG_TOPICS)) {
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
    const ends = await log.offsets(all, "latest");
    const starts = await log.offsets(all, "earliest");
    const committed = await log.committed(APPLICATION_ID, all);
    lag.set(topic, ends.reduce((sum, end, i) => sum + end - Math.max(starts[i]!, committed[i] ?? 0), 0));
  }
  return lag;
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

function say(line: string): void {
  writeAll(Deno.stdout, `${line}\n`);
}
