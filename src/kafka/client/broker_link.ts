/**
 * The link to one broker: two lanes, each with one connection after another, over which requests go out in
 * the order of the calls.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { checkAnswer } from "./answer_checks.ts";
import { Connection } from "./connection.ts";
import { Doubtful } from "./connection_reasons.ts";
import { apiKeyOf, type ApiName, exchangeOf, knownVersions, protocolErrorOf } from "./kafkajs_internals.ts";
import { type LaneConnection, LinkLane } from "./link_lane.ts";
import { exchange, type Versions } from "./kafkajs_exchange.ts";
import { type LinkSession, openSession } from "./link_session.ts";
import { type Presenting, refuseSasl } from "./authenticate.ts";
import { ConfigError, ConnectionLost, ConnectionRejected, KafkaError, messageOf } from "../port/errors.ts";
import type { Logger } from "../port/logger.ts";
import { diagnosed } from "./port_probe.ts";
import type { Mechanism } from "../security/mechanisms.ts";
import type { TlsOptions } from "../security/tls.ts";
import { mostHeaderBytes } from "../wire/protocol/request_frame.ts";

/** How to reach brokers. */
export interface LinkSettings {
  readonly clientId: string;
  /** TLS's options for the next connection, read anew; `undefined` for connections without TLS. */
  readonly tls: (() => TlsOptions) | undefined;
  /** How credentials are presented; `undefined` for none. */
  readonly sasl: Mechanism | undefined;
  /** How long a connection may take to be made, in ms: TCP, TLS, versions and credentials together. */
  readonly connectTimeoutMs: number;
  /** How long an answer may take, in ms. */
  readonly requestTimeoutMs: number;
  readonly logger: Logger;
}

/**
 * Two connections to one broker. A broker answers the requests of one connection in their order, so that a
 * request that waits (join a group) goes by lane 0, and those that must not wait behind it (heartbeats,
 * commits) by lane 1.
 */
export type Lane = 0 | 1;

/** What {@linkcode BrokerLink.send} is told of a request. */
export interface SendOptions<T> {
  readonly lane?: Lane;
  /** Whether the request is of a version that has tagged fields in its headers (KIP-482). */
  readonly flexible?: boolean;
  /** Where the body begins in its bytes. */
  readonly bodyAt?: number;
  /**
   * Reads the answer's bytes after the correlation id. What it throws fails the request, and ends the
   * connection.
   */
  readonly decode: (answer: Uint8Array) => T;
}

/**
 * The link to one broker. Connects when it is first used, and again after a connection broke; nothing of the
 * old one is kept.
 */
export class BrokerLink {
  readonly address: string;
  readonly #host: string;
  readonly #port: number;
  readonly #settings: LinkSettings;
  readonly #origin: string | undefined;
  readonly #clientId: Buffer;
  readonly #lanes: readonly [LinkLane<LinkSession>, LinkLane<LinkSession>];
  /** Whether it was ever reached. */
  #reached = false;
  #closed: Error | undefined;
  /** The connection that was made last. */
  #last: Connection | undefined;

