/**
 * A topology that runs, with its metrics and its health on a port, and its stores on another.
 *
 * @module
 */
import { StreamsApp, type Topology } from "../engine/mod.ts";
import { waitForBroker, WaitInterrupted } from "../kafka/common/wait_for_broker.ts";
import { type EventLoopWatch, watchEventLoop } from "../metrics/event_loop.ts";
import { LagMetrics } from "../metrics/lag_metrics.ts";
import { LoadMetrics } from "../metrics/load_metrics.ts";
import { exportMetrics } from "../metrics/open_telemetry.ts";
import { processCpuMs, registerProcessMetrics } from "../metrics/process_metrics.ts";
import type { RouteHandler } from "../metrics/http_server.ts";
import { type MetricsServer, serveMetrics } from "../metrics/server.ts";
import { StartTime } from "../metrics/start_time.ts";
import { StreamsMetrics } from "../metrics/streams_metrics.ts";
import { type ApplicationPage, applicationPage, PAGE_PATH } from "./application_page.ts";
import { type Endpoint, endpointOf, endpointText } from "./endpoints.ts";
import { failureHandlers } from "./failure_handlers.ts";
import { ownRoutes } from "./own_routes.ts";
import { RestoreProgress } from "./restore_progress.ts";
import { DEFAULT_PARTITIONS, type ServiceSettings } from "./settings.ts";
import { routesOf, storeRoutes } from "./store_routes.ts";
import { movedStores, serveStores, type StoresServer } from "./stores_server.ts";
import { ensureTopologyTopics, outerTopics } from "./topics.ts";

/** How often the gauges take new positions, in ms. */
const LAG_REFRESH_MS = 250;

/** A running service. */
export class Service {
  /** The engine. */
  readonly app: StreamsApp;
  /** The server of metrics and health; `undefined` where none was asked for. */
  readonly server: MetricsServer | undefined;
  /** The server of the stores; `undefined` where none was asked for. */
  readonly storesServer: StoresServer | undefined;
  readonly #topology: Topology;
  readonly #settings: ServiceSettings;
  readonly #endpoint: Endpoint;
  readonly #lag: LagMetrics;
  readonly #load: LoadMetrics;
  readonly #streamsMetrics: StreamsMetrics;
  readonly #restore: RestoreProgress;
  readonly #startTime: StartTime;
  readonly #eventLoop: EventLoopWatch;
  readonly #page: ApplicationPage | undefined;
  readonly #timer: ReturnType<typeof setInterval>;
  #waiting = false;

