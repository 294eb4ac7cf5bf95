import { type HttpServer, type RouteHandler, serveHttp } from "../../src/metrics/http_server.ts";

/** Serves this machine until it is closed, on any free port where none is given. */
export function serving(handler: RouteHandler, port = 0): Promise<HttpServer> {
  return serveHttp({ name: "a test", host: "127.0.0.1", port, portFlag: "--port", handler });
}
