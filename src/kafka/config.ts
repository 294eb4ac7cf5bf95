/**
 * How to reach Kafka and the schema registry, from the environment.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { messageOf } from "./port/errors.ts";

/** Reads an environment variable; `undefined` where it is not set. Empty counts as not set. */
export type Env = (name: string) => string | undefined;

/** A connection to Kafka and, optionally, to a schema registry. */
export interface ConnectionConfig {
  /** `host:port` each, an IPv6 address in brackets. At least one. */
  readonly brokers: readonly string[];
  /** Credentials; never to be logged. */
  readonly sasl?: SaslConfig;
  /** Whether to use TLS, with the host name verified. */
  readonly ssl: boolean;
  /** The path of a PEM file with the certificate authorities to trust instead of the system's. */
  readonly caFile?: string;
  /** How long a request may take, in ms. */
  readonly requestTimeoutMs: number;
  /** The time between two tries of a request, in ms. */
  readonly retryBackoffMs: number;
  /** The registry's address without a trailing slash; `undefined` when there is none. */
  readonly schemaRegistry?: string;
}

/** Credentials of SASL PLAIN. */
export interface SaslConfig {
  /** The only mechanism that the environment's variables can ask for. */
  readonly mechanism: "plain";
  /** The user, or an API key. */
  readonly username: string;
  /** The secret; never to be logged. */
  readonly password: string;
}

/**
 * A variable or a flag has a value that is not allowed: the message names it, what was received (never a
 * secret) and what is allowed.
 */
export class ConfigError extends Error {
  /** How logs name the error. */
  override name = "ConfigError";
}

/** The port of a broker that is named without one. */
const DEFAULT_PORT = 9092;

/**
 * Reads `KAFKA_BROKERS` (default `localhost:9092`), `API_KEY` with `SECRET_KEY` (SASL PLAIN, over TLS),
 * `CLOUD` (`false` switches both off), `KAFKA_CA` (a PEM file, for TLS with a private authority) and
 * `SCHEMA_REGISTRY`.
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
export function connectionConfig(env: Env): ConnectionConfig {
  const brokers = parseBrokers(env("KAFKA_BROKERS") || `localhost:${DEFAULT_PORT}`);
  const sasl = readSasl(env);
  const cloud = env("CLOUD");
  if (cloud && cloud !== "false") {
    throw new ConfigError(
      `Cannot use CLOUD: received ${
        JSON.stringify(cloud)
      }; allowed is false, or leave it out (then API_KEY and SECRET_KEY switch TLS on)`,
    );
  }
  const secured = sasl !== undefined && cloud !== "false";
  const caFile = env("KAFKA_CA") || undefined;
  if (caFile !== undefined && !secured) {
    throw new ConfigError(
      `Cannot use KAFKA_CA: received ${
        JSON.stringify(caFile)
      } without TLS; set API_KEY and SECRET_KEY too (and CLOUD not to false)`,
    );
  }
  return {
    brokers,
    sasl: secured ? sasl : undefined,
    ssl: secured,
    caFile,
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
  const reason = broker.includes("://") ? "without a protocol: API_KEY and SECRET_KEY switch TLS on; " : "";
  throw new ConfigError(
    `Cannot use KAFKA_BROKERS: received ${
      JSON.stringify(withoutUserInfo(broker))
    }; ${reason}${ALLOWED_BROKERS}`,
  );
}

function readSasl(env: Env): SaslConfig | undefined {
  const [username, password] = [env("API_KEY"), env("SECRET_KEY")];
  if (!username && !password) return undefined;
  if (username && password) return { mechanism: "plain", username, password };
  const [there, missing] = username ? ["API_KEY", "SECRET_KEY"] : ["SECRET_KEY", "API_KEY"];
  throw new ConfigError(
    `Cannot use ${there}: received it without ${missing}; set both, or neither for no authentication`,
  );
}

function readRegistry(env: Env): string | undefined {
  const text = env("SCHEMA_REGISTRY");
  if (!text) return undefined;
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return text.replace(/\/+$/, "");
  throw new ConfigError(
    `Cannot use SCHEMA_REGISTRY: received ${JSON.stringify(withoutUserInfo(text))}; ` +
      `allowed is an address that begins with http:// or https://, such as http://localhost:8081`,
  );
}

/** The text with what is before an `@`, which may be a user name and a password, hidden. */
function withoutUserInfo(text: string): string {
  return text.replace(/^(.*:\/\/)?.*@/s, "$1…@");
}

/**
 * Node's TLS options; the host name is verified by default.
 *
 * @throws {ConfigError} When the file with the certificate authorities can't be read.
 */
export function tlsOptions({ ssl, caFile }: ConnectionConfig): true | { ca: string } | undefined {
  if (!ssl) return undefined;
  if (caFile === undefined) return true;
  try {
    return { ca: readFileSync(caFile, "utf8") };
  } catch (error) {
    throw new ConfigError(
      `Cannot use KAFKA_CA: received ${JSON.stringify(caFile)}; allowed is a PEM file that can be read (${
        messageOf(error)
      })`,
      { cause: error },
    );
  }
}
