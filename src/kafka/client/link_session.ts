/**
 * What makes a connection fit for requests: the versions that the broker takes are known, and it has taken
 * the credentials.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { machineClock } from "./deadlines.ts";
import {
  apiKeyOf,
  errorOf,
  exchangeOf,
  type KafkajsExchange,
  presentCredentials,
  protocolErrorOf,
  takesNoCredentials,
} from "./kafkajs_internals.ts";
import type { LaneSession } from "./link_lane.ts";
import { KafkaError, messageOf } from "../port/errors.ts";
import { DamagedAnswer } from "../wire/protocol/damaged_answer.ts";

/** The versions of requests that a broker takes, by api key. */
export type Versions = Readonly<
  Record<number, { readonly minVersion: number; readonly maxVersion: number } | undefined>
>;

/** A connection that is ready for any request. */
export interface LinkSession extends LaneSession {
  readonly connection: Connection;
  readonly versions: Versions;
}

/**
 * Waits until a connection stands, agrees on versions and authenticates.
 *
 * @param sasl kafkajs's `sasl`: `undefined` for none.
 * @throws {ConnectionLost} When the connection ends meanwhile.
 * @throws {KafkaError} When the broker refuses the credentials, or is of a version that this client does not
 * know.
 */
export async function openSession(connection: Connection, sasl: unknown): Promise<LinkSession> {
  await connection.opened;
  const versions = await apiVersions(connection);
  const since = machineClock.now();
  const lifetimeMs = sasl === undefined ? 0 : await authenticate(connection, versions, sasl);
  connection.ready();
  return { connection, versions, since, until: lifetimeMs > 0 ? since + lifetimeMs : Infinity };
}

/** How an answer is waited for and judged. */
export interface ExchangeOptions {
  /** When it may take longer than others, in ms. */
  readonly timeoutMs?: number;
  /** Throws where what was decoded is no answer to the request. */
  readonly check?: (decoded: unknown) => void;
}

/**
 * Sends what kafkajs encodes; what it decodes. An answer that it can't decode, or that does not pass the
 * check, ends the connection.
 */
export async function exchange(
  connection: Connection,
  of: KafkajsExchange,
  { timeoutMs, check }: ExchangeOptions = {},
  // deno-lint-ignore no-explicit-any -- as kafkajs decodes it
): Promise<any> {
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
    const decoded = await of.response.decode(answer);
    check?.(decoded);
    return decoded;
  } catch (error) {
    if (protocolErrorOf(error) !== undefined) throw error;
    throw connection.unreadable(apiName, error);
  }
}

/** Asks which requests the broker takes. Brokers have known this version of the request since 2.0. */
async function apiVersions(connection: Connection): Promise<Versions> {
  const { errorCode, apiVersions: ranges } = await exchange(connection, exchangeOf("ApiVersions", 2));
  if (errorCode !== 0) {
    const { name, message, retriable } = errorOf(errorCode);
    throw new KafkaError(
      name,
      `${connection.address}: ${message} (${name}); use Kafka 2.4 to 4.x`,
      retriable,
    );
  }
  const versions: Record<number, { minVersion: number; maxVersion: number }> = {};
  for (const { apiKey, minVersion, maxVersion } of ranges) {
    if (minVersion < 0 || minVersion > maxVersion) {
      const range = `versions ${minVersion} to ${maxVersion} of request ${apiKey}`;
      throw connection.unreadable("ApiVersions", new DamagedAnswer(range));
    }
    versions[apiKey] = { minVersion, maxVersion };
  }
  // Every broker tells of the request itself.
  if (versions[apiKeyOf("ApiVersions")] === undefined) {
    throw connection.unreadable("ApiVersions", new DamagedAnswer("it does not name itself"));
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
  const send = async (of: KafkajsExchange) => {
    const decoded = await exchange(connection, of);
    return await of.response.parse(decoded).catch((error) => {
      refusal = error;
      throw error;
    });
  };
  try {
    return await presentCredentials({ host, port, sasl, versions, send });
  } catch (error) {
    // A broker that refuses hangs up too. But what was cut off or garbled says nothing of the credentials.
    if (refusal === undefined && connection.ended !== undefined) throw connection.ended;
    throw refusedCredentials(connection.address, error);
  }
}

function refusedCredentials(address: string, error: unknown): KafkaError {
  if (!takesNoCredentials(error)) {
    return new KafkaError(
      "SASL_AUTHENTICATION_FAILED",
      `${address} refused the credentials: ${messageOf(error)}`,
      false,
      { cause: error },
    );
  }
  return new KafkaError(
    "ILLEGAL_SASL_STATE",
    `${address} takes no credentials on this port; name another one in KAFKA_BROKERS, ` +
      "or set CLOUD=false to send none",
    false,
    { cause: error },
  );
}

function splitAddress(address: string): [string, number] {
  const colon = address.lastIndexOf(":");
  return [address.slice(0, colon), Number(address.slice(colon + 1))];
}
