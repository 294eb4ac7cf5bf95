/**
 * What the demo runs on: Kafka with a streams process, or an in-memory log with everything in this process.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { join } from "@std/path";
import { SchemaRegistry } from "../../src/serde/mod.ts";
import type { Logger } from "../../src/cli/log.ts";
import { type DemoStreams, LAG_TOPICS } from "../../src/demo/run.ts";
import { readNumbers, type StreamsNumbers } from "../../src/demo/streams_view.ts";
import {
  type ConnectionConfig,
  type Log,
  MemoryLog,
  openKafkaLog,
  waitForBroker,
  type WaitForBrokerOptions,
} from "../../src/kafka/mod.ts";
import type { Service } from "../../src/service/service.ts";
import { APPLICATION_ID, startStreams } from "../../src/streams/arcade.ts";
import { freePort } from "../support/ports.ts";
import { type Child, startChild } from "../support/processes.ts";

/** What the demo runs on, and how to end it. */
export interface Stage {
  readonly log: Log;
  readonly registry: SchemaRegistry | undefined;
  readonly streams: DemoStreams;
}

/** Things to undo, the last one first, whatever happens. */
export type Cleanup = (() => Promise<void>)[];

/** An in-memory log, with streams in this process. */
export async function embeddedStage(logger: Logger, cleanup: Cleanup): Promise<Stage> {
  const log = new MemoryLog();
  cleanup.push(() => log.close());
  const { promise: failed, reject } = Promise.withResolvers<never>();
  failed.catch(() => {}); // whoever races it sees it
  let running: Service | undefined;
  let processedBefore = 0;
  const streams: DemoStreams = {
    failed,
    async start() {
      running = await startStreams({ log, logger, clientId: "demo" });
      running.app.done.catch(reject);
    },
    async stop() {
      const service = running!;
      await service.close();
      running = undefined;
      processedBefore += service.app.stats.processed;
    },
    async numbers() {
      return { processed: processedBefore + (running?.app.stats.processed ?? 0), lag: await groupLag(log) };
    },
  };
  cleanup.push(async () => await running?.close());
  await streams.start();
  return { log, registry: undefined, streams };
}

/** Kafka, with one streams process. */
export async function kafkaStage(
  config: ConnectionConfig,
  logger: Logger,
  cleanup: Cleanup,
  wait: Pick<WaitForBrokerOptions, "forMs" | "signal"> = { forMs: 0 },
): Promise<Stage> {
  const log = await openKafkaLog(config, { clientId: "demo", logger });
  cleanup.push(() => log.close());
  await waitForBroker(log, { ...wait, logger });
  const folder = await Deno.makeTempDir({ prefix: "kos-demo-" });
  cleanup.push(() => Deno.remove(folder, { recursive: true }));
  const streams = new StreamsProcess(log, config.brokers, join(folder, "streams.log"));
  cleanup.push(() => streams.stop());
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
      args: ["run", "-q", "-P=streams", new URL("../../src/streams/main.ts", import.meta.url).pathname],
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
    return this.#last = {
      processed: this.#processedBefore + processed,
      lag: lag ?? await groupLag(this.#log),
    };
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
