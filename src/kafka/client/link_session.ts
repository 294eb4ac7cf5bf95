/**
 * What makes a connection fit for requests: the versions that the broker takes are known, and it has taken
 * the credentials.
 *
 * @module
 */
import type { Connection } from "./connection.ts";
import { machineClock } from "./deadlines.ts";
import { exchange, type Versions } from "./kafkajs_exchange.ts";
import { apiKeyOf, errorOf, exchangeOf } from "./kafkajs_internals.ts";
import type { LaneSession } from "./link_lane.ts";
import { authenticate, type Presenting } from "./authenticate.ts";
import { KafkaError } from "../port/errors.ts";
import { DamagedAnswer } from "../wire/protocol/damaged_answer.ts";

/** A connection that is ready for any request. */
export interface LinkSession extends LaneSession {
  readonly connection: Connection;
  readonly versions: Versions;
}

/**
 * Waits until a connection stands, agrees on versions and authenticates.
 *
 * @param sasl The credentials to present; `undefined` for none.
 * @throws {ConnectionLost} When the connection ends meanwhile.
 * @throws {ConnectionRejected} When the broker refuses the credentials.
 * @throws {KafkaError} When it is of a version that this client does not know.
 */
export async function openSession(
  connection: Connection,
  sasl: Presenting | undefined,
): Promise<LinkSession> {
  await connection.opened;
  const versions = await apiVersions(connection);
  const since = machineClock.now();
  const lifetimeMs = sasl === undefined ? 0 : await authenticate(connection, versions, sasl);
  connection.ready();
  return { connection, versions, since, until: lifetimeMs > 0 ? since + lifetimeMs : Infinity };
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
