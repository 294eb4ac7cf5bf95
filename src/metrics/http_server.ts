/**
 * A small HTTP server that says clearly why it cannot start, and that closes.
 *
 * @module
 */

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
  /** Answers every request. */
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

/**
 * Starts a server. It is listening when this returns.
 *
 * @throws {CannotListen} When the port is taken, not permitted or the host is not one of this machine.
 */
export function serveHttp(options: HttpServerOptions): HttpServer {
  const { name, host, port, portFlag } = options;
  let server: Deno.HttpServer<Deno.NetAddr>;
  try {
    server = Deno.serve({
      hostname: host,
      port,
      onListen: () => {},
      onError: (error) => {
        options.onError?.(error);
        return jsonResponse({ error: "internal error; the server's log has it" }, 500);
      },
    }, (request) => options.handler(request, new URL(request.url)));
  } catch (error) {
    throw new CannotListen(`Cannot serve ${name} on ${host}:${port}: ${reason(error, portFlag)}`, {
      cause: error,
    });
  }
  const bound = server.addr.port;
  let closing: Promise<void> | undefined;
  return {
    port: bound,
    url: `http://${
      host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host
    }:${bound}`,
    close() {
      return closing ??= (async () => {
        // Aborting after a shutdown throws inside Deno.serve: what hangs longer ends with the process, or by
        // itself.
        let timer: ReturnType<typeof setTimeout> | undefined;
        const patience = new Promise<void>((resolve) => timer = setTimeout(resolve, 500));
        await Promise.race([server.shutdown(), patience]);
        clearTimeout(timer);
      })();
    },
  };
}

function reason(error: unknown, portFlag: string): string {
  if (error instanceof Deno.errors.AddrInUse) {
    return `the port is in use; choose another with ${portFlag}, or 0 for any free one`;
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return `the system does not permit it; choose a port above 1023 with ${portFlag}`;
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
