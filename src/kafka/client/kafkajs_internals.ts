/**
 * The only file that touches kafkajs's internals. From kafkajs come the layouts of the small requests, the SASL mechanisms and the
 * list of errors; sockets and what goes over them are in {@linkcode Connection}. What is used is checked when this module is loaded, as
 * internals may change with any version.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import SaslAuthenticator from "kafkajs/src/broker/saslAuthenticator/index.js";
import kafkajsPackage from "kafkajs/package.json" with { type: "json" };
import Decoder from "kafkajs/src/protocol/decoder.js";
import protocolErrors from "kafkajs/src/protocol/error.js";
import protocolRequests from "kafkajs/src/protocol/requests/index.js";
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js";
import { Connection } from "./connection.ts";
import { machineClock } from "./deadlines.ts";
import { ConnectionLost, KafkaError, messageOf } from "../port/errors.ts";
import type { Logger } from "../port/logger.ts";
import { type LaneConnection, LinkLane } from "./link_lane.ts";
import { mostHeaderBytes } from "../wire/protocol/request_frame.ts";

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
  | "DeleteRecords"
  | "DescribeConfigs"
  | "DescribeGroups"
  | "ListGroups"
  | "InitProducerId"
  | "AddPartitionsToTxn"
  | "AddOffsetsToTxn"
  | "EndTxn";

/** How to reach brokers. */
export interface LinkSettings {
  readonly clientId: string;
  /** `undefined` for none, `true`, or Node's TLS options. */
  readonly ssl: unknown;
  /** kafkajs's `sasl`: `undefined` for none. */
  readonly sasl: unknown;
  /** How long a connection may take to be made, in ms: TCP, TLS, versions and credentials together. */
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

/** The versions of requests that a broker takes, by api key. */
type Versions = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
>;

/** A connection that is ready for any request. */
interface Session {
  readonly connection: Connection;
  readonly versions: Versions;
  readonly since: number;
  readonly until: number;
}

/** What {@linkcode BrokerLink.send} is told of a request. */
export interface SendOptions<T> {
  readonly lane?: Lane;
  /** For a version that has tagged fields in its headers (KIP-482). */
  readonly flexible?: boolean;
  /** Where the body begins in its bytes. */
  readonly bodyAt?: number;
  /** Reads the answer's bytes after the correlation id. What it throws fails the request, and ends the connection. */
  readonly decode: (answer: Uint8Array) => T;
}

/** The link to one broker. Connects when it is first used, and again after a connection broke; nothing of the old one is kept. */
export class BrokerLink {
  readonly address: string;
  readonly #host: string;
  readonly #port: number;
  readonly #settings: LinkSettings;
  readonly #origin: string | undefined;
  readonly #clientId: Buffer;
  readonly #lanes: readonly [LinkLane<Session>, LinkLane<Session>];
  /** Whether it was ever reached. */
  #reached = false;

