/**
 * The HTTP endpoint of a process: `/metrics` for Prometheus, `/healthz` and `/readyz` for Kubernetes.
 *
 * @module
 */
import { type HttpServer, readOnly, type RouteHandler, serveHttp } from "./http_server.ts";
import { jsonResponse } from "./json_response.ts";
import type { Registry } from "./prom_client.ts";
import { routed } from "./routes.ts";
import { Scrapes } from "./scrapes.ts";

/** The port of `/metrics` where none is given. */
export const DEFAULT_METRICS_PORT = 9001;

/** Settings of {@linkcode serveMetrics}. */
export interface MetricsServerOptions {
  /** What `/metrics` shows. */
  readonly registry: Registry;
  /** The address to listen on. Default `0.0.0.0`: Prometheus and the kubelet come from elsewhere. */
  readonly host?: string;
  /** The port to listen on. Default {@linkcode DEFAULT_METRICS_PORT}; 0 takes any free one. */
  readonly port?: number;
  /** The flag to name when the port is taken. Default `--metrics-port`. */
  readonly portFlag?: string;
  /** Why the process should be restarted; empty while it is alive. Default: always alive. */
  readonly unhealthy?: () => readonly string[];
  /** Why the process is not ready, such as `restoring`; empty when it is. Default: always ready. */
  readonly notReady?: () => readonly string[];
  /** More paths, as {@linkcode MetricsServer.route} adds them. */
  readonly routes?: Readonly<Record<string, RouteHandler>>;
  /** Told of errors while answering. */
  readonly onError?: (error: unknown) => void;
}

/** The running endpoint. */
export interface MetricsServer extends HttpServer {
  /**
   * Adds a path, or with a `/` at the end all paths below it; `/` itself is one path. The longest match
   * answers, whatever the method.
   */
  route(path: string, handler: RouteHandler): void;
}

/**
 * Serves a registry and the process' health. It is listening when this resolves.
 *
 * `/healthz` and `/readyz` answer 200 `{"status":"ok"}`, or 503 with the reasons.
 *
 * @throws {CannotListen} When the port can't be had, naming the port and the flag.
 * @example
 * ```ts ignore
 * import { Registry, serveMetrics } from "./mod.ts";
 *
 * const server = await serveMetrics({ registry: new Registry(), port: 0, notReady: () => ["restoring"] });
 * const answer = await fetch(`${server.url}/readyz`);
 * console.log(answer.status, await answer.json()); // 503 { status: "unavailable", reasons: ["restoring"] }
 * await server.close();
 * ```
 */
export async function serveMetrics(options: MetricsServerOptions): Promise<MetricsServer> {
  const { registry } = options;
  const routes = new Map<string, RouteHandler>();
  const scrapes = new Scrapes(registry);
  routes.set("/metrics", readOnly((request) => scrapes.answer(request)));
  routes.set("/healthz", readOnly(() => statusResponse(options.unhealthy?.() ?? [])));
  routes.set("/readyz", readOnly(() => statusResponse(options.notReady?.() ?? [])));
  for (const [path, handler] of Object.entries(options.routes ?? {})) routes.set(path, handler);

  const server = await serveHttp({
    name: "metrics",
    host: options.host ?? "0.0.0.0",
    port: options.port ?? DEFAULT_METRICS_PORT,
    portFlag: options.portFlag ?? "--metrics-port",
    ...(options.onError ? { onError: options.onError } : {}),
    handler: routed(routes),
  });
  return { ...server, route: (path, handler) => void routes.set(path, handler) };
}

function statusResponse(reasons: readonly string[]): Response {
  return reasons.length === 0
    ? jsonResponse({ status: "ok" })
    : jsonResponse({ status: "unavailable", reasons }, 503);
}
