/**
 * Which handler answers a path.
 *
 * @module
 */
import type { RouteHandler } from "./http_server.ts";
import { jsonResponse } from "./json_response.ts";

/** Handlers by their paths: a `/` at the end stands for all paths below; `/` itself is one path. */
export type Routes = ReadonlyMap<string, RouteHandler>;

/** A handler that asks the one of the longest path that matches, whatever the method; else it is a 404. */
export function routed(routes: Routes): RouteHandler {
  return (request, url) => {
    const handler = match(routes, url.pathname);
    if (handler !== undefined) return handler(request, url);
    return jsonResponse({ error: `no such path: ${url.pathname}`, paths: [...routes.keys()].sort() }, 404);
  };
}

function match(routes: Routes, path: string): RouteHandler | undefined {
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
