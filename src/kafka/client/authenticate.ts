/**
 * How a connection's credentials are presented: Kafka's requests around the messages of a SASL mechanism.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Connection } from "./connection.ts";
import { apiKeyOf, errorOf, exchangeOf, type OpeningRequest } from "./kafkajs_internals.ts";
import { exchange, type Versions } from "./kafkajs_exchange.ts";
import { ConnectionRejected, KafkaError, messageOf } from "../port/errors.ts";
import type { Exchange, Mechanism } from "../security/mechanisms.ts";
import { withFlag } from "../security/secret.ts";
import { conceal } from "../../secrecy/conceal.ts";

/** Credentials, and what is to be said on one connection. */
export interface Presenting {
  readonly mechanism: Mechanism;
  readonly exchange: Exchange;
}

/** No mechanism has more messages: a broker that goes on with them is none. */
const MOST_MESSAGES = 5;

/**
 * Presents the credentials; for how long they hold, in ms, 0 for as long as the connection (KIP-368).
 *
 * @throws {ConnectionLost} When the connection ends meanwhile.
 * @throws {ConnectionRejected} When the broker refuses them, or does not know them itself: final at the start
 * of a program, and tried again by one that runs, as a rotation may be under way.
 * @throws {KafkaError} When the broker can't say at the moment.
 */
export async function authenticate(
  connection: Connection,
  versions: Versions,
  presenting: Presenting,
): Promise<number> {
  await shakeHands(connection, versions, presenting.mechanism.name);
  const version = Math.min(1, versions[apiKeyOf("SaslAuthenticate")]?.maxVersion ?? 0);
  let lifetimeMs = 0;
  let message: Uint8Array | undefined = presenting.exchange.first;
  for (let sent = 0; message !== undefined; sent++) {
    if (sent === MOST_MESSAGES) throw refusal(connection, presenting, "it asks for more and more");
    const answer = await ask(connection, "SaslAuthenticate", version, { authBytes: withLength(message) });
    if (answer.errorCode !== 0) throw refused(connection, presenting, answer);
    lifetimeMs = Number(answer.sessionLifetimeMs ?? 0);
    message = await next(connection, presenting, (answer.authBytes as Uint8Array).subarray(LENGTH_BYTES));
  }
  return lifetimeMs;
}

/** What kafkajs has before a mechanism's bytes in both directions, as the oldest brokers did. */
const LENGTH_BYTES = 4;

function withLength(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES + message.length);
  bytes.writeInt32BE(message.length);
  bytes.set(message, LENGTH_BYTES);
  return bytes;
}

/** Tells the mechanism. */
async function shakeHands(connection: Connection, versions: Versions, mechanism: string): Promise<void> {
  if (versions[apiKeyOf("SaslHandshake")] === undefined) throw takesNone(connection);
  const { errorCode, enabledMechanisms } = await ask(connection, "SaslHandshake", 1, { mechanism });
  if (errorCode === 0 && enabledMechanisms.includes(mechanism)) return;
  const { name, message } = errorOf(errorCode);
  if (name === "ILLEGAL_SASL_STATE") throw takesNone(connection);
  const known = namesIn(enabledMechanisms);
  throw new ConnectionRejected(
    known === ""
      ? `${connection.address}: it takes no ${mechanism}: ${message} (${name})`
      : `${connection.address}: it takes no ${mechanism} on this port, but ${known}; ` +
        `set ${withFlag("KAFKA_SASL_MECHANISM")} to what it takes, or have the broker take it ` +
        "(sasl.enabled.mechanisms)",
  );
}

/**
 * Finds out whether a port wants credentials of a client that has none: one that does ends the connection at
 * the first request without a word.
 *
 * @throws {ConnectionRejected} When it does.
 */
export async function refuseSasl(connection: Connection, versions: Versions): Promise<void> {
  if (versions[apiKeyOf("SaslHandshake")] === undefined) return;
  const { errorCode, enabledMechanisms } = await ask(connection, "SaslHandshake", 1, { mechanism: "PLAIN" });
  if (errorOf(errorCode).name === "ILLEGAL_SASL_STATE") return;
  throw new ConnectionRejected(
    `${connection.address}: this port wants credentials (SASL: ${
      namesIn(enabledMechanisms)
    }), and this client ` +
      `has none; set API_KEY and SECRET_KEY, or API_KEY_FILE and SECRET_KEY_FILE, and ${
        withFlag("KAFKA_SASL_MECHANISM")
      }`,
  );
}

/** The mechanisms that a broker tells, in a line. */
function namesIn(mechanisms: readonly string[]): string {
  return mechanisms.filter((name) => /^[\w-]{1,40}$/.test(name)).join(", ");
}

/** A request's answer with its error code; what refuses hangs up too, after it. */
async function ask(
  connection: Connection,
  api: OpeningRequest,
  version: number,
  body: unknown,
  // deno-lint-ignore no-explicit-any -- as kafkajs decodes it
): Promise<any> {
  return await exchange(connection, exchangeOf(api, version, body));
}

async function next(
  connection: Connection,
  presenting: Presenting,
  message: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    return await presenting.exchange.next(message);
  } catch (error) {
    throw refusal(connection, presenting, messageOf(error), error);
  }
}

function refused(
  connection: Connection,
  presenting: Presenting,
  { errorCode, errorMessage }: { errorCode: number; errorMessage?: string | null },
): KafkaError | ConnectionRejected {
  const { name, message, retriable } = errorOf(errorCode);
  const reason = presenting.exchange.refused?.();
  const says = shown(errorMessage || message, presenting.exchange.secrets);
  if (name === "ILLEGAL_SASL_STATE") return takesNone(connection);
  if (retriable) return new KafkaError(name, `${connection.address}: ${says} (${name})`, true);
  return refusal(connection, presenting, reason ?? says);
}

/** What is said of credentials that one of the two sides does not take. */
function refusal(
  { address }: Connection,
  { mechanism }: Presenting,
  why: string,
  cause?: unknown,
): ConnectionRejected {
  return new ConnectionRejected(
    `${address}: the credentials are refused (${mechanism.name}): ${why}; check ${mechanism.source}`,
    { cause },
  );
}

/** A broker's words in a line, without a secret that it may repeat. */
function shown(text: string, secrets: readonly string[]): string {
  // Of a longer text no more is looked at, and what is left of it is shorter than before.
  return conceal(text.slice(0, 1_000), secrets).replace(/[^\x20-\x7e…]+/g, " ").slice(0, 300);
}

function takesNone({ address, overTls }: Connection): ConnectionRejected {
  const remedy = overTls
    ? `leave API_KEY and SECRET_KEY, or their files, out and set ${
      withFlag("KAFKA_SECURITY_PROTOCOL")
    } to SSL`
    : "set CLOUD=false to send none";
  return new ConnectionRejected(
    `${address}: it takes no credentials on this port; name another one in KAFKA_BROKERS, or ${remedy}`,
  );
}
