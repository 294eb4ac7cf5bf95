/**
 * Paths that a program adds to a port.
 *
 * @module
 */
import { readOnly, type RouteHandler } from "../metrics/http_server.ts";

/** What every service has there, with all that is below it. */
const TAKEN: readonly string[] = ["/metrics", "/healthz", "/readyz", "/stores"];

/**
 * The routes of a program's own, read with GET.
 *
 * @param more Further paths that this service has.
 * @throws {TypeError} When a path does not begin with a slash, or is one that every service has.
 */
export function ownRoutes(
  routes: Readonly<Record<string, RouteHandler>> = {},
  more: readonly string[] = [],
): Record<string, RouteHandler> {
  for (const path of Object.keys(routes)) {
    if (!path.startsWith("/")) {
      throw new TypeError(
        `Cannot serve ${path}: received a path that does not begin with a /; put one before`,
      );
    }
    if ([...TAKEN, ...more].some((taken) => `${path}/`.startsWith(`${taken}/`))) {
      throw new TypeError(
        `Cannot serve ${path}: received a path that every service has, or one below it; choose another`,
      );
    }
  }
  return Object.fromEntries(Object.entries(routes).map(([path, handler]) => [path, readOnly(handler)]));
}
