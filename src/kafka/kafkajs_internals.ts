/**
 * The only file that touches kafkajs's internals. From kafkajs come the connection to one broker (sockets, TLS, SASL, version
 * negotiation, the request queue with its throttling and timeouts) and the layouts of the small requests. What is used is
 * checked when this module is loaded, as internals may change with any version.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import Broker from "kafkajs/src/broker/index.js";
import ConnectionPool from "kafkajs/src/network/connectionPool.js";
import RequestQueue from "kafkajs/src/network/requestQueue/index.js";
import kafkajsPackage from "kafkajs/package.json" with { type: "json" };
import loggers from "kafkajs/src/loggers/index.js";
import protocolErrors from "kafkajs/src/protocol/error.js";
import protocolRequests from "kafkajs/src/protocol/requests/index.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import socketFactory from "kafkajs/src/network/socketFactory.js";
import { ConnectionLost, KafkaError, messageOf } from "./errors.ts";
import type { Logger } from "./logger.ts";
import { copiedFrame, frameInPlace, mostHeaderBytes } from "./protocol/request_frame.ts";

/** The version whose internals this file knows. */
const KNOWN_VERSION = "2.2.4";

/** The requests that kafkajs encodes and decodes. */
export type ApiName =
  | "Metadata"
  | "ListOffsets"
  | "OffsetCommit"
  | "OffsetFetch"
  | "GroupCoordinator"
  | "JoinGroup"
  | "Heartbeat"
  | "LeaveGroup"
  | "SyncGroup"
  | "CreateTopics"
  | "DeleteTopics"
  | "InitProducerId"
  | "AddPartitionsToTxn"
  | "AddOffsetsToTxn"
  | "EndTxn";

/** How to reach brokers. */
export interface LinkSettings {
  readonly clientId: string;
  /** kafkajs's `ssl`: `undefined` for none, or Node's TLS options. */
  readonly ssl: unknown;
  /** kafkajs's `sasl`: `undefined` for none. */
  readonly sasl: unknown;
  /** How long a connection may take to be made, in ms. */
  readonly connectTimeoutMs: number;
  /** How long an answer may take, in ms. */
  readonly requestTimeoutMs: number;
  readonly logger: Logger;
}

/**
 * Two connections to one broker. A broker answers the requests of one connection in their order, so that a request that
 * waits (join a group) goes by lane 0, and those that must not wait behind it (heartbeats, commits) by lane 1.
 */
export type Lane = 0 | 1;

/** The link to one broker. Connects when it is first used, and again after a connection broke. */
export class BrokerLink {
  readonly address: string;
  readonly #settings: LinkSettings;
  readonly #clientId: Buffer;
  // deno-lint-ignore no-explicit-any -- kafkajs has no types for its internals
  readonly #pool: any;
  // deno-lint-ignore no-explicit-any
  readonly #broker: any;
  readonly #connecting: (Promise<void> | undefined)[] = [undefined, undefined];
  #negotiated = false;
  #closed = false;

