/**
 * Which ways into Kafka and the registry the Secret is for, and what each takes. Nothing here is a secret.
 *
 * @module
 */
import { UsageError } from "../../src/cli/arguments.ts";
import { InvalidValue } from "../../src/cli/parsers.ts";
import type { MECHANISMS } from "../../src/kafka/security/security_config.ts";

/** The protocols by which brokers are reached. */
export const PROTOCOLS = ["SASL_SSL", "SASL_PLAINTEXT", "SSL", "PLAINTEXT"] as const;

/** The ways to say at the registry who asks, beside a certificate. */
export const REGISTRY_WAYS = ["basic", "bearer"] as const;

/** What is read from a variable, a file or the terminal, in the order in which it is asked for. */
export const VARIABLES = [
  "API_KEY",
  "SECRET_KEY",
  "BOOTSTRAP_SERVERS",
  "KAFKA_KEY_PASSWORD",
  "SCHEMA_REGISTRY_USER",
  "SCHEMA_REGISTRY_PASSWORD",
  "SCHEMA_REGISTRY_TOKEN",
] as const;

/** A variable's name. */
export type Variable = typeof VARIABLES[number];

/** Those of them that may be seen while they are typed. */
export const SHOWN: ReadonlySet<Variable> = new Set(["BOOTSTRAP_SERVERS", "SCHEMA_REGISTRY_USER"]);

/** The ways in. */
export interface Access {
  readonly protocol: typeof PROTOCOLS[number];
  readonly mechanism: typeof MECHANISMS[number];
  /** What OAUTHBEARER asks for. */
  readonly scope?: string;
  /** What goes with its tokens. */
  readonly extensions?: Readonly<Record<string, string>>;
  readonly registry?: typeof REGISTRY_WAYS[number];
}

/** The variables that these ways take; with `encrypted` the client's private key has a password. */
export function neededVariables({ protocol, registry }: Access, encrypted: boolean): Variable[] {
  const needed = new Set<Variable>(["BOOTSTRAP_SERVERS"]);
  if (protocol.startsWith("SASL_")) needed.add("API_KEY").add("SECRET_KEY");
  if (encrypted) needed.add("KAFKA_KEY_PASSWORD");
  if (registry === "basic") needed.add("SCHEMA_REGISTRY_USER").add("SCHEMA_REGISTRY_PASSWORD");
  if (registry === "bearer") needed.add("SCHEMA_REGISTRY_TOKEN");
  return VARIABLES.filter((variable) => needed.has(variable));
}

/** The flags that say which. */
export interface AccessFlags {
  readonly securityProtocol: Access["protocol"];
  readonly saslMechanism: Access["mechanism"];
  readonly oauthScope?: string;
  readonly oauthExtensions?: Readonly<Record<string, string>>;
  readonly registryAuth?: NonNullable<Access["registry"]>;
}

/** The ways in that the flags ask for. @throws {UsageError} When they exclude each other. */
export function accessOf(flags: AccessFlags): Access {
  const { securityProtocol: protocol, saslMechanism: mechanism, oauthScope, oauthExtensions } = flags;
  const refuse = (flag: string, what: string, remedy: string) =>
    new UsageError(`Cannot use ${flag}: received it with ${what}; ${remedy}`);
  if (!protocol.startsWith("SASL_") && mechanism !== "PLAIN") {
    const what = `--security-protocol ${protocol}, which asks for no keys`;
    throw refuse("--sasl-mechanism", what, "set that to SASL_SSL, or leave this out");
  }
  if (mechanism !== "OAUTHBEARER" && (oauthScope ?? oauthExtensions) !== undefined) {
    const flag = oauthScope === undefined ? "--oauth-extensions" : "--oauth-scope";
    throw refuse(flag, `the mechanism ${mechanism}`, "set --sasl-mechanism OAUTHBEARER, or leave this out");
  }
  return {
    protocol,
    mechanism,
    ...(oauthScope === undefined ? {} : { scope: oauthScope }),
    ...(oauthExtensions === undefined ? {} : { extensions: oauthExtensions }),
    ...(flags.registryAuth === undefined ? {} : { registry: flags.registryAuth }),
  };
}

/** What goes with a token, by names (KIP-342). @throws {InvalidValue} When they are not written so. */
export function extensions(text: string): Readonly<Record<string, string>> {
  const pairs = text.split(",").map((part) => /^([A-Za-z]+)=([\x21-\x7e][\x20-\x7e]*)$/.exec(part.trim()));
  if (pairs.some((pair) => pair === null || pair[1] === "auth")) {
    throw new InvalidValue(
      "expected names of letters with values, as logicalCluster=lkc-1,identityPoolId=pool-1",
    );
  }
  return Object.fromEntries(pairs.map((pair) => [pair![1]!, pair![2]!]));
}
