/**
 * What the Secret is made of, checked. No error here contains what was received: it may be a key
 * in the wrong place.
 *
 * @module
 */
import { UsageError } from "../../src/cli/arguments.ts";
import type { Access, Variable } from "./access.ts";

/** What the Secret is made of, checked. */
export interface Credentials {
  readonly access: Access;
  /** `host:port`, joined by commas. */
  readonly bootstrapServers: string;
  /** User and password, or key and secret, or client id and client secret. */
  readonly keys?: { readonly apiKey: string; readonly secretKey: string };
  /** More keys of the Secret, by their names there: certificates, and what lets into the registry. */
  readonly more: Readonly<Record<string, string>>;
}

/** Values by their variables, as they were received. */
export type Received = Readonly<Partial<Record<Variable, string>>>;

/** The Secret's keys of the variables that are neither Kafka's keys nor its servers. */
const MORE: Readonly<Partial<Record<Variable, string>>> = {
  KAFKA_KEY_PASSWORD: "key-password",
  SCHEMA_REGISTRY_USER: "schema-registry-user",
  SCHEMA_REGISTRY_PASSWORD: "schema-registry-password",
  SCHEMA_REGISTRY_TOKEN: "schema-registry-token",
};

/**
 * Checks the values of all variables that the ways in take. `files` are certificates and keys by the Secret's keys.
 *
 * @throws {UsageError} Naming the variable and what is wrong with it, without its value.
 */
export function credentials(
  access: Access,
  received: Received,
  files: Readonly<Record<string, string>> = {},
): Credentials {
  const { API_KEY, SECRET_KEY, BOOTSTRAP_SERVERS = "" } = received;
  const more: Record<string, string> = { ...files };
  for (const [variable, name] of Object.entries(MORE) as [Variable, string][]) {
    const value = received[variable];
    if (value !== undefined) more[name] = key(variable, value);
  }
  if (received.SCHEMA_REGISTRY_USER?.includes(":")) {
    throw refused("SCHEMA_REGISTRY_USER", "a colon", "basic authentication ends the user's name with one");
  }
  const keys = API_KEY === undefined || SECRET_KEY === undefined
    ? undefined
    : { apiKey: key("API_KEY", API_KEY), secretKey: key("SECRET_KEY", SECRET_KEY) };
  return {
    access,
    ...(keys === undefined ? {} : { keys }),
    bootstrapServers: servers(access.protocol, BOOTSTRAP_SERVERS),
    more,
  };
}

function key(variable: Variable, value: string): string {
  if (value.trim() === "") throw refused(variable, "nothing but white space", "give the key");
  // RFC 4616 forbids NUL in SASL PLAIN; a line end or another control character comes from copying, and no key has one.
  const control = /\p{Cc}/u.exec(value);
  if (control) {
    const code = control[0].codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    const what = /[\r\n]/.test(control[0]) ? "a line end" : "a control character";
    throw refused(
      variable,
      `${what} (U+${code}) at character ${control.index + 1}`,
      "copy the key without it",
    );
  }
  if (!value.isWellFormed()) throw refused(variable, "half a surrogate pair", "copy the key again");
  return value;
}

const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.|$))+$/;

/** `host:port` of each server; the cloud's console shows them with the protocol before them, which is taken off. */
function servers(protocol: string, value: string): string {
  const prefix = `${protocol}://`;
  const list = value.split(",").map((server) => server.trim());
  return list.map((server, index) => {
    const bare = server.startsWith(prefix) ? server.slice(prefix.length) : server;
    const problem = problemOf(protocol, bare);
    if (problem === undefined) return bare;
    throw refused(
      "BOOTSTRAP_SERVERS",
      `${problem} as server ${index + 1} of ${list.length}`,
      "expected host:port, more of them with commas between, such as pkc-1234.europe-west1.gcp.confluent.cloud:9092",
    );
  }).join(",");
}

function problemOf(protocol: string, server: string): string | undefined {
  if (server === "") return "nothing";
  if (server.includes("://")) return `a protocol other than ${protocol}`;
  const match = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]]*)):(\d{1,5})$/.exec(server);
  if (!match) return /:\d+$/.test(server) ? "a malformed host" : "no port";
  const [, v6, host, port] = match;
  if (v6 === undefined ? host!.length > 253 || !HOST.test(host!) : !URL.canParse(`http://[${v6}]/`)) {
    return "a malformed host";
  }
  return Number(port) >= 1 && Number(port) <= 65_535 ? undefined : "a port that is not from 1 to 65535";
}

function refused(variable: Variable, what: string, remedy: string): UsageError {
  return new UsageError(`Cannot use ${variable}: received ${what}; ${remedy}`);
}
