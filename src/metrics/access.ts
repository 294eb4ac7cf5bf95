/**
 * Who may ask a server for what: one answer for all that changes something, or shows what not everybody may
 * see.
 *
 * @module
 */
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { AccessError, BearerToken, type TokenSource } from "./bearer_token.ts";
import { jsonResponse } from "./json_response.ts";
import { RequestRate } from "./request_rate.ts";

/** The names that a browser on this machine knows it by. Any other may have been made to point here. */
const LOOPBACK_NAME = /^(?:localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(?::\d{1,5})?$/i;
/** The addresses of this machine alone, as a socket tells them. */
const LOOPBACK_ADDRESS = /^(?:(?:::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/i;

/** What a proxy adds to what it passes on: then the address that asks is its own. */
const PROXY_HEADERS = ["forwarded", "via", "x-forwarded-for"];

/** Requests a second of each client where nothing else is said: a page with all its parts, several times. */
const DEFAULT_REQUESTS_PER_SECOND = 100;

/** Who may ask. */
export interface AccessOptions {
  /** What is served, for messages; such as `the stores`. */
  readonly name: string;
  /** What a request has to bring; left out, only this machine is answered, under its own names. */
  readonly token?: BearerToken | undefined;
  /**
   * Whether a request of this machine, under one of its own names, needs no token; with one, that of a proxy
   * does need it. Default `false`.
   */
  readonly trustsThisMachine?: boolean;
  /** Whether anybody but other pages may read; only changes are asked about then. Default `false`. */
  readonly isPublic?: boolean;
  /** How many requests each client may send a second; reading what is public is not counted. Default 100. */
  readonly requestsPerSecond?: number;
}

/**
 * Decides about each request. What it refuses:
 *
 * - with 429 more requests of one client than it may send;
 * - with 403 what a page of another origin asks for, as `Origin` and `Sec-Fetch-Site` tell; a link to here is
 *   followed;
 * - with 401 what needs the token and does not bring it;
 * - with 403, where no token is asked for, another machine, and another name than this machine's own: one
 *   that was made to point here is another page's way in.
 */
export class Access {
  readonly #options: AccessOptions;
  readonly #rate: RequestRate;

  /**
   * Decides for one server: it counts what each of its clients asks.
   *
   * @param options Who may ask.
   */
  constructor(options: AccessOptions) {
    this.#options = options;
    this.#rate = new RequestRate(options.requestsPerSecond ?? DEFAULT_REQUESTS_PER_SECOND);
  }

  /** The answer to a request that is refused; `undefined` for one that may go on. */
  async refusal(
    request: Pick<IncomingMessage, "method" | "headers" | "socket">,
  ): Promise<Response | undefined> {
    const { name, token, isPublic = false, trustsThisMachine = token === undefined } = this.#options;
    const { method, headers } = request;
    const reads = method === "GET" || method === "HEAD";
    const isOpen = isPublic && reads;
    const address = request.socket.remoteAddress ?? "";
    const refused = `Cannot ${reads ? "show" : "change"} ${name}: received`;
    if (!isOpen && !this.#rate.takes(address)) {
      return jsonResponse({ error: `${refused} too many requests; wait a second` }, 429, {
        "retry-after": "1",
      });
    }
    if (isOfAnotherPage(headers, reads)) {
      return jsonResponse(
        { error: `${refused} a request of another page; open this address by itself` },
        403,
      );
    }
    if (isOpen) return undefined;
    const isTrusted = trustsThisMachine && (token === undefined || !isPassedOn(headers));
    if (isTrusted && LOOPBACK_ADDRESS.test(address) && isLoopbackName(headers.host)) return undefined;
    if (token === undefined) {
      const from = LOOPBACK_ADDRESS.test(address) ? `host ${headers.host}` : "a request of another machine";
      return jsonResponse({ error: `${refused} ${from}; ask on this machine, at localhost` }, 403);
    }
    if (await token.isIn(headers.authorization)) return undefined;
    const brought = headers.authorization === undefined ? "no token" : "another token";
    return jsonResponse(
      { error: `${refused} ${brought}; send Authorization: Bearer with that of ${nameOf(token)}` },
      401,
      // A browser asks its user for Basic, and for Bearer nobody.
      { "www-authenticate": 'Basic realm="kos"' },
    );
  }
}

/**
 * Opens the token of what is served at an address, which has to have one where others reach that.
 *
 * @param name What is served, for messages; such as `the stores`.
 * @param host The address to listen on.
 * @param hostFlag The flag that chose it.
 * @throws {AccessError} When there is none and others reach the address, or the token is wrong.
 */
export async function tokenFor(
  name: string,
  host: string,
  hostFlag: string,
  source: TokenSource,
): Promise<BearerToken | undefined> {
  const token = await BearerToken.open(source);
  if (token !== undefined || isLoopbackAddress(host)) return token;
  throw new AccessError(
    `Cannot serve ${name} on ${host}: received no token, and other machines reach that address; ` +
      `give one by ${source.flag} or ${source.variable} (openssl rand -hex 32 makes one), ` +
      `or listen on 127.0.0.1 by ${hostFlag}`,
  );
}

/** Whether only this machine reaches an address that is listened on. */
export function isLoopbackAddress(host: string): boolean {
  return host.toLowerCase() === "localhost" || LOOPBACK_ADDRESS.test(host);
}

function isLoopbackName(host: string | undefined): boolean {
  return LOOPBACK_NAME.test(host ?? "");
}

function isPassedOn(headers: IncomingHttpHeaders): boolean {
  return PROXY_HEADERS.some((name) => headers[name] !== undefined);
}

/** Whether a browser says that it is not the page of this server, nor its user, who asks. */
function isOfAnotherPage(headers: IncomingHttpHeaders, reads: boolean): boolean {
  const { origin, host = "" } = headers;
  if (origin !== undefined && origin.toLowerCase() !== `http://${host}`.toLowerCase()) return true;
  const site = headers["sec-fetch-site"];
  if (site === undefined || site === "same-origin" || site === "none") return false;
  const follows = headers["sec-fetch-mode"] === "navigate" && headers["sec-fetch-dest"] === "document";
  return !(reads && follows);
}

function nameOf({ source }: BearerToken): string {
  return source.file === undefined ? source.variable : source.flag;
}