  /** @param origin How its address became known, for the error when it can't be reached. */
  constructor(host: string, port: number, settings: LinkSettings, origin?: string) {
    this.address = `${host}:${port}`;
    this.#host = host;
    this.#port = port;
    this.#settings = settings;
    this.#origin = origin;
    this.#clientId = Buffer.from(settings.clientId);
    const lane = (other: Lane) => new LinkLane<Session>((made) => this.#open(made, other));
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
   * @throws {KafkaError} With the code `SASL_AUTHENTICATION_FAILED` when it refuses the credentials.
   */
  async connect(lane: Lane = 0): Promise<void> {
    (await this.#use(lane)).done();
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
    const { connection, versions, done } = await this.#use(options.lane ?? 0);
    try {
      const definition = protocolRequests.requests[api];
      const version = this.#version(api, definition.versions, versions);
      const decoded = await exchange(connection, definition.protocol({ version })(body), options.timeoutMs);
      connection.throttle(decoded.clientSideThrottleTime);
      return decoded;
    } catch (error) {
      throw this.#translate(error);
    } finally {
      done();
    }
  }

  /**
   * Sends a request whose body is encoded already and returns the decoded answer; past kafkajs's encoder, which would copy the body
   * three times. Several may be under way: they go out, and are answered, in the order of the calls.
   *
   * With `bodyAt` the body begins at that index of `body`; the bytes before it, {@linkcode headerBytes} at least, are for the header:
   * then nothing is copied, and `body` must stay as it is until this resolves.
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
    await Promise.all(this.#lanes.map((lane) => lane.close(error)));
  }

  get #anySession(): Session | undefined {
    return this.#lanes[0].session ?? this.#lanes[1].session;
  }

  /** A lane's session, kept until `done` is called. */
  #use(lane: Lane): Promise<Used> {
    return new Promise((resolve, reject) =>
      this.#lanes[lane].use((session) => resolve({ ...session, done: session.connection.use().done }), reject)
    );
  }

  async #open(made: (connection: LaneConnection) => void, other: Lane): Promise<Session> {
    const { ssl, sasl, connectTimeoutMs, requestTimeoutMs } = this.#settings;
    const connection = new Connection({
      host: this.#host,
      port: this.#port,
      ssl,
      clientId: this.#clientId,
      credentials: sasl !== undefined,
      connectTimeoutMs,
      requestTimeoutMs,
      // Where the machine has died without a word, an idle connection would pass for one that stands.
      onSilent: (error) => this.#lanes[other].session?.connection.endIdle(error),
    });
    made(connection);
    try {
      await connection.opened;
      const versions = await apiVersions(connection);
      const since = machineClock.now();
      const lifetimeMs = sasl === undefined ? 0 : await authenticate(connection, versions, sasl);
      connection.ready();
      this.#reached = true;
      return { connection, versions, since, until: lifetimeMs > 0 ? since + lifetimeMs : Infinity };
    } catch (error) {
      await connection.close();
      throw this.#unreachable(this.#translate(error));
    }
  }

  /** Says how the address became known when that may be the reason. */
  #unreachable(error: Error): Error {
    if (!(error instanceof ConnectionLost) || this.#reached || this.#origin === undefined) return error;
    return new ConnectionLost(`${error.message} (${this.#origin})`, { cause: error });
  }

  #version(api: ApiName, known: readonly string[], versions: Versions): number {
    const offered = versions[apiKeys[api]];
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

  #translate(error: unknown): Error {
    if (error instanceof ConnectionLost || error instanceof KafkaError) return error;
    const { name, message, type, retriable } = error as Record<string, unknown>;
    if (name === "KafkaJSProtocolError") {
      return new KafkaError(String(type), `${this.address}: ${message} (${type})`, retriable === true, {
        cause: error,
      });
    }
    return error instanceof Error ? error : new Error(messageOf(error));
  }
}

/** A session in use. */
type Used = Session & { readonly done: () => void };

/** What kafkajs makes of a request: an encoder and a decoder. */
interface KafkajsExchange {
  readonly request: {
    readonly apiKey: number;
    readonly apiName: string;
    readonly apiVersion: number;
    encode(): Promise<{ readonly buffer: Buffer }>;
  };
  readonly response: {
    // deno-lint-ignore no-explicit-any -- kafkajs has no types for it
    decode(answer: Buffer): Promise<any>;
    // deno-lint-ignore no-explicit-any
    parse(decoded: any): Promise<any>;
  };
}

/** Sends what kafkajs encodes; what it decodes. An answer that it can't decode ends the connection. */
// deno-lint-ignore no-explicit-any
async function exchange(connection: Connection, of: KafkajsExchange, timeoutMs?: number): Promise<any> {
  const { apiKey, apiName, apiVersion, encode } = of.request;
  const { buffer: body } = await encode();
  const answer = await connection.send({
    apiKey,
    apiName,
    apiVersion,
    body,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    decode: (answer) => answer,
  });
  try {
    return await of.response.decode(answer);
  } catch (error) {
    if (isProtocolError(error)) throw error;
    throw connection.unreadable(apiName, error);
  }
}

/** Asks which requests the broker takes. Brokers have known this version of the request since 2.0. */
async function apiVersions(connection: Connection): Promise<Versions> {
  const definition = protocolRequests.requests.ApiVersions.protocol({ version: 2 })();
  const { errorCode, apiVersions: ranges } = await exchange(connection, definition);
  if (errorCode !== 0) {
    const { name, message, retriable } = errorOf(errorCode);
    throw new KafkaError(
      name,
      `${connection.address}: ${message} (${name}); use Kafka 2.4 to 4.x`,
      retriable,
    );
  }
  const versions: Record<number, { minVersion: number; maxVersion: number }> = {};
  for (const { apiKey, minVersion, maxVersion } of ranges) versions[apiKey] = { minVersion, maxVersion };
  // Every broker tells of the request itself.
  if (versions[apiKeys.ApiVersions] === undefined) {
    throw connection.unreadable("ApiVersions", new RangeError("it does not name itself"));
  }
  return versions;
}

/**
 * Presents the credentials; for how long they hold, in ms, 0 for as long as the connection (KIP-368).
 * @throws {KafkaError} When the broker refuses them.
 */
async function authenticate(connection: Connection, versions: Versions, sasl: unknown): Promise<number> {
  let refusal: unknown;
  const [host, port] = splitAddress(connection.address);
  const through = {
    host,
    port,
    sasl: { ...sasl as object }, // kafkajs adds to it
    send: async (of: KafkajsExchange) => {
      const decoded = await exchange(connection, of);
      return await of.response.parse(decoded).catch((error) => {
        refusal = error;
        throw error;
      });
    },
  };
  try {
    const authenticator = new SaslAuthenticator(through, silent, versions, true);
    await authenticator.authenticate();
    return Number(authenticator.sessionLifetime);
  } catch (error) {
    // A broker that refuses hangs up too. But what was cut off or garbled says nothing of the credentials.
    if (refusal === undefined && connection.ended !== undefined) throw connection.ended;
    throw refusedCredentials(connection.address, error);
  }
}

function refusedCredentials(address: string, error: unknown): KafkaError {
  const noSasl = (error as { type?: unknown }).type === "ILLEGAL_SASL_STATE" ||
    nameOf(error) === "KafkaJSServerDoesNotSupportApiKey";
  if (!noSasl) {
    return new KafkaError(
      "SASL_AUTHENTICATION_FAILED",
      `${address} refused the credentials: ${messageOf(error)}`,
      false,
      { cause: error },
    );
  }
  return new KafkaError(
    "ILLEGAL_SASL_STATE",
    `${address} takes no credentials on this port; name another one in KAFKA_BROKERS, or set CLOUD=false to send none`,
    false,
    { cause: error },
  );
}

function splitAddress(address: string): [string, number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
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

function isProtocolError(error: unknown): boolean {
  return nameOf(error) === "KafkaJSProtocolError";
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : "";
}

/** For kafkajs's mechanisms: what goes wrong there reaches the caller as an exception. */
const silent = { namespace: () => silent, debug: () => {}, error: () => {} };

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
  for (const api of ["JoinGroup", "ApiVersions", "SaslHandshake", "SaslAuthenticate"]) {
    needs(`requests.${api}`, typeof protocolRequests?.requests?.[api]?.protocol === "function");
  }
  needs("errorCodes", Array.isArray(protocolErrors?.errorCodes));
  if (missing.length > 0) {
    throw new Error(
      `Cannot use the installed kafkajs: it lacks ${missing.join(", ")}; ` +
        `pin kafkajs to exactly ${KNOWN_VERSION} in deno.json`,
    );
  }
}

// deno-lint-ignore no-explicit-any
const SHAPE: readonly [string, any, readonly string[]][] = [
  ["SaslAuthenticator", SaslAuthenticator, ["authenticate"]],
  ["Decoder", Decoder, ["readInt16", "readInt32", "readArray", "readBytes", "readString"]],
];

/**
 * Has kafkajs's decoder check lengths before it believes them. It makes room for an array of any length that it is told, and reads what
 * is shorter than announced as if it were whole.
 */
function boundLengths(): void {
  const { readArray, readBytes, readString } = Decoder.prototype;
  // deno-lint-ignore no-explicit-any
  const check = ({ buffer, offset }: any, length: number, lengthBytes: number): void => {
    const left = buffer.length - offset - lengthBytes;
    if (length >= -1 && length <= left) return;
    throw new RangeError(`received a length of ${length} where ${Math.max(0, left)} bytes are left`);
  };
  // deno-lint-ignore no-explicit-any
  Decoder.prototype.readArray = function (this: any, reader: unknown) {
    check(this, this.buffer.readInt32BE(this.offset), 4);
    return readArray.call(this, reader);
  };
  // deno-lint-ignore no-explicit-any
  Decoder.prototype.readBytes = function (this: any, length: number = this.readInt32()) {
    check(this, length, 0);
    return readBytes.call(this, length);
  };
  // deno-lint-ignore no-explicit-any
  Decoder.prototype.readString = function (this: any) {
    check(this, this.buffer.readInt16BE(this.offset), 2);
    return readString.call(this);
  };
}

checkShape();
boundLengths();