  /**
   * Serves metrics, health and stores, waits for a broker, creates the topics that are missing, and begins.
   *
   * @throws {CannotListen} When the port can't be had.
   * @throws {TopologyError} When the topology can't run on the log.
   * @throws {WaitInterrupted} When the signal is aborted before it has begun.
   */
  static async start(topology: Topology, settings: ServiceSettings): Promise<Service> {
    let service: Service | undefined;
    // Before the application is made, as that is told the ports.
    const server = await serve(settings, () => service);
    let storesServer: StoresServer | undefined;
    try {
      const { storesAt, logger } = settings;
      storesServer = storesAt === undefined ? undefined : await serveStores(storesAt, logger);
      service = new Service(topology, settings, server, storesServer);
    } catch (error) {
      await Promise.all([server?.close(), storesServer?.close()]);
      throw error;
    }
    try {
      await unlessAsked(service.#begin(), settings.signal);
    } catch (error) {
      await service.close();
      throw error;
    }
    settings.logger.info(`${settings.applicationId} runs on ${settings.log.description}`);
    return service;
  }

  private constructor(
    topology: Topology,
    settings: ServiceSettings,
    server: MetricsServer | undefined,
    storesServer: StoresServer | undefined,
  ) {
    const { logger, registry, name, version, clientId, metricsLevel, catchUpTimeMs, cpus } = settings;
    const level = metricsLevel === undefined ? {} : { level: metricsLevel };
    this.#topology = topology;
    this.#settings = settings;
    const stores = routesOf(topology, settings.stores);
    const routes = ownRoutes(settings.routes, settings.page === true ? [PAGE_PATH] : []);
    const storesRoutes = ownRoutes(settings.storesRoutes);
    const topics = outerTopics(topology).sources.flat();
    this.#lag = new LagMetrics({
      registry,
      topics,
      client: clientId,
      ...level,
    });
    registerProcessMetrics({ registry, component: name, version });
    this.server = server;
    this.storesServer = storesServer;
    this.#endpoint = settings.advertise === undefined
      ? {}
      : endpointOf(settings.advertise, { metrics: server?.port, stores: storesServer?.port });
    this.app = this.#makeApp();
    this.#streamsMetrics = new StreamsMetrics({
      registry,
      stats: this.app.stats,
      ...(cpus === undefined ? {} : { cpus }),
    });
    this.#load = new LoadMetrics({
      registry,
      lag: this.#lag,
      capacity: () => this.#streamsMetrics.capacity,
      processed: () => this.app.stats.processed,
      ...(catchUpTimeMs === undefined ? {} : { catchUpSeconds: catchUpTimeMs / 1000 }),
      ...level,
    });
    this.#restore = new RestoreProgress(this.app.stats, logger);
    this.#startTime = new StartTime(registry, settings.askedForAt);
    this.#page = settings.page === true && server !== undefined ? this.#makePage() : undefined;
    this.#serveRoutes({ ...storesRoutes, ...storeRoutes(this.app, stores) }, {
      ...routes,
      ...this.#page?.routes,
    });
    this.#eventLoop = watchEventLoop(registry);
    exportMetrics(registry);
    this.#timer = setInterval(() => this.#look(), LAG_REFRESH_MS);
  }

  /**
   * Goes on while the others warm up for its tasks, then {@linkcode close}s.
   *
   * @param withinMs For how long at most, in ms.
   */
  async leave(withinMs: number): Promise<void> {
    try {
      await this.app.leave(withinMs);
    } finally {
      await this.close();
    }
  }

  /** Commits, leaves the group and stops serving. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#eventLoop.close();
    try {
      await this.app.close();
    } finally {
      await this.#page?.close();
      await Promise.all([this.server?.close(), this.storesServer?.close()]);
    }
  }

  /** Why it is not ready; empty when it is. */
  get notReady(): string[] {
    return this.#waiting ? ["waiting for a broker"] : notReady(this.app);
  }

  /** Why its process should be started again; empty while it is alive. */
  get unhealthy(): readonly string[] {
    return this.app.state === "failed" ? ["failed"] : this.app.stalls;
  }

  #makeApp(): StreamsApp {
    const { log, logger, applicationId, failures = {}, engine, cpus } = this.#settings;
    const endpoint = endpointText(this.#endpoint);
    return new StreamsApp(this.#topology, log, {
      ...engine,
      ...failureHandlers(failures, applicationId, logger),
      ...(endpoint === undefined ? {} : { endpoint }),
      applicationId,
      logger,
      onCommit: (seconds) => this.#streamsMetrics.observeCommit(seconds),
      ...(cpus === undefined || cpus >= 1 ? {} : { cpuTime: processCpuMs }),
    });
  }

  #serveRoutes(
    stores: Readonly<Record<string, RouteHandler>>,
    beside: Readonly<Record<string, RouteHandler>>,
  ): void {
    const { storesServer } = this;
    for (const [path, handler] of Object.entries(stores)) storesServer?.route(path, handler);
    const at = storesServer === undefined
      ? undefined
      : this.#endpoint.stores ?? new URL(storesServer.url).host;
    for (const [path, handler] of Object.entries({ ...movedStores(at), ...beside })) {
      this.server?.route(path, handler);
    }
  }

  #makePage(): ApplicationPage {
    const { applicationId, registry, logger } = this.#settings;
    return applicationPage({
      applicationId,
      registry,
      topology: this.#topology,
      app: this.app,
      endpoint: this.#endpoint.metrics,
      isReady: () => this.notReady.length === 0,
      onError: (error) => logger.error(`Cannot show the page: ${error}`),
    });
  }

  async #begin(): Promise<void> {
    const { log, logger, waitForBroker: wait, signal, partitions = DEFAULT_PARTITIONS, engine } =
      this.#settings;
    if (wait !== undefined) {
      this.#waiting = true;
      await waitForBroker(log, { ...wait, logger, ...(signal === undefined ? {} : { signal }) });
      this.#waiting = false;
    }
    await ensureTopologyTopics(log, this.#topology, partitions, engine?.replicationFactor, logger);
    await this.app.start();
  }

  #look(): void {
    this.#lag.update(this.app.positions(), this.app.knowsAssignment);
    this.#load.look();
    this.#restore.look();
    if (this.app.knowsAssignment) this.#startTime.ended();
  }
}

/** Waits for a start, whatever that waits for, such as a registry, unless it is asked to end before. */
async function unlessAsked(begun: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return await begun;
  const asked = Promise.withResolvers<never>();
  const abort = (): void => asked.reject(new WaitInterrupted("asked to end before it had begun"));
  if (signal.aborted) abort();
  else signal.addEventListener("abort", abort);
  try {
    await Promise.race([begun, asked.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/** Serves metrics and health; `service` is there as soon as it is made. */
async function serve(
  { metrics, registry, logger }: ServiceSettings,
  service: () => Service | undefined,
): Promise<MetricsServer | undefined> {
  if (metrics === undefined) return undefined;
  const server = await serveMetrics({
    registry,
    ...metrics,
    notReady: () => service()?.notReady ?? ["starting"],
    unhealthy: () => service()?.unhealthy ?? [],
    onError: (error) => logger.error(`Cannot serve metrics: ${error}`),
  });
  logger.info(`metrics at ${server.url}/metrics`);
  return server;
}

/** Why the application is not ready; empty when it is. */
function notReady(app: StreamsApp): string[] {
  const { ready, state, cutOff } = app;
  const reasons = ready ? [] : [state === "running" ? waitsFor(app) : state];
  return cutOff === undefined ? reasons : [...reasons, cutOff];
}

/** What an application waits for that runs and is not ready. */
function waitsFor({ waitingFor, knowsAssignment, cutOff, warmupTasks, restoringTasks }: StreamsApp): string {
  if (waitingFor.length > 0) return `waiting for topic ${waitingFor.join(", ")}`;
  if (!knowsAssignment && cutOff === undefined) return "waiting for its tasks";
  if (warmupTasks.length > 0) return "warming up";
  return restoringTasks.length > 0 ? "restoring" : "waiting for its tasks";
}
