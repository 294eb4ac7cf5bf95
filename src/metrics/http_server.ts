/**
 * A small HTTP server that says clearly why it cannot start, and that closes.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers a request; `url` is the request's, parsed. */
export type RouteHandler = (request: Request, url: URL) => Response | Promise<Response>;

/** Settings of {@linkcode serveHttp}. */
export interface HttpServerOptions {
  /** What is served, for messages; such as `metrics`. */
  readonly name: string;
  /** The address to listen on: `0.0.0.0` for all interfaces, `127.0.0.1` for this machine only. */
  readonly host: string;
  /** The port to listen on; 0 takes any free one. */
  readonly port: number;
  /** The flag by which the user chooses the port, for messages; such as `--metrics-port`. */
  readonly portFlag: string;
  /** Told of an error that a handler threw; the client gets status 500. */
  readonly onError?: (error: unknown) => void;
  /**
   * Answers every request. Its answer's body is sent when all of it is there; server-sent events are sent as
   * they come, until whoever reads them has gone.
   */
  readonly handler: RouteHandler;
}

/** A server that listens. */
export interface HttpServer {
  /** The port that it listens on, also where 0 was asked for. */
  readonly port: number;
  /** Where to reach it from this machine, without a slash at the end. */
  readonly url: string;
  /** Stops listening; waits at most half a second for requests under way. Idempotent. */
  close(): Promise<void>;
}

/** A port or address that cannot be listened on. The message names the flag to change. */
export class CannotListen extends Error {
  /** How logs name the error. */
  override name = "CannotListen";
}

/** The type of server-sent events. */
export const EVENT_STREAM = "text/event-stream";

/** How long requests under way may take once the server is closed, in ms. */
const PATIENCE_MS = 500;

/**
 * Starts a server. It is listening when this resolves.
 *
 * @throws {CannotListen} When the port is taken, not permitted or the host is not one of this machine.
 */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const { name, host, port, portFlag } = options;
  const server = createServer((incoming, outgoing) => void answer(incoming, outgoing, options));
  try {
    await listening(server, host, port);
  } catch (error) {
    throw new CannotListen(`Cannot serve ${name} on ${host}:${port}: ${reason(error, portFlag)}`, {
      cause: error,
    });
  }
  const bound = (server.address() as AddressInfo).port;
  let closing: Promise<void> | undefined;
  return {
    port: bound,
    url: `http://${
      host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host
    }:${bound}`,
    close: () => closing ??= closed(server),
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

async function closed(server: Server): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, PATIENCE_MS));
  const finished = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // What hangs longer ends with the process, or by itself.
  await Promise.race([finished, patience]);
  clearTimeout(timer);
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { handler, onError }: HttpServerOptions,
): Promise<void> {
  try {
    const url = urlOf(incoming.url ?? "");
    await send(
      outgoing,
      url === null
        ? jsonResponse({ error: `no such path: ${incoming.url}` }, 400)
        : await handler(requestOf(incoming, url), url),
    );
  } catch (error) {
    onError?.(error);
    if (outgoing.headersSent) return;
    await send(outgoing, jsonResponse({ error: "internal error; the server's log has it" }, 500));
  }
}

/** A proxy may ask by the whole address, others ask by the path alone. */
function urlOf(asked: string): URL | null {
  return URL.parse(asked.startsWith("/") ? `http://localhost${asked}` : asked);
}

function requestOf(incoming: IncomingMessage, url: URL): Request {
  const { method = "GET" } = incoming;
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
  }
  if (method === "GET" || method === "HEAD") return new Request(url, { method, headers });
  // A handler that has read enough must not end the connection that its answer goes to.
  const body = ReadableStream.from<Uint8Array>(incoming.iterator({ destroyOnReturn: false }));
  // What Node asks for, and types lack: the answer may begin before the body has ended.
  const duplex = { duplex: "half" };
  return new Request(url, { method, headers, body, ...duplex });
}

async function send(outgoing: ServerResponse, response: Response): Promise<void> {
  const events = response.headers.get("content-type") === EVENT_STREAM ? response.body : null;
  const body = events === null ? new Uint8Array(await response.arrayBuffer()) : undefined;
  outgoing.statusCode = response.status;
  for (const [name, value] of response.headers) outgoing.setHeader(name, value);
  if (events !== null) await sendEvents(outgoing, events);
  else outgoing.end(body);
}

async function sendEvents(outgoing: ServerResponse, events: ReadableStream<Uint8Array>): Promise<void> {
  const reader = events.getReader();
  outgoing.once("close", () => void reader.cancel());
  outgoing.flushHeaders();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    // A reader that is slow holds its own stream up, and nothing else.
    if (!outgoing.write(value)) await drained(outgoing);
  }
  outgoing.end();
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      outgoing.off("drain", settle).off("close", settle);
      resolve();
    };
    outgoing.on("drain", settle).on("close", settle);
  });
}

function reason(error: unknown, portFlag: string): string {
  switch ((error as { readonly code?: unknown }).code) {
    case "EADDRINUSE":
      return `the port is in use; choose another with ${portFlag}, or 0 for any free one`;
    case "EACCES":
      return `the system does not permit it; choose a port above 1023 with ${portFlag}`;
    case "EADDRNOTAVAIL":
    case "EINVAL":
    case "ENOTFOUND":
      return "the address is not one of this machine; take 0.0.0.0 for all that it has";
  }
  return error instanceof Error ? error.message : String(error);
}

/** A handler that is asked with GET or HEAD only; other methods are answered with status 405. */
export function readOnly(handler: RouteHandler): RouteHandler {
  return (request, url) => {
    if (request.method === "GET" || request.method === "HEAD") return handler(request, url);
    const error = `${url.pathname} is read with GET; received ${request.method}`;
    return jsonResponse({ error }, 405, { allow: "GET, HEAD" });
  };
}

/**
 * A JSON answer with a line end, as people read it with curl. A bigint, which JSON lacks, is its digits as
 * text.
 */
export function jsonResponse(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(JSON.stringify(body, bigintAsText) + "\n", {
    status,
    headers: { "content-type": "application/json; charset=utf-8", "cache-control": "no-store", ...headers },
  });
}

function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}
