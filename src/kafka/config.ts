/**
 * How to reach Kafka and the schema registry, from the environment.
 *
 * @module
 */
import { ConfigError } from "./port/errors.ts";
import { permitted } from "../secrecy/permitted.ts";
import { shownAddress } from "../secrecy/shown_address.ts";
import { readSecurity, type Security } from "./security/security_config.ts";

export { ConfigError } from "./port/errors.ts";

/** Reads an environment variable; `undefined` where it is not set. Empty counts as not set. */
export type Env = (name: string) => string | undefined;

/** A connection to Kafka and, optionally, to a schema registry. */
export interface ConnectionConfig extends Security {
  /** `host:port` each, an IPv6 address in brackets. At least one. */
  readonly brokers: readonly string[];
  /** How long a request may take, in ms. */
  readonly requestTimeoutMs: number;
  /** The time between two tries of a request, in ms. */
  readonly retryBackoffMs: number;
  /** The registry's address without a trailing slash; `undefined` when there is none. */
  readonly schemaRegistry?: string;
}

/** The port of a broker that is named without one. */
const DEFAULT_PORT = 9092;

/**
 * Reads the variables of a connection: `KAFKA_BROKERS` (default `localhost:9092`), `SCHEMA_REGISTRY`, and who
 * this client is and whom it trusts ({@linkcode Security}), by `KAFKA_SECURITY_PROTOCOL`,
 * `KAFKA_SASL_MECHANISM`, `API_KEY`, `SECRET_KEY`, `KAFKA_OAUTH_…`, `KAFKA_CA`, `KAFKA_CERT`, `KAFKA_KEY` and
 * `CLOUD`: docs/configuration.md has all of them. Files that they name are read when a connection is made.
 *
 * @example
 * ```ts
 * import { connectionConfig } from "./config.ts";
 *
 * const variables: Record<string, string> = { KAFKA_BROKERS: "a.example:9092,b.example" };
 * console.log(connectionConfig((name) => variables[name]).brokers); // [ "a.example:9092", "b.example:9092" ]
 * ```
 *
 * @throws {ConfigError} When a variable has a value that is not allowed.
 */
export function connectionConfig(variables: Env): ConnectionConfig {
  const env = permitted(variables);
  return {
    brokers: parseBrokers(env("KAFKA_BROKERS") || `localhost:${DEFAULT_PORT}`),
    ...readSecurity(env),
    requestTimeoutMs: 20_000,
    retryBackoffMs: 500,
    schemaRegistry: readRegistry(env),
  };
}

/**
 * A list of bootstrap servers: `host:port` separated by commas, white space around them ignored; an IPv6
 * address in brackets. A port left out is 9092, Kafka's own.
 *
 * @throws {ConfigError} When one is no address, naming it.
 */
export function parseBrokers(text: string): string[] {
  const brokers = text.split(",").map((part) => part.trim()).filter((part) => part !== "").map(parseBroker);
  if (brokers.length > 0) return brokers;
  throw new ConfigError(`Cannot use KAFKA_BROKERS: received ${JSON.stringify(text)}; ${ALLOWED_BROKERS}`);
}

const ALLOWED_BROKERS =
  "allowed are host:port separated by commas, an IPv6 address in brackets, such as [::1]:9092";

function parseBroker(broker: string): string {
  const match = /^(\[[\da-fA-F:.]+(?:%[\w.]+)?\]|[\w.-]+)(?::(\d{1,5}))?$/.exec(broker);
  const port = Number(match?.[2] ?? DEFAULT_PORT);
  if (match && port >= 1 && port <= 65_535) return `${match[1]}:${port}`;
  const reason = broker.includes("://") ? "without a protocol, which KAFKA_SECURITY_PROTOCOL names; " : "";
  throw new ConfigError(
    `Cannot use KAFKA_BROKERS: received ${JSON.stringify(shownAddress(broker))}; ${reason}${ALLOWED_BROKERS}`,
  );
}

function readRegistry(env: Env): string | undefined {
  const text = env("SCHEMA_REGISTRY");
  if (!text) return undefined;
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new ConfigError(
    `Cannot use SCHEMA_REGISTRY: received ${JSON.stringify(shownAddress(text))}; ` +
      `allowed is an address that begins with http:// or https://, such as http://localhost:8081`,
  );
}
