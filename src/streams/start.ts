/**
 * Starts the sessions topology with its metrics: used by the binary and, in one process, by the demo.
 *
 * @module
 */
import { Registry } from "../metrics/prom_client.ts";
import type { Logger } from "../cli/log.ts";
import {
  logAndContinue,
  logAndDeadLetter,
  logAndFail,
  logProcessingErrors,
  logProductionErrors,
  steadyClock,
  StreamsApp,
  type StreamsConfig,
} from "../engine/mod.ts";
import { ensureTopics } from "../kafka/common/ensure_topics.ts";
import type { Log } from "../kafka/port/log.ts";
import { watchEventLoop } from "../metrics/event_loop.ts";
import { waitForBroker, type WaitForBrokerOptions } from "../kafka/common/wait_for_broker.ts";
import { LagMetrics, type MetricsLevel } from "../metrics/lag_metrics.ts";
import { exportMetrics } from "../metrics/open_telemetry.ts";
import { registerProcessMetrics } from "../metrics/process_metrics.ts";
import { type MetricsServer, serveMetrics } from "../metrics/server.ts";
import { PulledMetrics } from "../metrics/pulled_metrics.ts";
import { StreamsMetrics } from "../metrics/streams_metrics.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../game/topics.ts";
import { type SessionsOptions, sessionsStore, sessionsTopology } from "./sessions_topology.ts";
import { parseSessionKey, storeRoutes } from "./store_routes.ts";
import { VERSION } from "../cli/version.ts";

/** The application id of the original: its group and changelogs have this name. */
export const APPLICATION_ID = "KINGOFSCALING-APP";
/** Partitions of the topics that are created when missing. */
export const DEFAULT_PARTITIONS = 4;

/** Settings of {@linkcode startStreams}. Times are in ms. */
export interface StartOptions extends Omit<SessionsOptions, "onUndecodableHit"> {
  readonly log: Log;
  readonly logger: Logger;
  /** Where metrics are served; left out, they are not. */
  readonly metrics?: { readonly port: number; readonly host: string };
  /** What has a series of lag. Default `partition`. */
  readonly metricsLevel?: MetricsLevel;
  /** Whether to wait for a broker that is not there yet, and for how long. Default: not. */
  readonly waitForBroker?: Pick<WaitForBrokerOptions, "forMs" | "signal">;
  /** Names the consumer group and the changelogs. Default {@linkcode APPLICATION_ID}. */
  readonly applicationId?: string;
  /** Names this instance in the gauges' labels. */
  readonly clientId: string;
  readonly commitIntervalMs?: number;
  /** How many partitions topics get that are created. Default {@linkcode DEFAULT_PARTITIONS}. */
  readonly partitions?: number;
  /** How many replicas topics get that are created. Default 1. */
  readonly replicationFactor?: number;
  /** What to do with records that can't be decoded. Default `continue`. */
  readonly onUndecodable?: FailureChoice;
  /** What to do with records that a processor throws at. Default `fail`. */
  readonly onProcessingError?: FailureChoice;
  /** What to do with records that can't be encoded, or that the log refuses for good. Default `fail`. */
  readonly onProductionError?: FailureChoice;
  /** Where dead letters go. Default `<application id>-dead-letters`. */
  readonly deadLetterTopic?: string;
  /**
   * Where other instances and their users reach the metrics server, as `host` or `host:port`; without a port
   * it is the server's own. Default: it is not told.
   */
  readonly advertise?: string;
  /** What becomes of records after a failure. Default `at_least_once`. */
  readonly processingGuarantee?: "at_least_once" | "exactly_once";
  /** How many other instances keep each task's stores current. Default 0. */
  readonly numStandbyReplicas?: number;
  /** Bytes that the sessions' cache may hold. Default 0: every change of a session goes out. */
  readonly cacheMaxBytes?: number;
  /** Bytes of memory that state may take. Default: no limit. */
  readonly stateMaxBytes?: number;
  /** What happens above {@linkcode stateMaxBytes}. Default `fail`. */
  readonly onStateFull?: "fail" | "disk";
  /** Where stores are kept. Default `memory`. */
  readonly store?: "memory" | "sqlite";
  /** Where stores on disk are. */
  readonly stateDir?: string;
  readonly groupInstanceId?: string;
  readonly sessionTimeoutMs?: number;
  /** After which time without progress it is unhealthy; 0: never. Default `DEFAULT_STALL_TIMEOUT_MS`. */
  readonly stallTimeoutMs?: number;
  /** What happens when a source topic is deleted while it runs. Default `fail`. */
  readonly onMissingTopic?: "fail" | "wait";
}

/** What to do with a record that fails: drop and count it, end, or send it to the dead letters. */
export type FailureChoice = "continue" | "fail" | "dead-letter";

/** A running sessions application. */
export interface RunningStreams {
  readonly app: StreamsApp;
  readonly lag: LagMetrics;
  readonly server: MetricsServer | undefined;
  /** Hits that could not be decoded so far. */
  readonly undecodableHits: number;
  /** Commits, leaves the group and stops serving. */
  close(): Promise<void>;
}

/** Why an application that runs is not ready. */
function waitsFor({ waitingFor, knowsAssignment, cutOff }: StreamsApp): string {
  if (waitingFor.length > 0) return `waiting for topic ${waitingFor.join(", ")}`;
  return knowsAssignment || cutOff !== undefined ? "restoring" : "waiting for its tasks";
}

