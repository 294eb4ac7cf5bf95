/**
 * Whether a request is of this page, opened on this machine, and not of another page that a browser shows.
 *
 * @module
 */
import { jsonResponse, type RouteHandler } from "../metrics/http_server.ts";

/** The names that a browser on this machine knows it by. Any other may have been made to point here. */
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Whether the address that was asked is this machine's own. */
export function isLoopback(request: Request): boolean {
  return LOOPBACK.test(request.headers.get("host") ?? "");
}

/** The handler, for this machine alone: another name for it may be another page's way in. */
export function localOnly(handler: RouteHandler): RouteHandler {
  return (request, url) => {
    if (isLoopback(request)) return handler(request, url);
    const error = `Cannot show the page: received host ${request.headers.get("host")}; open it at localhost`;
    return jsonResponse({ error }, 403);
  };
}

/** Whether only this machine reaches an address that is listened on. */
export function isLoopbackAddress(host: string): boolean {
  return LOOPBACK.test(host) || host === "::1";
}

/** Whether it also comes of this page itself, or of no page at all, such as of curl. */
export function isOwn(request: Request): boolean {
  const { headers } = request;
  if (!isLoopback(request)) return false;
  const origin = headers.get("origin");
  if (origin !== null && origin.toLowerCase() !== `http://${headers.get("host")}`.toLowerCase()) return false;
  return ["same-origin", "none", null].includes(headers.get("sec-fetch-site"));
}
