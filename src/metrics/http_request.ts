/**
 * A request as handlers get it, once it is one that can be answered.
 *
 * @module
 */
import type { IncomingMessage } from "node:http";

/** A request that makes no sense, with the status that says how. */
export class BadRequest extends Error {
  /** How logs name the error. */
  override name = "BadRequest";
  /** The answer's status. */
  readonly status: number;

  /** @param message What was received, and what to send instead. */
  constructor(message: string, status = 400) {
    super(message);
    this.status = status;
  }
}

/** A name or an address, with a port or without. */
const HOST = /^(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** What handlers are asked; a request of another method is none that they could be given. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]);

/**
 * Reads what is asked for.
 *
 * @throws {BadRequest} When the address, the host, a header or the method is none that can be answered.
 */
export function readRequest(incoming: IncomingMessage): { readonly request: Request; readonly url: URL } {
  const { method = "GET" } = incoming;
  checkHost(incoming);
  if (!METHODS.has(method)) {
    throw new BadRequest(
      `Cannot answer: received method ${method}; send one of ${[...METHODS].join(", ")}`,
      405,
    );
  }
  const url = urlOf(incoming);
  const headers = headersOf(incoming);
  if (method === "GET" || method === "HEAD") return { url, request: new Request(url, { method, headers }) };
  // A handler that has read enough must not end the connection that its answer goes to.
  const body = ReadableStream.from<Uint8Array>(incoming.iterator({ destroyOnReturn: false }));
  // What Node asks for, and types lack: the answer may begin before the body has ended.
  const duplex = { duplex: "half" };
  return { url, request: new Request(url, { method, headers, body, ...duplex }) };
}

function checkHost({ headers: { host }, rawHeaders }: IncomingMessage): void {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === "host");
  if (hosts.length === 1 && HOST.test(host ?? "")) return;
  const received = hosts.length === 1 ? `host ${JSON.stringify(host)}` : `${hosts.length} hosts`;
  throw new BadRequest(
    `Cannot answer: received ${received}; send one Host with a name, and a port after a colon`,
  );
}

/** A proxy may ask by the whole address, others ask by the path alone. */
function urlOf({ url: asked = "", headers: { host } }: IncomingMessage): URL {
  const url = URL.parse(asked.startsWith("/") ? `http://localhost${asked}` : asked);
  const isOther = url !== null && !asked.startsWith("/") && url.host !== URL.parse(`http://${host}`)?.host;
  if (url !== null && url.protocol === "http:" && url.username === "" && url.password === "" && !isOther) {
    return url;
  }
  throw new BadRequest(
    `Cannot answer: received address ${JSON.stringify(asked)}; ask for a path such as /metrics`,
  );
}

function headersOf(incoming: IncomingMessage): Headers {
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value === undefined) continue;
    try {
      headers.set(name, Array.isArray(value) ? value.join(", ") : value);
    } catch {
      throw new BadRequest(
        `Cannot answer: received a header ${JSON.stringify(name)} of no valid text; leave it out`,
      );
    }
  }
  return headers;
}
