/**
 * How much of a server one client may hold, and for how long.
 *
 * @module
 */
import type { Server, ServerOptions } from "node:http";
import type { Socket } from "node:net";
import { type ConnectionLimits, Connections } from "./http_connections.ts";

/**
 * Limits of {@linkcode serveHttp}; times in ms. By default there are 512 connections, 128 of one address, and
 * 64,000,000 bytes lie unsent.
 */
export interface HttpLimits extends Partial<ConnectionLimits> {
  /** Until a request's headers are there. Default 5,000. */
  readonly headersMs?: number;
  /** Until all of a request is there. Default 10,000. */
  readonly requestMs?: number;
  /** How long a connection without a request is kept. Default 5,000. */
  readonly idleMs?: number;
  /** How long a handler may take, and how long a reader may take nothing of its answer. Default 30,000. */
  readonly answerMs?: number;
}

/** Bytes that the headers of a request may have: a browser sends all cookies that it has of localhost. */
const MOST_HEADER_BYTES = 16_384;

/** The limits, with what was not said. */
export function limitsOf(limits: HttpLimits = {}): Required<HttpLimits> {
  return {
    headersMs: 5_000,
    requestMs: 10_000,
    idleMs: 5_000,
    answerMs: 30_000,
    connections: 512,
    connectionsOfOne: 128,
    unsentBytes: 64_000_000,
    ...limits,
  };
}

/** The settings of a server that has these limits. */
export function serverOptions({ headersMs, requestMs, idleMs }: Required<HttpLimits>): ServerOptions {
  return {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: idleMs,
    // By default it looks twice a minute only.
    connectionsCheckingInterval: Math.min(1_000, headersMs / 2),
    maxHeaderSize: MOST_HEADER_BYTES,
  };
}

/** Bounds the connections of a server, and answers what is no request: without a word in the log. */
export function boundConnections(server: Server, limits: Required<HttpLimits>): Connections {
  const connections = new Connections(limits);
  server.on("connection", (socket: Socket) => connections.add(socket));
  server.on("clientError", (error: Error & { readonly code?: string }, socket) => {
    refuse(error.code, socket as AnsweredSocket);
  });
  return connections;
}

/** What Node keeps at a socket: the answer that is being sent. */
type AnsweredSocket = Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null };

function refuse(code: string | undefined, socket: AnsweredSocket): void {
  // What would come amid another answer says nothing.
  if (!socket.writable || code === "ECONNRESET" || socket._httpMessage?.headersSent === true) {
    socket.destroy();
    return;
  }
  const status = code === "ERR_HTTP_REQUEST_TIMEOUT"
    ? "408 Request Timeout"
    : code === "HPE_HEADER_OVERFLOW"
    ? "431 Request Header Fields Too Large"
    : "400 Bad Request";
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
}
