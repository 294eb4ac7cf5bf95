import { serveControl } from "../../../src/datagen/control.ts";
import { servePage } from "../../../src/dashboard/serve_page.ts";
import type { PageSource } from "../../../src/dashboard/source.ts";
import { type HttpServer, Registry, serveMetrics } from "../../../src/metrics/mod.ts";
import { type StoreReader, storeRoutes } from "../../../src/service/store_routes.ts";
import { joined } from "../mutations.ts";
import { bytesOf } from "../support.ts";
import type { FuzzTarget } from "../target.ts";

/** What a server may say; 500 is a fault of its own. */
const STATUSES: ReadonlySet<number> = new Set([
  ...[100, 200, 204, 304, 307],
  ...[400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 417, 421, 422, 426, 429, 431],
  ...[501, 503, 505],
]);

/** A store that has some keys here, others elsewhere. */
const STORE: StoreReader = {
  state: "running",
  stores: () => [],
  storeEntries: () => Promise.resolve([]),
  taskEndpoints: new Map([["0_1", "localhost:9021"]]),
  queryStore: (_store: string, key: unknown) =>
    Promise.resolve(
      typeof key === "object"
        ? { kind: "local", task: "0_0", value: { hits: 1n } }
        : { kind: "elsewhere", task: "0_1", endpoint: "localhost:9021" },
    ),
} as unknown as StoreReader;

const SOURCE: PageSource = {
  title: "fuzz",
  control: { setRate: () => {}, surge: () => {}, addInstance: () => {}, killInstance: () => {} },
  // Nothing is seen until the page is closed.
  snapshots: (signal) =>
    ReadableStream.from<never>({
      async *[Symbol.asyncIterator]() {
        if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
        yield* [];
      },
    }),
};

/** Errors that a server's handlers threw: an answer of 500 each. */
const faults: unknown[] = [];
let servers: Promise<readonly HttpServer[]> | undefined;

function started(): Promise<readonly HttpServer[]> {
  const onError = (error: unknown): void => void faults.push(error);
  const local = { host: "127.0.0.1", port: 0, onError };
  return servers ??= Promise.all([
    serveMetrics({
      ...local,
      registry: new Registry(),
      routes: storeRoutes(STORE, [{
        store: "sessions",
        path: "sessions",
        parseKey: (text) => JSON.parse(text),
      }]),
    }),
    serveControl({
      ...local,
      throughput: () => ({ describe: () => ({ rate: 1 }), setRate() {}, setProfile() {}, reset() {} }),
    }),
    servePage({ ...local, source: SOURCE }),
  ]);
}

/** Requests byte for byte to the servers of a service, a generator and the page; each has to answer the next one. */
export const HTTP: FuzzTarget = {
  name: "http",
  refusals: [],
  seeds() {
    const get = (path: string): string => `GET ${path} HTTP/1.1\r\nhost: localhost\r\naccept: */*\r\n\r\n`;
    const send = (method: string, path: string, body: string): string =>
      `${method} ${path} HTTP/1.1\r\nhost: localhost\r\norigin: http://localhost\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\n\r\n${body}`;
    const requests: readonly (readonly [server: number, request: string])[] = [
      [0, get("/metrics")],
      [0, get("/healthz?verbose=1") + get("/readyz")],
      [0, get("/stores")],
      [0, get("/stores/sessions?limit=5")],
      [0, get("/stores/sessions/%7B%22a%22:1%7D")],
      [1, get("/throughput")],
      [1, send("PUT", "/throughput", '{"rate": 5000}')],
      [1, send("PUT", "/throughput", '{"profile": "ramp:0..20000/60s"}')],
      [1, send("DELETE", "/throughput", "")],
      [
        1,
        "PUT /throughput HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n3\r\n{}\n\r\n0\r\n\r\n",
      ],
      [2, get("/")],
      [2, get("/events")],
      [2, send("POST", "/control", '{"rate": 100}')],
      [2, send("POST", "/control", '{"kill": "a"}')],
    ];
    return requests.map(([server, request]) => joined(Uint8Array.of(server), bytesOf(request)));
  },
  async run(input) {
    const all = await started();
    const { port } = all[(input[0] ?? 0) % all.length]!;
    const answer = await ask(port, input.subarray(1));
    // Only the first one: a body of the input's own may look like the beginning of another.
    const status = /^HTTP\/1\.[01] (\d{3})/.exec(answer)?.[1];
    if (status !== undefined && !STATUSES.has(Number(status))) {
      throw new Error(`the answer has status ${status}`);
    }
    const after = await ask(
      port,
      bytesOf("GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"),
    );
    if (!after.startsWith("HTTP/1.1 ")) {
      throw new Error(`the next request is answered by ${JSON.stringify(after)}`);
    }
    const fault = faults.pop();
    faults.length = 0;
    if (fault !== undefined) throw fault;
  },
  async close() {
    for (const server of await servers ?? []) await server.close();
    servers = undefined;
  },
};

/** What is answered until the server closes the connection, or begins a stream of events, which has no end. */
async function ask(port: number, request: Uint8Array): Promise<string> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  let text = "";
  try {
    for (let at = 0; at < request.length;) at += await connection.write(request.subarray(at));
    // The server then knows that nothing more comes, whatever the request announces.
    await connection.closeWrite();
    const buffer = new Uint8Array(65_536);
    while (!text.includes("text/event-stream")) {
      const count = await connection.read(buffer);
      if (count === null) break;
      text += new TextDecoder("latin1").decode(buffer.subarray(0, count));
    }
  } catch (error) {
    // It may close before it has read all, having refused what came first.
    if (!(error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe)) {
      throw error;
    }
  }
  return text;
}