  constructor(host: string, port: number, settings: LinkSettings) {
    this.address = `${host}:${port}`;
    this.#settings = settings;
    this.#clientId = Buffer.from(settings.clientId);
    const logger = kafkajsLogger(settings.logger);
    this.#pool = new ConnectionPool({
      host,
      port,
      ssl: settings.ssl,
      sasl: settings.sasl,
      clientId: settings.clientId,
      socketFactory: socketFactory(),
      connectionTimeout: settings.connectTimeoutMs,
      requestTimeout: settings.requestTimeoutMs,
      enforceRequestTimeout: true,
      maxInFlightRequests: null,
      logger,
    });
    this.#broker = new Broker({
      connectionPool: this.#pool,
      logger,
      allowAutoTopicCreation: false,
      authenticationTimeout: settings.connectTimeoutMs,
    });
  }

  /** What the header of a request takes at most, its length in front included. */
  get headerBytes(): number {
    return mostHeaderBytes(this.#clientId);
  }

  /** Whether a connection stands. */
  get connected(): boolean {
    return this.#negotiated && this.#pool.isConnected();
  }

  /**
   * Makes the connection of a lane, agrees on versions and authenticates.
   * @throws {ConnectionLost} When the broker can't be reached.
   * @throws {KafkaError} With the code `SASL_AUTHENTICATION_FAILED` when it refuses the credentials.
   */
  async connect(lane: Lane = 0): Promise<void> {
    // One attempt at a time: kafkajs would make one socket for each of two callers.
    const attempt = this.#connecting[lane] ??= this.#connect(lane);
    try {
      await attempt;
    } finally {
      if (this.#connecting[lane] === attempt) this.#connecting[lane] = undefined;
    }
  }

  async #connect(lane: Lane): Promise<void> {
    if (this.#closed) throw new ConnectionLost(`The connection to ${this.address} was closed`);
    if (!this.#negotiated && lane === 1) await this.connect(0);
    const connection = this.#pool.pool[lane];
    if (connection.isConnected() && this.#negotiated) return;
    // kafkajs never answers when the other side hangs up in the middle of a handshake.
    const overdue = Promise.withResolvers<never>();
    const { connectTimeoutMs } = this.#settings;
    const timer = setTimeout(
      () =>
        overdue.reject(
          new ConnectionLost(`${this.address}: no connection within ${2 * connectTimeoutMs} ms`),
        ),
      2 * connectTimeoutMs,
    );
    try {
      await Promise.race([this.#handshake(connection), overdue.promise]);
    } catch (error) {
      await this.#drop(connection);
      throw this.#translate(error);
    } finally {
      clearTimeout(timer);
    }
  }

  // deno-lint-ignore no-explicit-any
  async #handshake(connection: any): Promise<void> {
    if (!this.#negotiated) {
      await this.#broker.connect();
      this.#negotiated = true;
    } else {
      await connection.connect();
      await connection.authenticate();
    }
  }

  /**
   * Sends a request that kafkajs encodes, in the highest version that both sides know, and returns the decoded answer. The error
   * codes in it are for the caller to read: kafkajs would throw at the first one, whatever the others are.
   */
  async request(
    api: ApiName,
    body: unknown,
    options: { lane?: Lane; timeoutMs?: number } = {},
    // deno-lint-ignore no-explicit-any -- as kafkajs decodes it
  ): Promise<any> {
    const lane = options.lane ?? 0;
    await this.connect(lane);
    const connection = this.#pool.pool[lane];
    const definition = protocolRequests.requests[api];
    const version = this.#version(api, definition.versions);
    const { request, response } = definition.protocol({ version })(body);
    try {
      return await connection.send({
        request,
        // deno-lint-ignore no-explicit-any
        response: { decode: response.decode, parse: (decoded: any) => Promise.resolve(decoded) },
        requestTimeout: options.timeoutMs ?? null,
        logResponseError: false,
      });
    } catch (error) {
      await this.#dropAfter(error, connection);
      throw this.#translate(error);
    }
  }

  /**
   * Sends a request whose body is encoded already and returns the answer's bytes after the correlation id; past kafkajs's encoder,
   * which would copy the body three times. With `flexible` for a version that has tagged fields in its headers (KIP-482).
   *
   * With `bodyAt` the body begins at that index of `body`; the bytes before it, {@linkcode headerBytes} at least, are for the header:
   * then nothing is copied, and `body` must stay as it is until this resolves.
   */
  async send(
    apiKey: number,
    apiName: string,
    apiVersion: number,
    body: Uint8Array,
    options: { lane?: Lane; flexible?: boolean; bodyAt?: number } = {},
  ): Promise<Uint8Array> {
    const { lane = 0, flexible = false, bodyAt } = options;
    await this.connect(lane);
    const connection = this.#pool.pool[lane];
    try {
      // Credentials may have to be renewed on a long-lived connection (KIP-368).
      if (this.#settings.sasl !== undefined && !connection.isAuthenticated()) await connection.authenticate();
      connection.failIfNotConnected();
      const correlationId = connection.nextCorrelationId();
      const header = { apiKey, apiVersion, correlationId, clientId: this.#clientId, flexible };
      const frame = bodyAt === undefined ? copiedFrame(header, body) : frameInPlace(header, body, bodyAt);
      const { payload } = await new Promise<{ payload: Uint8Array }>((resolve, reject) => {
        connection.requestQueue.push({
          entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
          expectResponse: true,
          requestTimeout: null,
          sendRequest: () => connection.socket.write(frame),
        });
      });
      return payload;
    } catch (error) {
      await this.#dropAfter(error, connection);
      throw this.#translate(error);
    }
  }

  /**
   * Whether the broker takes this version of a request that is encoded here.
   * @throws {ConnectionLost} When it can't be reached to ask.
   */
  async takes(apiKey: number, apiVersion: number): Promise<boolean> {
    if (!this.#negotiated) await this.connect(0);
    const offered = this.#broker.versions[apiKey];
    return offered !== undefined && offered.minVersion <= apiVersion && apiVersion <= offered.maxVersion;
  }

  /** Holds back the next requests, as the broker asked in an answer to {@linkcode send} (KIP-219). */
  throttle(ms: number, lane: Lane = 0): void {
    this.#pool.pool[lane].requestQueue.maybeThrottle(ms);
  }

  /** Ends the connection of a lane, whose answers are not to be trusted; the next request makes a new one. */
  async reset(lane: Lane): Promise<void> {
    await this.#drop(this.#pool.pool[lane]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const connection of this.#pool.pool) await this.#drop(connection);
  }

  #version(api: ApiName, known: readonly string[]): number {
    const offered = this.#broker.versions[apiKeys[api]];
    const version = Math.min(Math.max(...known.map(Number)), offered?.maxVersion ?? -1);
    if (offered === undefined || version < offered.minVersion) {
      throw new KafkaError(
        "UNSUPPORTED_VERSION",
        `Cannot send ${api} to ${this.address}: the broker takes versions ${offered?.minVersion} to ` +
          `${offered?.maxVersion}, this client knows ${known[0]} to ${known.at(-1)}; use Kafka 2.4 to 4.x`,
        false,
      );
    }
    return version;
  }

  /**
   * A connection on which an answer is overdue is not used again, as it may be dead without the system knowing; nor one on which
   * authenticating anew failed.
   */
  async #dropAfter(error: unknown, connection: unknown): Promise<void> {
    const name = nameOf(error);
    if (
      name === "KafkaJSRequestTimeoutError" || name === "KafkaJSSASLAuthenticationError" ||
      inWrongSaslState(error)
    ) {
      await this.#drop(connection);
    }
  }

  // deno-lint-ignore no-explicit-any
  async #drop(connection: any): Promise<void> {
    // kafkajs waits for requests under way when it disconnects: end them first.
    connection.rejectRequests(new ConnectionLost(`The connection to ${this.address} was closed`));
    const { socket } = connection;
    await connection.disconnect();
    socket?.destroy();
  }

  #translate(error: unknown): Error {
    if (error instanceof ConnectionLost || error instanceof KafkaError) return error;
    const message = messageOf(error);
    if (inWrongSaslState(error)) return new ConnectionLost(`${this.address}: ${message}`, { cause: error });
    switch (nameOf(error)) {
      case "KafkaJSSASLAuthenticationError":
        return new KafkaError(
          "SASL_AUTHENTICATION_FAILED",
          `${this.address} refused the credentials: ${message}`,
          false,
          { cause: error },
        );
      case "KafkaJSConnectionError":
      case "KafkaJSConnectionClosedError":
      case "KafkaJSRequestTimeoutError":
      case "KafkaJSLockTimeout":
        return new ConnectionLost(`${this.address}: ${message.replace(/^Connection error: /, "")}`, {
          cause: error,
        });
      default:
        return error instanceof Error ? error : new Error(message);
    }
  }
}

/** Kafka's name and advice for an error code. 0 is `NONE`. */
export function errorOf(code: number): { name: string; message: string; retriable: boolean } {
  if (code === 0) return { name: "NONE", message: "no error", retriable: false };
  const known = ERRORS.get(code);
  return known ?? { name: `ERROR_CODE_${code}`, message: `error code ${code}`, retriable: false };
}

const ERRORS = new Map<number, { name: string; message: string; retriable: boolean }>([
  // deno-lint-ignore no-explicit-any
  ...protocolErrors.errorCodes.map(({ type, code, message, retriable }: any) =>
    [code, { name: type, message, retriable }] as const
  ),
  // Younger than kafkajs's list.
  [90, {
    name: "PRODUCER_FENCED",
    message: "There is a newer producer with the same transactional id which fences the current one",
    retriable: false,
  }],
]);

/** Authenticating anew came too soon or too late (KIP-368); a new connection mends it. */
function inWrongSaslState(error: unknown): boolean {
  return error instanceof Error && (error as { type?: unknown }).type === "ILLEGAL_SASL_STATE";
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** Passes on kafkajs's warnings. Its errors (each failed try of a connection) reach the caller as exceptions. */
// deno-lint-ignore no-explicit-any
function kafkajsLogger(logger: Logger): any {
  const { WARN } = loggers.LEVELS;
  return loggers.createLogger({
    level: WARN,
    logCreator: () => ({ level, log }: { level: number; log: { message: string; broker?: string } }) => {
      if (level === WARN) logger.warn(`kafkajs, ${log.broker ?? "no broker"}: ${log.message}`);
    },
  });
}

/** Checks that kafkajs is what this file was written for. */
function checkShape(): void {
  const missing: string[] = [];
  const needs = (what: string, holds: boolean) => holds || missing.push(what);
  needs(
    `version ${KNOWN_VERSION} (received ${kafkajsPackage.version})`,
    kafkajsPackage.version === KNOWN_VERSION,
  );
  for (const [name, type, methods] of SHAPE) {
    for (const method of methods) {
      needs(`${name}.${method}`, typeof type?.prototype?.[method] === "function");
    }
  }
  needs("requests", typeof protocolRequests?.requests?.JoinGroup?.protocol === "function");
  needs("errorCodes", Array.isArray(protocolErrors?.errorCodes));
  needs("createLogger", typeof loggers?.createLogger === "function");
  needs("socketFactory", typeof socketFactory === "function");
  if (missing.length > 0) {
    throw new Error(
      `Cannot use the installed kafkajs: it lacks ${missing.join(", ")}; ` +
        `pin kafkajs to exactly ${KNOWN_VERSION} in deno.json`,
    );
  }
}

// deno-lint-ignore no-explicit-any
const SHAPE: readonly [string, any, readonly string[]][] = [
  ["Broker", Broker, ["connect", "isConnected"]],
  ["ConnectionPool", ConnectionPool, ["isConnected", "getConnection"]],
  ["RequestQueue", RequestQueue, [
    "push",
    "maybeThrottle",
    "checkPendingRequests",
    "scheduleCheckPendingRequests",
    "scheduleRequestTimeoutCheck",
    "destroy",
  ]],
];

/**
 * Quietens two timers of kafkajs's request queue. After each answer it schedules a look at the pending requests, also when there
 * are none and with a negative delay, for ever; here only when one waits for throttling to end. And it looks for overdue requests
 * ten times a second on each connection; here once, on all of them.
 */
function quietenTimers(): void {
  // deno-lint-ignore no-explicit-any
  RequestQueue.prototype.scheduleCheckPendingRequests = function (this: any): void {
    if (this.throttleCheckTimeoutId || this.pending.length === 0) return;
    this.throttleCheckTimeoutId = setTimeout(() => {
      this.throttleCheckTimeoutId = null;
      this.checkPendingRequests();
    }, Math.max(10, this.throttledUntil - Date.now()));
  };
  // deno-lint-ignore no-explicit-any
  const connected = new Set<any>();
  let timer: ReturnType<typeof setInterval> | undefined;
  const check = (): void => {
    for (const queue of connected) {
      for (const request of [...queue.inflight.values()]) {
        if (Date.now() - request.sentAt > request.requestTimeout) request.timeoutRequest();
      }
      if (!queue.isConnected()) queue.destroy();
    }
  };
  // deno-lint-ignore no-explicit-any
  RequestQueue.prototype.scheduleRequestTimeoutCheck = function (this: any): void {
    this.destroy();
    connected.add(this);
    timer ??= setInterval(check, 1_000);
  };
  const destroy = RequestQueue.prototype.destroy;
  // deno-lint-ignore no-explicit-any
  RequestQueue.prototype.destroy = function (this: any): void {
    connected.delete(this);
    if (connected.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    destroy.call(this);
  };
}

checkShape();
quietenTimers();
