/**
 * A topology as a program.
 *
 * @module
 */
import process from "node:process";
import { parseArguments } from "../cli/arguments.ts";
import { connectionEnv } from "../cli/connection_flags.ts";
import { createLogger, type LogFormat, type Logger } from "../cli/log.ts";
import { aborted, main, type Report, stackOf, textReport } from "../cli/main.ts";
import { cpuLimit } from "../cli/cpu_limit.ts";
import { memoryLimit } from "../cli/memory_limit.ts";
import { VERSION } from "../cli/version.ts";
import { stdout, writeAll } from "../cli/write.ts";
import type { Topology } from "../engine/mod.ts";
import { type ConnectionConfig, connectionConfig } from "../kafka/config.ts";
import { WaitInterrupted } from "../kafka/common/wait_for_broker.ts";
import { openKafkaLog } from "../kafka/open_kafka_log.ts";
import { tokenFor } from "../metrics/access.ts";
import type { RouteHandler } from "../metrics/http_server.ts";
import { Registry } from "../metrics/prom_client.ts";
import type { SchemaRegistry } from "../serde/avro/registry.ts";
import { registryFrom } from "../serde/avro/registry_config.ts";
import { errand } from "./errands.ts";
import type { ServiceFlags } from "./flags.ts";
import { type FlagRows, type FlagValues, type ProgramOptions, serviceProgram } from "./program.ts";
import { Service } from "./service.ts";
import type { ServiceSettings } from "./settings.ts";
import type { ServedStore } from "./store_routes.ts";
import type { StoresAddress } from "./stores_server.ts";
import { tellStopped } from "./tell_stopped.ts";

/** Settings of {@linkcode run}. */
export interface RunOptions<T extends FlagRows = Record<never, never>> extends ProgramOptions<T> {
  /** How stores are served that are not read by their name and a key of text. */
  readonly stores?: readonly ServedStore[];
  /**
   * More paths of the metrics port, read with GET, such as a page ({@linkcode pageRoute}) at `/`. A path that
   * ends in `/` answers for all below it, but for `/` itself.
   */
  readonly routes?: Readonly<Record<string, RouteHandler>>;
  /**
   * More paths of the port of the stores (`--stores-port`), read with GET by who may read these: such as a
   * page that shows what is in them.
   */
  readonly storesRoutes?: Readonly<Record<string, RouteHandler>>;
  /**
   * Whether the metrics port has a live page at `/page/`: lag, load, rates and partitions of this instance
   * and of the others. Whoever reaches the port can read it, as with `/metrics`; it changes nothing. Default
   * `false`.
   */
  readonly page?: boolean;
}

/** What a topology is built with. */
export interface ServiceContext<T extends FlagRows = Record<never, never>> {
  /** The values of all flags, the program's own among them. */
  readonly flags: ServiceFlags & FlagValues<T>;
  /** The registry that `SCHEMA_REGISTRY` names; `undefined` without one, and for `--describe`. */
  readonly registry: SchemaRegistry | undefined;
  /** Where metrics of the program's own go to be served with the others. */
  readonly metrics: Registry;
  /** The program's log. */
  readonly logger: Logger;
}

/** Builds a topology with the values of the flags. */
export type TopologyBuilder<T extends FlagRows = Record<never, never>> = (
  context: ServiceContext<T>,
) => Topology | Promise<Topology>;

/** After a signal, and after its tasks were handed over, how long the program may take to end, in ms. */
const GRACE_MS = 5_000;

