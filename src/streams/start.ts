/**
 * Starts the sessions topology with its metrics: used by the binary and, in one process, by the demo.
 *
 * @module
 */
import { Registry } from "prom-client";
import type { Logger } from "../cli/log.ts";
import { logAndContinue, logAndFail, StreamsApp } from "../engine/mod.ts";
import { ensureTopics } from "../kafka/ensure_topics.ts";
import type { Log } from "../kafka/log.ts";
import { LagMetrics } from "../metrics/lag_metrics.ts";
import { registerProcessMetrics } from "../metrics/process_metrics.ts";
import { type MetricsServer, serveMetrics } from "../metrics/server.ts";
import { PulledMetrics, StreamsMetrics } from "../metrics/streams_metrics.ts";
import { REQUESTS_TOPIC, RESPONSES_TOPIC, SESSIONS_TOPIC } from "../game/topics.ts";
import { type SessionsOptions, sessionsTopology } from "./sessions_topology.ts";
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
  /** Default {@linkcode APPLICATION_ID}. */
  readonly applicationId?: string;
  /** Names this instance in the gauges' labels. */
  readonly clientId: string;
  readonly commitIntervalMs?: number;
  /** Of topics that are created. Default {@linkcode DEFAULT_PARTITIONS}. */
  readonly partitions?: number;
  /** Of topics that are created. Default 1. */
  readonly replicationFactor?: number;
  /** Default `continue`. */
  readonly onUndecodable?: "continue" | "fail";
  /** Default `at_least_once`. */
  readonly processingGuarantee?: "at_least_once" | "exactly_once";
  /** Default 0. */
  readonly numStandbyReplicas?: number;
  /** Default `memory`. */
  readonly store?: "memory" | "sqlite";
  /** Of stores on disk. */
  readonly stateDir?: string;
  readonly groupInstanceId?: string;
  readonly sessionTimeoutMs?: number;
}

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

/** Creates the topics where they are missing, starts the application and serves its metrics. */
export async function startStreams(options: StartOptions): Promise<RunningStreams> {
  const { log, logger, metrics, clientId, applicationId = APPLICATION_ID } = options;
  let undecodableHits = 0;
  const topology = sessionsTopology({ ...options, onUndecodableHit: () => undecodableHits++ });
  const registry = new Registry();
  const lag = new LagMetrics({ registry, topics: [REQUESTS_TOPIC, RESPONSES_TOPIC], client: clientId });
  registerProcessMetrics({ registry, component: "streams", version: VERSION });
  const streamsMetrics: { current?: StreamsMetrics } = {};
  const app = new StreamsApp(topology, log, {
    applicationId,
    logger,
    onUndecodable: options.onUndecodable === "fail" ? logAndFail() : logAndContinue(logger, Date.now),
    onCommit: (seconds) => streamsMetrics.current!.observeCommit(seconds),
    ...given("commitIntervalMs", options.commitIntervalMs),
    ...given("replicationFactor", options.replicationFactor),
    ...given("processingGuarantee", options.processingGuarantee),
    ...given("numStandbyReplicas", options.numStandbyReplicas),
    ...given("store", options.store),
    ...given("stateDir", options.stateDir),
    ...given("groupInstanceId", options.groupInstanceId),
    ...given("sessionTimeoutMs", options.sessionTimeoutMs),
  });
  streamsMetrics.current = new StreamsMetrics({ registry, stats: app.stats });
  new PulledMetrics(registry).counter(
    "kos_streams_hits_undecodable_total",
    "Hits whose bytes are no hit and were left out of their session.",
    () => undecodableHits,
  );
  // The gauges are served before the first assignment: 0 for both topics from the start.
  const server = metrics && serveMetrics({
    registry,
    ...metrics,
    notReady: () => app.ready ? [] : [app.state === "running" ? "restoring" : app.state],
    unhealthy: () => app.state === "failed" ? ["failed"] : [],
    onError: (error) => logger.error(`Cannot serve metrics: ${error}`),
  });
  if (server !== undefined) logger.info(`metrics at ${server.url}/metrics`);
  const timer = setInterval(() => lag.update(app.positions()), LAG_REFRESH_MS);
  const close = async (): Promise<void> => {
    clearInterval(timer);
    try {
      await app.close();
    } finally {
      await server?.close();
    }
  };
  try {
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

async function createTopics({ log, logger, ...options }: StartOptions): Promise<void> {
  const { partitions = DEFAULT_PARTITIONS, replicationFactor } = options;
  const count = await ensureTopics(
    log,
    [REQUESTS_TOPIC, RESPONSES_TOPIC],
    partitions,
    replicationFactor,
    logger,
  );
  if ((await log.describeTopics([SESSIONS_TOPIC])).size === 0) {
    await ensureTopics(log, [SESSIONS_TOPIC], count, replicationFactor, logger);
  }
}

function given<K extends string, V>(name: K, value: V | undefined): { [name in K]?: V } {
  return value === undefined ? {} : { [name]: value } as { [name in K]?: V };
}
