/**
 * Whether a request is of this page, opened on this machine, and not of another page that a browser shows.
 *
 * @module
 */

/** The names that a browser on this machine knows it by. Any other may have been made to point here. */
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Whether the address that was asked is this machine's own. */
export function isLoopback(request: Request): boolean {
  return LOOPBACK.test(request.headers.get("host") ?? "");
}

/** Whether it also comes of this page itself, or of no page at all, such as of curl. */
export function isOwn(request: Request): boolean {
  const { headers } = request;
  if (!isLoopback(request)) return false;
  const origin = headers.get("origin");
  if (origin !== null && origin.toLowerCase() !== `http://${headers.get("host")}`.toLowerCase()) return false;
  return ["same-origin", "none", null].includes(headers.get("sec-fetch-site"));
}
