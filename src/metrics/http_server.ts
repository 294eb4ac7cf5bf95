/**
 * A small HTTP server that says clearly why it cannot start, and that closes.
 *
 * @module
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { Access } from "./access.ts";
import { sendAnswer } from "./http_answer.ts";
import { boundConnections, type HttpLimits, limitsOf, serverOptions } from "./http_limits.ts";
import { BadRequest, readRequest } from "./http_request.ts";
import { jsonResponse } from "./json_response.ts";
import { seldom } from "./seldom.ts";

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
  /**
   * Who may ask. Default: anybody reads, and only this machine, by one of its own names, may send another
   * method than GET and HEAD.
   */
  readonly access?: Access;
  /** How much of the server one client may hold, and for how long. */
  readonly limits?: HttpLimits;
  /** Told of an error that a handler threw, the same one once in ten seconds; the client gets status 500. */
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

/** How long requests under way may take once the server is closed, in ms. */
const PATIENCE_MS = 500;

/**
 * Starts a server. It is listening when this resolves.
 *
 * @throws {CannotListen} When the port is taken, not permitted or the host is not one of this machine.
 */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const { name, host, port, portFlag, handler, onError } = options;
  const limits = limitsOf(options.limits);
  const access = options.access ?? new Access({ name, isPublic: true });
  const answering: Answering = {
    handler,
    access,
    answerMs: limits.answerMs,
    ...(onError ? { onError: seldom(onError) } : {}),
  };
  const server = createServer(serverOptions(limits));
  const connections = boundConnections(server, limits);
  server.on("request", (incoming, outgoing) => {
    outgoing.on("error", () => {}); // a connection that breaks while it is written to
    connections.inTurn(incoming.socket, (holds) => answer(incoming, outgoing, { ...answering, holds }));
  });
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

/** What a request is answered by. */
interface Answering extends Pick<HttpServerOptions, "handler" | "onError"> {
  readonly access: Access;
  readonly answerMs: number;
}

/** How a request is answered. */
interface Answer extends Answering {
  /** Told how many bytes lie here until they are taken. */
  readonly holds: (bytes: number) => void;
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answering: Answer,
): Promise<void> {
  const { answerMs, onError, holds } = answering;
  try {
    await sendAnswer(outgoing, await answerTo(incoming, answering), answerMs, holds);
  } catch (error) {
    // Who has gone needs no answer, and what that broke is nobody's error.
    if (incoming.socket.destroyed || (incoming.destroyed && !incoming.complete)) return;
    onError?.(error);
    if (outgoing.headersSent) outgoing.destroy();
    else {
      const error = "internal error; the server's log has it";
      await sendAnswer(outgoing, jsonResponse({ error }, 500), answerMs, holds);
    }
  }
}

async function answerTo(
  incoming: IncomingMessage,
  { handler, access, answerMs }: Answering,
): Promise<Response> {
  try {
    const { request, url } = readRequest(incoming);
    return await access.refusal(incoming) ?? await inTime(handler(request, url), answerMs);
  } catch (error) {
    if (!(error instanceof BadRequest)) throw error;
    return jsonResponse({ error: error.message }, error.status);
  }
}

/** What a handler answers, or that it takes too long to. */
async function inTime(answer: Response | Promise<Response>, ms: number): Promise<Response> {
  if (answer instanceof Response) return answer;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<Response>((resolve) =>
    timer = setTimeout(() => resolve(jsonResponse({ error: "Cannot answer in time; try again" }, 503)), ms)
  );
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
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
