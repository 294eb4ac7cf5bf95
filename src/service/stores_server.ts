/**
 * The port of an application's stores, which is there only where it was asked for.
 *
 * @module
 */
import type { Logger } from "../cli/log.ts";
import { Access } from "../metrics/access.ts";
import type { BearerToken } from "../metrics/bearer_token.ts";
import { type HttpServer, readOnly, type RouteHandler, serveHttp } from "../metrics/http_server.ts";
import { jsonResponse } from "../metrics/json_response.ts";
import { routed } from "../metrics/routes.ts";

/** The port of the stores that examples and documents take. */
export const USUAL_STORES_PORT = 9021;

/** Where stores are read. */
export interface StoresAddress {
  /** The port to listen on; 0 takes any free one. */
  readonly port: number;
  /** The address to listen on. Default `127.0.0.1`. */
  readonly host?: string;
  /** What each request has to bring; without it only this machine is answered. */
  readonly token?: BearerToken | undefined;
}

/** The port of stores that listens. */
export interface StoresServer extends HttpServer {
  /** Adds a path, read with GET. */
  route(path: string, handler: RouteHandler): void;
}

/** Requests a second of each client: what is read is looked up between the records that are processed. */
const REQUESTS_PER_SECOND = 1_000;

/**
 * Serves what is added to it. It is listening when this resolves.
 *
 * @throws {CannotListen} When the port can't be had, naming the flag.
 */
export async function serveStores(
  { port, host = "127.0.0.1", token }: StoresAddress,
  logger: Logger,
): Promise<StoresServer> {
  const routes = new Map<string, RouteHandler>();
  const server = await serveHttp({
    name: "the stores",
    host,
    port,
    portFlag: "--stores-port",
    access: new Access({ name: "the stores", token, requestsPerSecond: REQUESTS_PER_SECOND }),
    onError: (error) => logger.error(`Cannot read the stores: ${error}`),
    handler: routed(routes),
  });
  logger.info(`stores at ${server.url}/stores`);
  return { ...server, route: (path, handler) => void routes.set(path, readOnly(handler)) };
}

/** What the metrics port says where stores were read before they had a port of their own. */
export function movedStores(at: string | undefined): Record<string, RouteHandler> {
  const error = at === undefined
    ? `Cannot show the stores here: they are off; start with --stores-port ${USUAL_STORES_PORT}`
    : `Cannot show the stores here: they are at http://${at}/stores`;
  const handler = readOnly(() => jsonResponse({ error }, 404));
  return { "/stores": handler, "/stores/": handler };
}