/**
 * Runs a topology as a program, until it is asked to end or fails, and ends the process: with exit code 0
 * when SIGTERM or SIGINT asked for it, with 2 when a flag or variable is wrong, with 1 when anything else
 * fails, as one line on stderr says, which is an object with the error's `stack` with `--log-format json`.
 *
 * Connections come from `KAFKA_BROKERS`, `API_KEY`, `SECRET_KEY` and `SCHEMA_REGISTRY`; everything else from
 * flags, each with a variable: `--help` lists them, and those that {@linkcode RunOptions.flags} adds. On
 * `--metrics-port` are `/metrics` (the consumer lag among them), `/healthz` and `/readyz`, and where
 * `--stores-port` is given, `/stores` on that. Topics that the topology reads or writes are created where
 * they are missing.
 *
 * @param topology The topology, or what builds it with the values of the flags.
 * @example A whole program, with a flag of its own
 * ```ts ignore
 * import { int64Serde, parsers, run, StreamsBuilder, stringSerde } from "../../mod.ts";
 *
 * await run(({ flags }) => {
 *   const text = { key: stringSerde(), value: stringSerde() };
 *   const builder = new StreamsBuilder();
 *   builder.stream("lines", text)
 *     .flatMapValues((line) => line.split(" ").filter((word) => word.length >= flags.shortest))
 *     .groupBy((_key, word) => word, text)
 *     .count({ value: int64Serde(), name: "counts" })
 *     .toStream()
 *     .to("counts", { key: stringSerde(), value: int64Serde() });
 *   return builder.build();
 * }, {
 *   applicationId: "word-count",
 *   flags: {
 *     shortest: { value: "<letters>", text: "the least that counts", parse: parsers.integer(), default: 1 },
 *   },
 * });
 * ```
 */
export async function run<T extends FlagRows = Record<never, never>>(
  topology: Topology | TopologyBuilder<T>,
  options: RunOptions<T>,
): Promise<never> {
  const program = serviceProgram(options);
  const build: TopologyBuilder<T> = typeof topology === "function" ? topology : () => topology;
  let json: Logger | undefined;
  let leaveWithinMs = 0;
  // Also what ends the program is an object then, for whoever collects its lines.
  const report: Report = (message, error) => {
    if (json === undefined) textReport(program.name)(message, error);
    else json.error(message, error === undefined ? {} : { stack: stackOf(error) });
  };
  return await main(program.name, async (signal) => {
    const args = process.argv.slice(2);
    if (wantsJson(args, options.defaults?.logFormat)) {
      json = createLogger({ name: program.name, format: "json" });
    }
    const flags = parseArguments(program, args);
    const logger = createLogger({ name: program.name, level: flags.logLevel, format: flags.logFormat });
    json = flags.logFormat === "json" ? logger : undefined;
    leaveWithinMs = flags.leaveWithin;
    const context = { flags, metrics: new Registry(), logger };
    const done = await errand({
      flags,
      build: () => build({ ...context, registry: undefined }),
      connection: () => connectionConfig(connectionEnv(flags)),
      say: (line) => writeAll(stdout, `${line}\n`),
      signal,
    });
    if (done !== undefined) return done;
    await runTopology(build, context, { ...options, name: program.name }, signal);
  }, { graceMs: () => leaveWithinMs + GRACE_MS, report });
}

/** Whether its lines are to be objects: asked before the flags, which may be wrong, are read. */
function wantsJson(args: readonly string[], otherwise: LogFormat | undefined): boolean {
  const flag = "--log-format";
  const given = args.flatMap((arg, i) =>
    arg.startsWith(`${flag}=`) ? arg.slice(flag.length + 1) : args[i - 1] === flag ? arg : []
  );
  return (given.at(-1) ?? process.env["KOS_LOG_FORMAT"] ?? otherwise) === "json";
}

/** What a topology is built with, but for the registry. */
type Context<T extends FlagRows> = Omit<ServiceContext<T>, "registry">;

