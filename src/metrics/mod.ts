/**
 * The metrics of a process that runs a topology: consumer lag as an autoscaler reads it, what the engine
 * counts, what the process takes, and the HTTP endpoint that serves them with its health.
 *
 * @example An application with its lag, its counts and its health on a port
 * ```ts ignore
 * import { hostname } from "node:os";
 * import process from "node:process";
 * import { MemoryLog, StreamsApp, StreamsBuilder, stringSerde } from "../../mod.ts";
 * import {
 *   LagMetrics,
 *   LoadMetrics,
 *   registerProcessMetrics,
 *   Registry,
 *   serveMetrics,
 *   StreamsMetrics,
 * } from "./mod.ts";
 *
 * const log = new MemoryLog();
 * await log.createTopics([{ topic: "words", partitions: 4 }]);
 * const text = { key: stringSerde(), value: stringSerde() };
 * const builder = new StreamsBuilder();
 * builder.stream("words", text).peek((_key, word) => console.log(word));
 * const app = new StreamsApp(builder.build(), log, { applicationId: "word-log" });
 *
 * const registry = new Registry();
 * registerProcessMetrics({ registry, component: "word-log", version: "1.0.0" });
 * const streams = new StreamsMetrics({ registry, stats: app.stats });
 * const lag = new LagMetrics({ registry, topics: ["words"], client: hostname() });
 * const load = new LoadMetrics({ registry, lag, capacity: () => streams.capacity });
 * const timer = setInterval(() => {
 *   lag.update(app.positions(), app.knowsAssignment);
 *   load.look();
 * }, 250);
 * const server = await serveMetrics({
 *   registry,
 *   port: 9001,
 *   unhealthy: () => app.state === "failed" ? ["failed"] : app.stalls,
 *   notReady: () => app.ready ? [] : [app.state],
 * });
 * await app.start();
 * process.on("SIGTERM", () => app.close());
 * await app.done.finally(() => clearInterval(timer));
 * await server.close();
 * ```
 *
 * @module
 */
export { type EventLoopWatch, watchEventLoop } from "./event_loop.ts";
export { Access, type AccessOptions, tokenFor } from "./access.ts";
export { AccessError, BearerToken, type TokenSource } from "./bearer_token.ts";
export type { ConnectionLimits } from "./http_connections.ts";
export type { HttpLimits } from "./http_limits.ts";
export {
  CannotListen,
  type HttpServer,
  type HttpServerOptions,
  type RouteHandler,
  serveHttp,
} from "./http_server.ts";
export { jsonResponse } from "./json_response.ts";
export {
  LagMetrics,
  type LagMetricsOptions,
  lagSeconds,
  type MetricsLevel,
  metricTopic,
  NO_PARTITION,
  type PartitionFlow,
  type PartitionLag,
  recordsLag,
  recordsLead,
  STALE_MS,
} from "./lag_metrics.ts";
export { LoadMetrics, type LoadMetricsOptions } from "./load_metrics.ts";
export type { Owned } from "./partition_gauges.ts";
export { exportMetrics } from "./open_telemetry.ts";
export { type ProcessMetricsOptions, registerProcessMetrics } from "./process_metrics.ts";
export { Counter, Gauge, Histogram, Registry } from "./prom_client.ts";
export { PulledMetrics } from "./pulled_metrics.ts";
export {
  DEFAULT_METRICS_PORT,
  type MetricsServer,
  type MetricsServerOptions,
  serveMetrics,
} from "./server.ts";
export {
  type StoreSize,
  StreamsMetrics,
  type StreamsMetricsOptions,
  type StreamsStats,
} from "./streams_metrics.ts";
