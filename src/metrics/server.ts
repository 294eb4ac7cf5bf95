/**
 * The HTTP endpoint of a process: `/metrics` for Prometheus, `/healthz` and `/readyz` for Kubernetes.
 *
 * @module
 */
import { type HttpServer, jsonResponse, readOnly, type RouteHandler, serveHttp } from "./http_server.ts";
import type { Registry } from "./prom_client.ts";

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
  routes.set(
    "/metrics",
    readOnly(async (request) => metricsResponse(request, await registry.metrics(), registry.contentType)),
  );
  routes.set("/healthz", readOnly(() => statusResponse(options.unhealthy?.() ?? [])));
  routes.set("/readyz", readOnly(() => statusResponse(options.notReady?.() ?? [])));
  for (const [path, handler] of Object.entries(options.routes ?? {})) routes.set(path, handler);

  const server = await serveHttp({
    name: "metrics",
    host: options.host ?? "0.0.0.0",
    port: options.port ?? DEFAULT_METRICS_PORT,
    portFlag: options.portFlag ?? "--metrics-port",
    ...(options.onError ? { onError: options.onError } : {}),
    handler(request, url) {
      const handler = match(routes, url.pathname);
      if (handler) return handler(request, url);
      return jsonResponse({ error: `no such path: ${url.pathname}`, paths: [...routes.keys()].sort() }, 404);
    },
  });
  return { ...server, route: (path, handler) => void routes.set(path, handler) };
}

/** The text as it is, or in a tenth of its bytes where the scraper takes that. */
function metricsResponse(request: Request, text: string, type: string): Response {
  const headers = { "content-type": type, vary: "accept-encoding" };
  if (!takesGzip(request.headers.get("accept-encoding") ?? "")) return new Response(text, { headers });
  const zipped = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Response(zipped, { headers: { ...headers, "content-encoding": "gzip" } });
}

/**
 * What an `Accept-Encoding` says of gzip: by name, or by the star where it is not named; a weight of 0
 * refuses it.
 */
function takesGzip(accepted: string): boolean {
  const offers = accepted.toLowerCase().split(",").map((offer) =>
    offer.split(";").map((part) => part.trim())
  );
  const offer = offers.find(([coding]) => coding === "gzip") ?? offers.find(([coding]) => coding === "*");
  return offer !== undefined && !offer.slice(1).some((part) => /^q=0(\.0*)?$/.test(part));
}

function match(routes: ReadonlyMap<string, RouteHandler>, path: string): RouteHandler | undefined {
  const exact = routes.get(path);
  if (exact) return exact;
  let best = "";
  for (const route of routes.keys()) {
    // The root would answer for every path that is misspelt.
    if (route.endsWith("/") && route !== "/" && path.startsWith(route) && route.length > best.length) {
      best = route;
    }
  }
  return routes.get(best);
}

function statusResponse(reasons: readonly string[]): Response {
  return reasons.length === 0
    ? jsonResponse({ status: "ok" })
    : jsonResponse({ status: "unavailable", reasons }, 503);
}
