/** A broker on the loopback that answers as a test wants it, byte for byte. */
import type { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { ByteWriter } from "../../../src/kafka/wire/protocol/bytes.ts";

/** A request as it came. */
export interface FakeRequest {
  readonly apiKey: number;
  readonly version: number;
  readonly correlationId: number;
  /** What follows the correlation id: the client's id, and the request's own. */
  readonly body: Uint8Array;
  /** Counts the connections from 0. */
  readonly connection: number;
  readonly socket: net.Socket;
}

/** What a fake broker does with each request; the usual answer goes out when it returns `undefined`. */
export type Script = (request: FakeRequest) => Uint8Array | "nothing" | undefined;

/** The api keys that tests ask for. */
export const METADATA = 3;
export const API_VERSIONS = 18;

/** See the module. */
export class FakeBroker implements AsyncDisposable {
  readonly port: number;
  readonly #server: net.Server;
  readonly #sockets = new Set<net.Socket>();

  private constructor(server: net.Server, sockets: Set<net.Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as net.AddressInfo).port;
  }

  /** Listens on a free port, with TLS where there is a certificate. */
  static async start(script?: Script, tlsOptions?: tls.TlsOptions): Promise<FakeBroker> {
    const sockets = new Set<net.Socket>();
    let connections = 0;
    const serve = (socket: net.Socket) => {
      sockets.add(socket);
      const connection = connections++;
      socket.on("error", () => {}); // the client hangs up as it likes
      socket.on("close", () => sockets.delete(socket));
      onRequests(socket, (bytes) => {
        const request = { ...headerOf(bytes), connection, socket };
        const answer = script?.(request) ?? framed(request.correlationId, usual(request));
        if (answer !== "nothing" && !socket.destroyed) socket.write(answer);
      });
    };
    const server = tlsOptions === undefined ? net.createServer(serve) : tls.createServer(tlsOptions, serve);
    server.on("tlsClientError", () => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const broker = new FakeBroker(server, sockets);
    return broker;
  }

  /** How many connections stand. */
  get connections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}

function onRequests(socket: net.Socket, take: (bytes: Uint8Array) => void): void {
  let buffered = new Uint8Array(0);
  socket.on("data", (chunk: Buffer) => {
    const all = new Uint8Array(buffered.length + chunk.length);
    all.set(buffered);
    all.set(chunk, buffered.length);
    buffered = all;
    while (buffered.length >= 4) {
      const size = 4 + new DataView(buffered.buffer, buffered.byteOffset).getInt32(0);
      if (buffered.length < size) return;
      const request = buffered.slice(0, size);
      buffered = buffered.slice(size);
      take(request);
    }
  });
}

function headerOf(bytes: Uint8Array): Pick<FakeRequest, "apiKey" | "version" | "correlationId" | "body"> {
  const view = new DataView(bytes.buffer);
  return {
    apiKey: view.getInt16(4),
    version: view.getInt16(6),
    correlationId: view.getInt32(8),
    body: bytes.subarray(12),
  };
}

/** An answer with its length and correlation id. */
export function framed(correlationId: number, body: Uint8Array): Uint8Array {
  const out = new ByteWriter();
  out.int32(body.length + 4);
  out.int32(correlationId);
  out.raw(body);
  return out.done().slice();
}

function usual({ apiKey, socket }: FakeRequest): Uint8Array {
  if (apiKey === API_VERSIONS) return apiVersionsAnswer();
  if (apiKey === METADATA) return metadataAnswer([{ nodeId: 1, host: "127.0.0.1", port: socket.localPort! }]);
  return new Uint8Array(0);
}

/** An answer to ApiVersions 2: Metadata up to 6, and by default no SASL. */
export function apiVersionsAnswer(
  ranges: readonly (readonly [number, number, number])[] = [[API_VERSIONS, 0, 4], [METADATA, 0, 6]],
): Uint8Array {
  const out = new ByteWriter();
  out.int16(0);
  out.int32(ranges.length);
  for (const range of ranges) for (const value of range) out.int16(value);
  out.int32(0); // throttle time
  return out.done().slice();
}

/** An answer to Metadata 6 without topics. */
export function metadataAnswer(
  brokers: readonly { readonly nodeId: number; readonly host: string; readonly port: number }[],
): Uint8Array {
  const out = new ByteWriter();
  out.int32(0); // throttle time
  out.int32(brokers.length);
  for (const { nodeId, host, port } of brokers) {
    out.int32(nodeId);
    out.string(host);
    out.int32(port);
    out.string(null); // rack
  }
  out.string("cluster");
  out.int32(1); // controller
  out.int32(0); // topics
  return out.done().slice();
}