async function runTopology<T extends FlagRows>(
  build: TopologyBuilder<T>,
  context: Context<T>,
  options: RunOptions<T> & { readonly name: string },
  signal: AbortSignal,
): Promise<void> {
  const { flags, metrics, logger } = context;
  const env = connectionEnv(flags);
  const config = connectionConfig(env);
  // At a rate that is held the processor does not limit what it can do.
  const cpus = flags.maxRate === undefined ? flags.cpus ?? cpuLimit() : undefined;
  const registry = registryFrom(env);
  const storesAt = await storesAddress(flags);
  const topology = await build({ ...context, registry });
  const log = await openKafkaLog(config, {
    clientId: flags.clientId,
    logger,
    // Of the producer, the fetcher and the group: while the topics are looked at.
    spareConnections: 3,
  });
  try {
    await serve(
      topology,
      {
        ...settingsOf(flags, config),
        signal,
        log,
        logger,
        name: options.name,
        version: options.version ?? VERSION,
        registry: metrics,
        ...(options.stores === undefined ? {} : { stores: options.stores }),
        ...(options.routes === undefined ? {} : { routes: options.routes }),
        ...(options.storesRoutes === undefined ? {} : { storesRoutes: options.storesRoutes }),
        ...(storesAt === undefined ? {} : { storesAt }),
        ...(options.page === undefined ? {} : { page: options.page }),
        ...(cpus === undefined ? {} : { cpus }),
      },
      signal,
      flags.leaveWithin,
    );
  } catch (error) {
    if (!(error instanceof WaitInterrupted)) throw error;
    logger.info("stopped before it began");
  } finally {
    await log.close();
  }
}

async function serve(
  topology: Topology,
  settings: ServiceSettings,
  signal: AbortSignal,
  leaveWithinMs: number,
): Promise<void> {
  const service = await Service.start(topology, settings);
  await Promise.race([aborted(signal), service.app.done]);
  await service.leave(leaveWithinMs);
  tellStopped(service.app, settings.logger);
}

/** Where stores are read. @throws {AccessError} When others reach it and it has no token. */
async function storesAddress(
  { storesPort, storesHost, storesTokenFile }: ServiceFlags,
): Promise<StoresAddress | undefined> {
  if (storesPort === undefined) return undefined;
  const token = await tokenFor("the stores", storesHost, "--stores-host", {
    value: process.env["KOS_STORES_TOKEN"],
    file: storesTokenFile,
    variable: "KOS_STORES_TOKEN",
    flag: "--stores-token-file",
  });
  return { port: storesPort, host: storesHost, token };
}

/** What comes of the flags. */
function settingsOf(
  flags: ServiceFlags,
  config: ConnectionConfig,
): Omit<ServiceSettings, "log" | "logger" | "name" | "version" | "registry"> {
  return {
    applicationId: flags.applicationId,
    clientId: flags.clientId,
    metrics: { port: flags.metricsPort, host: flags.metricsHost },
    metricsLevel: flags.metricsLevel,
    catchUpTimeMs: flags.catchUpTime,
    advertise: flags.advertise,
    waitForBroker: { forMs: flags.waitForBroker },
    partitions: flags.partitions,
    failures: {
      onUndecodable: flags.onUndecodable,
      onProcessingError: flags.onProcessingError,
      onProductionError: flags.onProductionError,
      deadLetterTopic: flags.deadLetterTopic,
    },
    engine: {
      commitIntervalMs: flags.commitInterval,
      replicationFactor: flags.replicationFactor ?? (config.sasl === undefined ? 1 : 3),
      onMissingTopic: flags.onMissingTopic,
      processingGuarantee: flags.processingGuarantee,
      numStandbyReplicas: flags.standbyReplicas,
      maxWarmupReplicas: flags.maxWarmupReplicas,
      store: flags.store,
      cacheMaxBytes: flags.cacheMaxBytes,
      stateMaxBytes: stateMaxBytes(flags.stateMaxBytes),
      onStateFull: flags.onStateFull,
      stateDir: flags.stateDir,
      sessionTimeoutMs: flags.sessionTimeout,
      stallTimeoutMs: flags.stallTimeout,
      maxRecordsPerSecond: flags.maxRate ?? Infinity,
      ...(flags.groupInstanceId === undefined ? {} : { groupInstanceId: flags.groupInstanceId }),
    },
  };
}

/**
 * The part of a container's memory that state may take: the rest is the process, its buffers, and what grows
 * before the old is freed.
 */
const STATE_PART = 0.5;

/** What the flag stands for, 0 and left out too. */
function stateMaxBytes(flag: number | undefined): number {
  if (flag === undefined) return Math.floor((memoryLimit() ?? Infinity) * STATE_PART);
  return flag === 0 ? Infinity : flag;
}
