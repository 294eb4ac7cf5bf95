/**
 * Flags of the connection to Kafka and to a schema registry, as every program that connects has them. Each
 * stands for a variable; none takes a secret itself, as every user of a machine sees the arguments of its
 * processes.
 *
 * @module
 */
import process from "node:process";
import { text, userIn } from "./parsers.ts";
import { type Flag, type FlagTable, type HelpSection, namedFlags } from "./program.ts";
import { permitted } from "../secrecy/permitted.ts";

/** The values of those flags, as they were given: they are read with the variables that they stand for. */
export interface ConnectionFlags {
  /** The brokers to begin with. */
  readonly brokers?: string;
  /** What the brokers' ports speak. */
  readonly securityProtocol?: string;
  /** How credentials are presented. */
  readonly saslMechanism?: string;
  /** A file with the user's name, or a client's id. */
  readonly apiKeyFile?: string;
  /** A file with the password, or a client's secret. */
  readonly secretKeyFile?: string;
  /** Where tokens are asked for. */
  readonly oauthTokenUrl?: string;
  /** What they are asked for. */
  readonly oauthScope?: string;
  /** What goes with them. */
  readonly oauthExtensions?: string;
  /** A file with the authorities to trust. */
  readonly kafkaCa?: string;
  /** A file with this client's certificate. */
  readonly kafkaCert?: string;
  /** A file with its key. */
  readonly kafkaKey?: string;
  /** A file with what the key is encrypted with. */
  readonly kafkaKeyPasswordFile?: string;
  /** The registry's URL. */
  readonly schemaRegistry?: string;
  /** Its user. */
  readonly schemaRegistryUser?: string;
  /** A file with the user's password. */
  readonly schemaRegistryPasswordFile?: string;
  /** A file with a token for it. */
  readonly schemaRegistryTokenFile?: string;
  /** A file with the authorities to trust with it. */
  readonly schemaRegistryCa?: string;
  /** A file with this client's certificate for it. */
  readonly schemaRegistryCert?: string;
  /** A file with its key. */
  readonly schemaRegistryKey?: string;
}

/** The heading of those flags. */
const GROUP = "Connection";

function row(variable: string, value: string, what: string, defaultText?: string): Flag<string> {
  return {
    value,
    text: what,
    parse: text(value === "<file>" ? "a file" : "a value"),
    variable,
    mayBeDenied: true,
    group: GROUP,
    ...(defaultText === undefined ? {} : { defaultText }),
  };
}

/** The table of those flags. */
export const CONNECTION_FLAGS: FlagTable<ConnectionFlags> = {
  brokers: row("KAFKA_BROKERS", "<addresses>", "bootstrap servers, with commas between", "localhost:9092"),
  securityProtocol: row(
    "KAFKA_SECURITY_PROTOCOL",
    "<name>",
    "PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL",
    "SASL_SSL with credentials, SSL with --kafka-ca or --kafka-cert, else PLAINTEXT",
  ),
  saslMechanism: row(
    "KAFKA_SASL_MECHANISM",
    "<name>",
    "PLAIN, SCRAM-SHA-256, SCRAM-SHA-512 or OAUTHBEARER",
    "PLAIN, or OAUTHBEARER with --oauth-token-url",
  ),
  apiKeyFile: row("API_KEY_FILE", "<file>", "has the user's name, of OAUTHBEARER the client's id"),
  secretKeyFile: row("SECRET_KEY_FILE", "<file>", "has the password, of OAUTHBEARER the client's secret"),
  oauthTokenUrl: row("KAFKA_OAUTH_TOKEN_URL", "<url>", "gives tokens for client credentials"),
  oauthScope: row("KAFKA_OAUTH_SCOPE", "<scopes>", "of the tokens, with spaces between"),
  oauthExtensions: row(
    "KAFKA_OAUTH_EXTENSIONS",
    "<list>",
    "SASL extensions, such as logicalCluster=lkc-1,identityPoolId=pool-1",
  ),
  kafkaCa: row(
    "KAFKA_CA",
    "<file>",
    "PEM: the authorities that sign the brokers' certificates",
    "the system's",
  ),
  kafkaCert: row("KAFKA_CERT", "<file>", "PEM: this client's certificate, for brokers that want one (mTLS)"),
  kafkaKey: row("KAFKA_KEY", "<file>", "PEM: its key"),
  kafkaKeyPasswordFile: row("KAFKA_KEY_PASSWORD_FILE", "<file>", "has what that key is encrypted with"),
  schemaRegistry: {
    ...row(
      "SCHEMA_REGISTRY",
      "<url>",
      "a Confluent-compatible registry",
      "none; schemas go by their fingerprint",
    ),
    secretIn: userIn,
  },
  schemaRegistryUser: row("SCHEMA_REGISTRY_USER", "<name>", "the registry's user"),
  schemaRegistryPasswordFile: row("SCHEMA_REGISTRY_PASSWORD_FILE", "<file>", "has that user's password"),
  schemaRegistryTokenFile: row("SCHEMA_REGISTRY_TOKEN_FILE", "<file>", "has a bearer's token for it"),
  schemaRegistryCa: row(
    "SCHEMA_REGISTRY_CA",
    "<file>",
    "PEM: the authorities that sign its certificate",
    "the system's",
  ),
  schemaRegistryCert: row("SCHEMA_REGISTRY_CERT", "<file>", "PEM: this client's certificate for it (mTLS)"),
  schemaRegistryKey: row("SCHEMA_REGISTRY_KEY", "<file>", "PEM: the key of that"),
};

/** The variables that are no flags: secrets, and what goes for every program. */
export const CONNECTION_VARIABLES: HelpSection = {
  title: "Variables that are no flags",
  rows: [
    ["API_KEY, SECRET_KEY", "a user and its password, or a client's id and secret, instead of their files"],
    ["KAFKA_KEY_PASSWORD", "what the key of --kafka-key is encrypted with"],
    ["SCHEMA_REGISTRY_PASSWORD", "the password of --schema-registry-user"],
    ["SCHEMA_REGISTRY_TOKEN", "a bearer's token for the registry"],
    ["CLOUD", "false: no SASL and no TLS in spite of the keys"],
    ["KOS_DEBUG", "1: what ends the program is told with its stack"],
  ],
};

/** The variables that flags of the connection stand for, with the values of those that are given. */
export function connectionVariables(flags: ConnectionFlags): Record<string, string> {
  const named = namedFlags({ name: "", description: "", flags: CONNECTION_FLAGS });
  const values = flags as Readonly<Record<string, string | undefined>>;
  return Object.fromEntries(named.flatMap(({ key, variable }) => {
    const value = values[key];
    return value === undefined ? [] : [[variable!, value]];
  }));
}

/**
 * Reads a variable of the connection: a flag that stands for it goes before the environment. A later one that
 * the program's permissions do not name is as if it were not set.
 */
export function connectionEnv(flags: ConnectionFlags): (name: string) => string | undefined {
  const given = connectionVariables(flags);
  return permitted((name) => given[name] ?? process.env[name]);
}
