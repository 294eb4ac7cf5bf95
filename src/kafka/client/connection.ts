/**
 * One connection to a broker: its socket, the requests that wait for an answer, and nothing that
 * outlives either. Whatever goes wrong ends the connection and all that waits for it; who wants another one
 * makes a new object.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import net from "node:net";
import tls from "node:tls";
import { badLength, type Condition, hungUp, socketError, stalled } from "./connection_reasons.ts";
import { Deadlines, type Expiring } from "./deadlines.ts";
import { ConnectionLost, messageOf } from "../port/errors.ts";
import type { TlsOptions } from "../security/tls.ts";
import { FrameReader, InvalidLength } from "../wire/protocol/frame_reader.ts";
import { copiedFrame, frameInPlace } from "../wire/protocol/request_frame.ts";

/** How to make a connection. */
export interface ConnectionSettings {
  readonly host: string;
  readonly port: number;
  /** TLS's options; `undefined` for a connection without TLS. */
  readonly tls: TlsOptions | undefined;
  readonly clientId: Uint8Array;
  /** Whether this client has credentials; only for what is said when the broker hangs up. */
  readonly credentials: boolean;
  /**
   * How long it may take until {@linkcode Connection.ready} is called, in ms: TCP, TLS, versions and
   * credentials together.
   */
  readonly connectTimeoutMs: number;
  /** How long an answer may take, in ms. */
  readonly requestTimeoutMs: number;
  /** Told when the connection has ended because an answer was overdue. */
  readonly onSilent?: (error: Error) => void;
}

/** A request with its body. */
export interface Request<T> {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  readonly body: Uint8Array;
  /** Where the body begins in `body`, when there is room for the header before it. */
  readonly bodyAt?: number;
  /** Whether the request is of a version that has tagged fields in its headers (KIP-482). */
  readonly flexible?: boolean;
  /** When its answer may take longer than others, in ms. */
  readonly timeoutMs?: number;
  /**
   * Reads the answer after its correlation id: a view that stays as it is. Whatever it throws ends the
   * connection.
   */
  readonly decode: (answer: Buffer) => T;
}

/** A request that is not answered yet. */
interface Waiting {
  readonly apiName: string;
  readonly timeoutMs: number;
  readonly write: (correlationId: number) => void;
  readonly answered: (answer: Buffer) => void;
  readonly failed: (error: Error) => void;
  correlationId: number;
  sentAt: number;
}

/**
 * A connection that is half open is found out after so long without a word, in ms; sooner by a request's
 * timeout.
 */
const KEEP_ALIVE_MS = 30_000;
/**
 * A broker that asks for longer is not asked anything for so long, in ms. It does not read from the
 * connection meanwhile anyway (KIP-219), so that this only saves what would lie there; and a number that was
 * garbled on the way must not silence the connection.
 */
const MOST_THROTTLE_MS = 10_000;
/** Closing is not waited for any longer, in ms. */
const CLOSE_MS = 1_000;
const LAST_CORRELATION_ID = 0x7fff_ffff;

const deadlines = new Deadlines();

/** A connection from its making to its end; it never stands again. */
export class Connection implements Expiring {
  readonly address: string;
  /** Whether TLS is spoken on it. */
  readonly overTls: boolean;
  /** Resolves when requests can be sent. */
  readonly opened: Promise<void>;
  readonly #settings: ConnectionSettings;
  readonly #socket: net.Socket;
  readonly #reader = new FrameReader((answer) => this.#answer(answer));
  readonly #closed = Promise.withResolvers<void>();
  readonly #opening = Promise.withResolvers<void>();
  /** Requests that were sent, in the order of their answers. */
  readonly #inFlight: Waiting[] = [];
  /** Requests that are held back while the broker wants it so. */
  readonly #held: Waiting[] = [];
  #heldUntil = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** How many are about to send something. */
  #users = 0;
  readonly #drains: (() => void)[] = [];
  #nextCorrelationId = 0;
  #answers = 0;
  #stage: Condition["stage"] = "connecting";
  #readyUntil: number;
  #ended: Error | undefined;