/** Creates the topics where they are missing, starts the application and serves its metrics. */
export async function startStreams(options: StartOptions): Promise<RunningStreams> {
  const { log, logger, metrics, clientId, applicationId = APPLICATION_ID } = options;
  let undecodableHits = 0;
  const topology = sessionsTopology({ ...options, onUndecodableHit: () => undecodableHits++ });
  const registry = new Registry();
  const topics = [REQUESTS_TOPIC, RESPONSES_TOPIC];
  const lag = new LagMetrics({ registry, topics, client: clientId, ...given("level", options.metricsLevel) });
  registerProcessMetrics({ registry, component: "streams", version: VERSION });
  let waiting = false;
  const streamsMetrics: { current?: StreamsMetrics } = {};
  const server: MetricsServer | undefined = metrics && serveMetrics({
    registry,
    ...metrics,
    notReady: () => waiting ? ["waiting for a broker"] : notReady(app),
    unhealthy: () => app.state === "failed" ? ["failed"] : app.stalls,
    onError: (error) => logger.error(`Cannot serve metrics: ${error}`),
  });
  if (server !== undefined) logger.info(`metrics at ${server.url}/metrics`);
  const app: StreamsApp = new StreamsApp(topology, log, {
    applicationId,
    logger,
    ...handlers(options, applicationId),
    ...given("endpoint", endpointOf(options.advertise, server?.port)),
    onCommit: (seconds) => streamsMetrics.current!.observeCommit(seconds),
    ...given("commitIntervalMs", options.commitIntervalMs),
    ...given("replicationFactor", options.replicationFactor),
    ...given("processingGuarantee", options.processingGuarantee),
    ...given("numStandbyReplicas", options.numStandbyReplicas),
    ...given("store", options.store),
    ...given("cacheMaxBytes", options.cacheMaxBytes),
    ...given("stateMaxBytes", options.stateMaxBytes),
    ...given("onStateFull", options.onStateFull),
    ...given("stateDir", options.stateDir),
    ...given("groupInstanceId", options.groupInstanceId),
    ...given("sessionTimeoutMs", options.sessionTimeoutMs),
    ...given("stallTimeoutMs", options.stallTimeoutMs),
    ...given("onMissingTopic", options.onMissingTopic),
  });
  streamsMetrics.current = new StreamsMetrics({ registry, stats: app.stats });
  new PulledMetrics(registry).counter(
    "kos_streams_hits_undecodable_total",
    "Hits whose bytes are no hit and were left out of their session.",
    () => undecodableHits,
  );
  const served = { path: "sessions", store: sessionsStore(topology), parseKey: parseSessionKey };
  for (const [path, handler] of Object.entries(storeRoutes(app, [served]))) server?.route(path, handler);
  const eventLoop = watchEventLoop(registry);
  exportMetrics(registry);
  const timer = setInterval(() => lag.update(app.positions(), app.knowsAssignment), LAG_REFRESH_MS);
  const close = async (): Promise<void> => {
    clearInterval(timer);
    eventLoop.close();
    try {
      await app.close();
    } finally {
      await server?.close();
    }
  };
  try {
    if (options.waitForBroker !== undefined) {
      waiting = true;
      await waitForBroker(log, { ...options.waitForBroker, logger });
      waiting = false;
    }
    await createTopics(options);
    await app.start();
  } catch (error) {
    await close();
    throw error;
  }
  logger.info(`${applicationId} runs on ${log.description}`);
  return {
    app,
    lag,
    server,
    get undecodableHits() {
      return undecodableHits;
    },
    close,
  };
}

/** How often the gauges take new positions, in ms. */
const LAG_REFRESH_MS = 250;

/** Why the application is not ready; empty when it is. */
function notReady(app: StreamsApp): string[] {
  const { ready, state, cutOff } = app;
  const reasons = ready ? [] : [state === "running" ? waitsFor(app) : state];
  return cutOff === undefined ? reasons : [...reasons, cutOff];
}

async function createTopics({ log, logger, ...options }: StartOptions): Promise<void> {
  const { partitions = DEFAULT_PARTITIONS, replicationFactor } = options;
  const count = await ensureTopics(
    log,
    [REQUESTS_TOPIC, RESPONSES_TOPIC],
    partitions,
    replicationFactor,
    logger,
  );
  // Made like those that are read; one that is there is measured by what was asked for.
  const missing = (await log.describeTopics([SESSIONS_TOPIC])).size === 0;
  await ensureTopics(log, [SESSIONS_TOPIC], missing ? count : partitions, replicationFactor, logger);
}

/** The handlers that the choices stand for. */
function handlers(options: StartOptions, applicationId: string): Partial<StreamsConfig> {
  const { logger, onUndecodable = "continue", onProcessingError = "fail", onProductionError = "fail" } =
    options;
  const { deadLetterTopic = `${applicationId}-dead-letters` } = options;
  const now = steadyClock();
  const topicOf = (choice: FailureChoice): string | undefined =>
    choice === "dead-letter" ? deadLetterTopic : undefined;
  const wanted = [onUndecodable, onProcessingError, onProductionError].includes("dead-letter");
  return {
    onUndecodable: onUndecodable === "fail"
      ? logAndFail()
      : onUndecodable === "continue"
      ? logAndContinue(logger, now)
      : logAndDeadLetter(deadLetterTopic, logger, now),
    ...(onProcessingError === "fail"
      ? {}
      : { onProcessingError: logProcessingErrors(logger, now, topicOf(onProcessingError)) }),
    ...(onProductionError === "fail"
      ? {}
      : { onProductionError: logProductionErrors(logger, now, topicOf(onProductionError)) }),
    deadLetterTopics: wanted ? [deadLetterTopic] : [],
  };
}

function endpointOf(advertise: string | undefined, port: number | undefined): string | undefined {
  if (advertise === undefined || port === undefined) return undefined;
  return /:\d+$/.test(advertise) ? advertise : `${advertise}:${port}`;
}

function given<K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } {
  return value === undefined ? {} : { [name]: value } as { [name in K]?: V };
}
