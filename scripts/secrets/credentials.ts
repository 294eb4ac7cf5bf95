/**
 * What the Secret is made of: two keys and the servers, checked. No error here contains what was received: it may be a key
 * in the wrong place.
 *
 * @module
 */
import { UsageError } from "../../src/cli/arguments.ts";

/** The variables, in the order in which they are asked for. */
export const VARIABLES = ["API_KEY", "SECRET_KEY", "BOOTSTRAP_SERVERS"] as const;

/** A variable's name. */
export type Variable = typeof VARIABLES[number];

/** The checked values. */
export interface Credentials {
  readonly apiKey: string;
  readonly secretKey: string;
  /** `host:port`, joined by commas. */
  readonly bootstrapServers: string;
}

/** Values by their variables, as they were received. */
export type Received = Readonly<Record<Variable, string>>;

/**
 * Checks the values.
 *
 * @throws {UsageError} Naming the variable and what is wrong with it, without its value.
 */
export function credentials(received: Received): Credentials {
  return {
    apiKey: key("API_KEY", received.API_KEY),
    secretKey: key("SECRET_KEY", received.SECRET_KEY),
    bootstrapServers: servers(received.BOOTSTRAP_SERVERS),
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

const PREFIX = "SASL_SSL://";
const HOST = /^(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(?:\.|$))+$/;

/** `host:port` of each server; the cloud's console shows them with `SASL_SSL://` before them, which is taken off. */
function servers(value: string): string {
  const list = value.split(",").map((server) => server.trim());
  return list.map((server, index) => {
    const bare = server.startsWith(PREFIX) ? server.slice(PREFIX.length) : server;
    const problem = problemOf(bare);
    if (problem === undefined) return bare;
    throw refused(
      "BOOTSTRAP_SERVERS",
      `${problem} as server ${index + 1} of ${list.length}`,
      "expected host:port, more of them with commas between, such as pkc-1234.europe-west1.gcp.confluent.cloud:9092",
    );
  }).join(",");
}

function problemOf(server: string): string | undefined {
  if (server === "") return "nothing";
  if (server.includes("://")) return `a protocol other than ${PREFIX.slice(0, -3)}`;
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