  constructor(settings: ConnectionSettings) {
    const { host, port, tls } = settings;
    this.address = `${host}:${port}`;
    this.#settings = settings;
    this.opened = this.#opening.promise;
    this.opened.catch(() => {}); // who waits for it hears of it
    this.#readyUntil = deadlines.now() + settings.connectTimeoutMs;
    this.overTls = tls !== undefined;
    this.#socket = tls ? this.#tlsSocket(host, port, tls) : net.connect({ host, port });
    // After what may throw: a deadline of what has no socket could not end it.
    deadlines.watch(this, this.#readyUntil);
    this.#listen();
  }

  /** Why it has ended; `undefined` while it stands. */
  get ended(): Error | undefined {
    return this.#ended;
  }

  /** For how long the request that is answered next has been waiting, in ms; 0 when there is none. */
  get waitingMs(): number {
    const first = this.#inFlight[0];
    return first === undefined ? 0 : deadlines.now() - first.sentAt;
  }

  /** Says that versions and credentials are settled: making the connection took no longer than it may. */
  ready(): void {
    this.#readyUntil = Infinity;
  }

  /**
   * Sends a request; its decoded answer. Requests go out, and are answered, in the order of the calls.
   * @throws {ConnectionLost}
   */
  send<T>(request: Request<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const waiting: Waiting = {
      apiName: request.apiName,
      timeoutMs: Math.max(this.#settings.requestTimeoutMs, request.timeoutMs ?? 0),
      write: (correlationId) => this.#socket.write(this.#frame(request, correlationId)),
      answered: (answer) => resolve(request.decode(answer)),
      failed: reject,
      correlationId: -1,
      sentAt: 0,
    };
    if (this.#ended !== undefined) reject(this.#ended);
    else if (this.#isHeld()) this.#held.push(waiting);
    else this.#write(waiting);
    return promise;
  }

  /** Holds back the next requests, as the broker asked (KIP-219). */
  throttle(ms: number): void {
    if (!(ms > 0) || this.#ended !== undefined) return;
    this.#heldUntil = Math.max(this.#heldUntil, deadlines.now() + Math.min(ms, MOST_THROTTLE_MS));
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#release(), this.#heldUntil - deadlines.now());
  }

  /**
   * Says that somebody is about to send something: {@linkcode drained} waits until `done` is called, once.
   */
  use(): { readonly done: () => void } {
    this.#users++;
    return {
      done: () => {
        this.#users--;
        this.#noteDrained();
      },
    };
  }

  /** Resolves when nothing waits for an answer, at the latest when the connection has ended. */
  drained(): Promise<void> {
    if (this.#isDrained()) return Promise.resolve();
    return new Promise((resolve) => this.#drains.push(resolve));
  }

  /** Ends the connection because an answer can't be read; the error. */
  unreadable(apiName: string, error: unknown): Error {
    const lost = new ConnectionLost(
      `${this.address}: cannot read its answer to ${apiName}: ${
        messageOf(error)
      }; the connection is given up`,
      { cause: error },
    );
    this.end(lost);
    return this.#ended!;
  }

  /** Ends the connection, and all that waits for it with `error`. Idempotent: the first error counts. */
  end(error: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#stage = "ended";
    this.#reader.stop();
    deadlines.unwatch(this);
    clearTimeout(this.#timer);
    this.#socket.destroy();
    this.#opening.reject(error);
    for (const { failed } of [...this.#inFlight.splice(0), ...this.#held.splice(0)]) failed(error);
    this.#noteDrained();
  }

  /** Ends it when nothing waits for an answer. */
  endIdle(error: Error): void {
    if (this.#isDrained()) this.end(error);
  }

  /** Ends it. Resolves when the socket is gone, or after a second. */
  async close(): Promise<void> {
    this.end(new ConnectionLost(`The connection to ${this.address} was closed`));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const enough = new Promise<void>((resolve) => timer = setTimeout(resolve, CLOSE_MS));
    await Promise.race([this.#closed.promise, enough]);
    clearTimeout(timer);
  }

  expire(now: number): number {
    if (now >= this.#readyUntil) {
      this.end(stalled(this.#condition(), this.#settings.connectTimeoutMs));
    }
    let next = this.#readyUntil;
    for (const { sentAt, timeoutMs, apiName } of this.#inFlight) {
      if (now >= sentAt + timeoutMs) {
        // It may be dead without the system knowing.
        this.#lose(`no answer to ${apiName} within ${timeoutMs} ms`);
        this.#settings.onSilent?.(this.#ended!);
        break;
      }
      next = Math.min(next, sentAt + timeoutMs);
    }
    return this.#ended === undefined ? next : Infinity;
  }

  #tlsSocket(host: string, port: number, options: TlsOptions): net.Socket {
    // The name that the certificate is checked against; none can be asked for by an address.
    const name = net.isIP(host) ? {} : { servername: host };
    return tls.connect({ host, port, ...name, ...options });
  }

  #listen(): void {
    const socket = this.#socket;
    const secured = this.#settings.tls !== undefined;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    if (secured) socket.on("connect", () => this.#stage = "securing");
    socket.on(secured ? "secureConnect" : "connect", () => {
      this.#stage = "open";
      this.#opening.resolve();
    });
    socket.on("data", (chunk: Buffer) => this.#received(chunk));
    socket.on("error", (error) => this.end(socketError(this.#condition(), error)));
    // In a handshake of TLS an error follows, which says more.
    socket.on("end", () => this.#stage === "open" && this.end(hungUp(this.#condition())));
    socket.on("close", () => {
      this.end(hungUp(this.#condition()));
      this.#closed.resolve();
    });
  }

  #received(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (error instanceof InvalidLength) this.end(badLength(this.#condition(), error));
      else this.#lose(messageOf(error), error);
    }
  }

  #answer(answer: Buffer): void {
    const correlationId = answer.readInt32BE(0);
    const waiting = this.#inFlight[0];
    if (waiting?.correlationId !== correlationId) {
      const expected = waiting === undefined
        ? "none"
        : `the one to ${waiting.correlationId} (${waiting.apiName})`;
      return this.#lose(`received an answer to request ${correlationId}, expected ${expected}`);
    }
    this.#inFlight.shift();
    this.#answers++;
    try {
      waiting.answered(answer.subarray(4));
    } catch (error) {
      waiting.failed(this.unreadable(waiting.apiName, error));
    }
    this.#noteDrained();
  }

  #lose(reason: string, cause?: unknown): void {
    this.end(new ConnectionLost(`${this.address}: ${reason}`, { cause }));
  }

  #condition(): Condition {
    const { tls, credentials } = this.#settings;
    return {
      address: this.address,
      stage: this.#stage,
      tls: tls === undefined ? "off" : tls.cert === undefined ? "on" : "with a certificate",
      credentials,
      answers: this.#answers,
      inAnswer: this.#reader.inAnswer,
      waitingFor: this.#inFlight[0]?.apiName,
    };
  }

  #isHeld(): boolean {
    return this.#held.length > 0 || this.#heldUntil > deadlines.now();
  }

  #release(): void {
    this.#heldUntil = 0;
    for (const waiting of this.#held.splice(0)) this.#write(waiting);
  }

  #write(waiting: Waiting): void {
    waiting.correlationId = this.#nextCorrelationId;
    this.#nextCorrelationId = waiting.correlationId === LAST_CORRELATION_ID ? 0 : waiting.correlationId + 1;
    waiting.sentAt = deadlines.now();
    this.#inFlight.push(waiting);
    deadlines.watch(this, waiting.sentAt + waiting.timeoutMs);
    waiting.write(waiting.correlationId);
  }

  #frame<T>(request: Request<T>, correlationId: number): Buffer {
    const { apiKey, apiVersion, flexible = false, body, bodyAt } = request;
    const header = { apiKey, apiVersion, correlationId, clientId: this.#settings.clientId, flexible };
    return bodyAt === undefined ? copiedFrame(header, body) : frameInPlace(header, body, bodyAt);
  }

  #isDrained(): boolean {
    return this.#ended !== undefined ||
      (this.#users === 0 && this.#inFlight.length === 0 && this.#held.length === 0);
  }

  #noteDrained(): void {
    if (this.#drains.length > 0 && this.#isDrained()) {
      for (const resolve of this.#drains.splice(0)) resolve();
    }
  }
}
