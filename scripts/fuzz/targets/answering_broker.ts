/**
 * A broker on the loopback that answers with what a target says: an input comes to the client as it would from a real one, over a
 * connection, in the middle of others.
 *
 * @module
 */
import { once } from "node:events";
import net from "node:net";
import { Frames } from "../../support/proxy_frames.ts";
import { BrokerLink, type LinkSettings } from "../../../src/kafka/client/broker_link.ts";
import { ByteWriter } from "../../../src/kafka/wire/protocol/bytes.ts";

/** What is sent back: a whole answer's bytes behind its correlation id, or any bytes, after which the connection ends. */
export type Reply = { readonly answer: Uint8Array } | { readonly bytes: readonly Uint8Array[] };

/** Chooses the reply to a request. */
export type Replies = (apiKey: number, request: Uint8Array) => Reply;

/** Everything that a request can be asked for in, so that each is sent in the highest version that is known here. */
const API_KEYS = 68;
const API_VERSIONS = 18;
/** Long enough for any machine: no target waits for it, as no reply is left out. */
const TIMEOUT_MS = 60_000;

/** See the module. */
export class AnsweringBroker {
  readonly #server: net.Server;
  readonly #link: BrokerLink;
  readonly #sockets = new Set<net.Socket>();
  /** What comes next. */
  replies: Replies = () => ({ answer: new Uint8Array(0) });

  private constructor(server: net.Server, settings: Partial<LinkSettings>) {
    this.#server = server;
    const { port } = server.address() as net.AddressInfo;
    this.#link = new BrokerLink("127.0.0.1", port, {
      clientId: "fuzz",
      tls: undefined,
      sasl: undefined,
      connectTimeoutMs: TIMEOUT_MS,
      requestTimeoutMs: TIMEOUT_MS,
      logger: { warn: () => {}, error: () => {} },
      ...settings,
    });
    server.on("connection", (socket) => this.#serve(socket));
  }

  /** Listens, and makes a link to itself. */
  static async start(settings: Partial<LinkSettings> = {}): Promise<AnsweringBroker> {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    return new AnsweringBroker(server, settings);
  }

  /** The client's link to it. */
  get link(): BrokerLink {
    return this.#link;
  }

  /** Ends both sides. */
  async close(): Promise<void> {
    await this.#link.close();
    for (const socket of this.#sockets) socket.destroy();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }

  #serve(socket: net.Socket): void {
    const frames = new Frames();
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("error", () => {}); // the client hangs up as it likes
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("data", (bytes) => {
      for (const frame of frames.add(bytes)) this.#reply(socket, frame);
    });
  }

  #reply(socket: net.Socket, frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset);
    const apiKey = view.getInt16(4);
    const reply = apiKey === API_VERSIONS ? { answer: VERSIONS } : this.replies(apiKey, frame);
    if (socket.destroyed) return;
    if ("answer" in reply) return void socket.write(answerFrame(view.getInt32(8), reply.answer));
    for (const bytes of reply.bytes) socket.write(bytes);
    socket.end();
  }
}

/** An answer with its length and correlation id in front. */
export function answerFrame(correlationId: number, answer: Uint8Array): Uint8Array {
  const out = new ByteWriter(answer.length + 8);
  out.int32(answer.length + 4);
  out.int32(correlationId);
  out.raw(answer);
  return out.done();
}

const VERSIONS = versions();

/** An answer to ApiVersions 2: every request, in every version. */
function versions(): Uint8Array {
  const out = new ByteWriter();
  out.int16(0);
  out.int32(API_KEYS);
  for (let key = 0; key < API_KEYS; key++) for (const value of [key, 0, 99]) out.int16(value);
  out.int32(0); // throttle time
  return out.done();
}
