/**
 * What the demo runs on: Kafka with a process for each instance, or an in-memory log with all of them in this
 * process.
 *
 * @module
 */
import { join } from "@std/path";
import { registryFrom, type SchemaRegistry } from "../../src/serde/mod.ts";
import { CONNECTION_FLAGS } from "../../src/cli/connection_flags.ts";
import type { Logger } from "../../src/cli/log.ts";
import { namedFlags } from "../../src/cli/program.ts";
import type { Instance, StartInstance } from "../../src/demo/fleet.ts";
import {
  type ConnectionConfig,
  type Log,
  MemoryLog,
  openKafkaLog,
  waitForBroker,
  type WaitForBrokerOptions,
} from "../../src/kafka/mod.ts";
import { startStreams } from "../../src/streams/arcade.ts";
import { freePort } from "../support/ports.ts";
import { startChild } from "../support/processes.ts";

/** What the demo runs on, and how an instance is started on it. */
export interface Stage {
  readonly log: Log;
  readonly registry: SchemaRegistry | undefined;
  readonly startInstance: StartInstance;
  /** Whether an instance is a process, which can be killed. */
  readonly canKill: boolean;
}

/** Things to undo, the last one first, whatever happens. */
export type Cleanup = (() => Promise<void>)[];

/** An in-memory log, with the instances in this process. */
export function embeddedStage(perInstance: number, logger: Logger, cleanup: Cleanup): Stage {
  const log = new MemoryLog();
  cleanup.push(() => log.close());
  const startInstance = async (clientId: string): Promise<Instance> => {
    const service = await startStreams({
      log,
      logger,
      clientId,
      metrics: { port: 0, host: LOOPBACK },
      engine: { maxRecordsPerSecond: perInstance },
    });
    let ended: string | undefined;
    service.app.done.catch((error) => ended = `"${error}"`);
    return { url: service.server!.url, ended: () => ended, stop: () => service.close() };
  };
  return { log, registry: undefined, startInstance, canKill: false };
}

/** Kafka, with a process for each instance. */
export async function kafkaStage(
  config: ConnectionConfig,
  perInstance: number,
  logger: Logger,
  cleanup: Cleanup,
  { variables, ...wait }: Pick<WaitForBrokerOptions, "forMs" | "signal"> & {
    /** Of the connection, for the processes, besides those that this one has. */
    readonly variables: Readonly<Record<string, string>>;
  },
): Promise<Stage> {
  const log = await openKafkaLog(config, { clientId: "demo", logger });
  cleanup.push(() => log.close());
  await waitForBroker(log, { ...wait, logger });
  const folder = await Deno.makeTempDir({ prefix: "kos-demo-" });
  cleanup.push(() => Deno.remove(folder, { recursive: true }));
  return {
    log,
    registry: registryFrom((name) => variables[name] ?? Deno.env.get(name)),
    canKill: true,
    startInstance: (name) => {
      const env = { ...variables, KAFKA_BROKERS: config.brokers.join(",") };
      return startProcess(name, env, perInstance, join(folder, `${name}.log`));
    },
  };
}

const LOOPBACK = "127.0.0.1";
const MAIN = new URL("../../src/streams/main.ts", import.meta.url).pathname;
/** How much of what a process said is told when it ends by itself, in characters. */
const SAID = 2_000;

/** Lets an instance read the files of the connection, wherever they are: this process may. */
function filesIn(env: Readonly<Record<string, string>>): string[] {
  return namedFlags({ name: "", description: "", flags: CONNECTION_FLAGS })
    .filter(({ value }) => value === "<file>")
    .flatMap(({ variable }) => env[variable!] || Deno.env.get(variable!) || [])
    .map((file) => `--allow-read=${file}`);
}

/** The streams binary as a process. */
async function startProcess(
  name: string,
  env: Readonly<Record<string, string>>,
  perInstance: number,
  logFile: string,
): Promise<Instance> {
  const port = freePort();
  const child = await startChild({
    command: Deno.execPath(),
    args: ["run", "-q", "-P=streams", ...filesIn(env), MAIN, "--max-rate", String(perInstance)],
    env: {
      ...env,
      KOS_METRICS_PORT: String(port),
      KOS_METRICS_HOST: LOOPBACK,
      KOS_CLIENT_ID: name,
    },
    logFile,
  });
  return {
    url: `http://${LOOPBACK}:${port}`,
    ended(): string | undefined {
      const why = child.ended();
      return why && `${why}, which said: ${Deno.readTextFileSync(logFile).slice(-SAID)}`;
    },
    stop: () => child.stop(),
    kill: () => child.kill(),
  };
}