  /** @param origin How its address became known, for the error when it can't be reached. */
  constructor(host: string, port: number, settings: LinkSettings, origin?: string) {
    this.address = `${host}:${port}`;
    this.#host = host;
    this.#port = port;
    this.#settings = settings;
    this.#origin = origin;
    this.#clientId = Buffer.from(settings.clientId);
    const lane = (other: Lane) => new LinkLane<LinkSession>((made) => this.#open(made, other));
    this.#lanes = [lane(1), lane(0)];
  }

  /** What the header of a request takes at most, its length in front included. */
  get headerBytes(): number {
    return mostHeaderBytes(this.#clientId);
  }

  /** Whether the connection stands by which requests go unless they are told another lane. */
  get connected(): boolean {
    return this.#lanes[0].session !== undefined;
  }

  /** For how long an answer has been waited for, in ms; 0 when none is. */
  get waitingMs(): number {
    return Math.max(...this.#lanes.map(({ session }) => session?.connection.waitingMs ?? 0));
  }

  /**
   * Makes the connection of a lane, agrees on versions and authenticates.
   * @throws {ConnectionLost} When the broker can't be reached.
   * @throws {ConnectionRejected} When it refuses the credentials.
   */
  async connect(lane: Lane = 0): Promise<void> {
    (await this.#use(lane)).done();
  }

  /**
   * Sends a request that kafkajs encodes, in the highest version that both sides know, and returns the
   * decoded answer. The error codes in it are for the caller to read: kafkajs would throw at the first one,
   * whatever the others are.
   */
  async request(
    api: ApiName,
    body: unknown,
    options: { lane?: Lane; timeoutMs?: number } = {},
    // deno-lint-ignore no-explicit-any -- as kafkajs decodes it
  ): Promise<any> {
    const { connection, versions, done } = await this.#use(options.lane ?? 0);
    try {
      const version = this.#version(api, versions);
      const decoded = await exchange(connection, exchangeOf(api, version, body), {
        timeoutMs: options.timeoutMs,
        check: (answer) => checkAnswer(api, body, answer),
      });
      connection.throttle(decoded.clientSideThrottleTime);
      return decoded;
    } catch (error) {
      throw this.#translate(error);
    } finally {
      done();
    }
  }

  /**
   * Sends a request whose body is encoded already and returns the decoded answer; past kafkajs's encoder,
   * which would copy the body three times. Several may be under way: they go out, and are answered, in the
   * order of the calls.
   *
   * With `bodyAt` the body begins at that index of `body`; the bytes before it, {@linkcode headerBytes} at
   * least, are for the header: then nothing is copied, and `body` must stay as it is until this resolves.
   */
  send<T>(
    apiKey: number,
    apiName: string,
    apiVersion: number,
    body: Uint8Array,
    options: SendOptions<T>,
  ): Promise<T> {
    const request = { apiKey, apiName, apiVersion, body, ...options };
    return new Promise((resolve, reject) =>
      this.#lanes[options.lane ?? 0].use(
        ({ connection }) => connection.send(request).then(resolve, reject),
        reject,
      )
    );
  }

  /**
   * Whether the broker takes this version of a request that is encoded here.
   * @throws {ConnectionLost} When it can't be reached to ask.
   */
  async takes(apiKey: number, apiVersion: number): Promise<boolean> {
    if (this.#anySession === undefined) await this.connect();
    const session = this.#anySession;
    if (session === undefined) throw new ConnectionLost(`The connection to ${this.address} was closed`);
    const offered = session.versions[apiKey];
    return offered !== undefined && offered.minVersion <= apiVersion && apiVersion <= offered.maxVersion;
  }

  /** Holds back the next requests, as the broker asked in an answer to {@linkcode send} (KIP-219). */
  throttle(ms: number, lane: Lane = 0): void {
    this.#lanes[lane].session?.connection.throttle(ms);
  }

  /** Ends the connection of a lane, whose answers are not to be trusted; the next request makes a new one. */
  reset(lane: Lane): void {
    const error = new ConnectionLost(`${this.address}: an answer was damaged, so the connection was ended`);
    this.#lanes[lane].session?.connection.end(error);
  }

  async close(): Promise<void> {
    const error = new ConnectionLost(`The connection to ${this.address} was closed`);
    this.#closed = error;
    await Promise.all(this.#lanes.map((lane) => lane.close(error)));
  }

  get #anySession(): LinkSession | undefined {
    return this.#lanes[0].session ?? this.#lanes[1].session;
  }

  /** A lane's session, kept until `done` is called. */
  #use(lane: Lane): Promise<Used> {
    return new Promise((resolve, reject) =>
      this.#lanes[lane].use((session) => resolve({ ...session, done: session.connection.use().done }), reject)
    );
  }

  async #open(made: (connection: LaneConnection) => void, other: Lane): Promise<LinkSession> {
    const { connectTimeoutMs, requestTimeoutMs } = this.#settings;
    const { tls, presenting } = await this.#identify();
    const connection = new Connection({
      host: this.#host,
      port: this.#port,
      tls,
      clientId: this.#clientId,
      credentials: presenting !== undefined,
      connectTimeoutMs,
      requestTimeoutMs,
      // Where the machine has died without a word, an idle connection would pass for one that stands.
      onSilent: (error) => this.#lanes[other].session?.connection.endIdle(error),
    });
    made(connection);
    const asks = this.#last?.ended instanceof Doubtful && this.#last.ended.doubt === "credentials";
    this.#last = connection;
    try {
      const session = await openSession(connection, presenting);
      if (asks) await refuseSasl(connection, session.versions);
      this.#reached = true;
      return session;
    } catch (error) {
      await connection.close();
      throw this.#unreachable(this.#translate(await diagnosed(error, this.#host, this.#port)));
    }
  }

  /**
   * Reads the files and gets the token that the next connection takes, before it is made: a token's time is
   * none of the connection's.
   */
  async #identify(): Promise<{ tls: TlsOptions | undefined; presenting: Presenting | undefined }> {
    const { tls, sasl: mechanism } = this.#settings;
    try {
      const options = tls?.();
      const exchange = await mechanism?.begin();
      if (this.#closed !== undefined) throw this.#closed;
      return {
        tls: options,
        presenting: exchange && mechanism && { mechanism, exchange },
      };
    } catch (error) {
      // A file that is being replaced may be right at the next try.
      if (!(error instanceof ConfigError)) throw error;
      throw new ConnectionRejected(error.message, { cause: error });
    }
  }

  /** Says how the address became known when that may be the reason. */
  #unreachable(error: Error): Error {
    const told = !(error instanceof ConnectionLost) || error instanceof ConnectionRejected;
    if (told || this.#reached || this.#origin === undefined) return error;
    return new ConnectionLost(`${error.message} (${this.#origin})`, { cause: error });
  }

  /** The highest version of a request that both sides know. */
  #version(api: ApiName, versions: Versions): number {
    const known = knownVersions(api);
    const offered = versions[apiKeyOf(api)];
    const version = Math.min(known.at(-1)!, offered?.maxVersion ?? -1);
    if (offered === undefined || version < offered.minVersion || version < known[0]!) {
      throw new KafkaError(
        "UNSUPPORTED_VERSION",
        `Cannot send ${api} to ${this.address}: the broker takes versions ${offered?.minVersion} to ` +
          `${offered?.maxVersion}, this client knows ${known[0]} to ${known.at(-1)}; use Kafka 2.4 to 4.x`,
        false,
      );
    }
    return version;
  }

  #translate(error: unknown): Error {
    if (error instanceof ConnectionLost || error instanceof KafkaError) return error;
    const refused = protocolErrorOf(error);
    if (refused !== undefined) {
      const { name, message, retriable } = refused;
      return new KafkaError(name, `${this.address}: ${message} (${name})`, retriable, { cause: error });
    }
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** A session in use. */
type Used = LinkSession & { readonly done: () => void };
