/**
 * Who a client is to Kafka and whom it trusts, from the environment.
 *
 * @module
 */
import { ConfigError } from "../port/errors.ts";
import type { SaslConfig } from "./sasl_config.ts";
import { type Secret, withFlag } from "./secret.ts";
import type { TlsConfig } from "./tls.ts";

/** Credentials and TLS of a connection. */
export interface Security extends TlsConfig {
  /** Credentials; never to be logged. */
  readonly sasl?: SaslConfig;
  /** Whether to use TLS, with the host name verified. */
  readonly ssl: boolean;
}

type Env = (name: string) => string | undefined;

/** Kafka's names of what a port speaks. */
const PROTOCOLS = ["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] as const;
type Protocol = typeof PROTOCOLS[number];

/** Kafka's names of the mechanisms that clients have here. */
export const MECHANISMS = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] as const;
type MechanismName = typeof MECHANISMS[number];

const [PROTOCOL, MECHANISM, TOKEN_URL, EXTENSIONS] = [
  "KAFKA_SECURITY_PROTOCOL",
  "KAFKA_SASL_MECHANISM",
  "KAFKA_OAUTH_TOKEN_URL",
  "KAFKA_OAUTH_EXTENSIONS",
].map(withFlag) as [string, string, string, string];

/**
 * Reads the variables of credentials and TLS. What does not go together is refused, so that nobody takes a
 * connection for safer than it is.
 *
 * @throws {ConfigError} When a variable has a value that is not allowed.
 */
export function readSecurity(env: Env): Security {
  const sasl = readSasl(env);
  const off = readCloud(env);
  const tls = readTls(env);
  const protocol = readProtocol(env, { sasl, off, tls });
  const secured = protocol.endsWith("SSL");
  const needed = asksOverTls(sasl) && protocol.startsWith("SASL") ? ["KAFKA_CA"] : [];
  const needless = ["KAFKA_CA", "KAFKA_CERT"].find((name) => env(name) && !needed.includes(name));
  if (!secured && needless !== undefined) {
    throw new ConfigError(
      `Cannot use ${withFlag(needless)}: received ${JSON.stringify(env(needless))} without TLS; ` +
        (off ? "leave CLOUD=false out, or this" : `leave it out, or set ${PROTOCOL} to one with SSL`),
    );
  }
  return { ...tls, sasl: protocol.startsWith("SASL") ? sasl : undefined, ssl: secured };
}

/** Whether a token endpoint is to be trusted, for which authorities may be named too. */
function asksOverTls(sasl: SaslConfig | undefined): boolean {
  return sasl?.mechanism === "oauthbearer" && sasl.tokenUrl.startsWith("https:");
}

/** Whether `CLOUD` switches SASL and TLS off. */
function readCloud(env: Env): boolean {
  const cloud = env("CLOUD");
  if (!cloud || cloud === "false") return cloud === "false";
  throw new ConfigError(
    `Cannot use CLOUD: received ${
      JSON.stringify(cloud)
    }; allowed is false, or leave it out (then API_KEY and SECRET_KEY switch TLS on)`,
  );
}

function readProtocol(
  env: Env,
  { sasl, off, tls }: { sasl: SaslConfig | undefined; off: boolean; tls: TlsConfig },
): Protocol {
  const text = env("KAFKA_SECURITY_PROTOCOL");
  if (!text) {
    if (off) return "PLAINTEXT";
    if (sasl !== undefined) return "SASL_SSL";
    return tls.caFile ?? tls.certFile ? "SSL" : "PLAINTEXT";
  }
  const protocol = PROTOCOLS.find((name) => name === text.toUpperCase());
  const refuse = (remedy: string, received = JSON.stringify(text)) =>
    new ConfigError(`Cannot use ${PROTOCOL}: received ${received}; ${remedy}`);
  if (protocol === undefined) throw refuse(`allowed are ${PROTOCOLS.join(", ")}`);
  if (off && protocol !== "PLAINTEXT") {
    throw refuse("leave one of the two out", `${text} with CLOUD=false, which switches SASL and TLS off`);
  }
  if (off) return protocol;
  if (protocol.startsWith("SASL") && sasl === undefined) {
    throw refuse(
      "set API_KEY and SECRET_KEY, or API_KEY_FILE and SECRET_KEY_FILE",
      `${text} without credentials`,
    );
  }
  if (!protocol.startsWith("SASL") && sasl !== undefined) {
    throw refuse(
      `${protocol === "SSL" ? "SASL_SSL" : "SASL_SSL or SASL_PLAINTEXT"} sends them; ` +
        "leave them out where the port wants none",
      `${text} with credentials (${envNames(env, "API_KEY")}), which would not be sent`,
    );
  }
  return protocol;
}

function readSasl(env: Env): SaslConfig | undefined {
  const mechanism = readMechanism(env);
  const [name, secret] = [readSecretOf(env, "API_KEY"), readSecretOf(env, "SECRET_KEY")];
  if (name === undefined && secret === undefined) {
    refuseAlone(env);
    return undefined;
  }
  if (name === undefined || secret === undefined) {
    const [there, missing] = name === undefined ? ["SECRET_KEY", "API_KEY"] : ["API_KEY", "SECRET_KEY"];
    throw new ConfigError(
      `Cannot use ${envNames(env, there!)}: received it without ${missing} or ${missing}_FILE; ` +
        "set both, or neither for no authentication",
    );
  }
  if (mechanism === "OAUTHBEARER") {
    return { mechanism: "oauthbearer", clientId: name, clientSecret: secret, ...readOAuth(env) };
  }
  refuseOAuth(env, mechanism);
  return {
    mechanism: mechanism.toLowerCase() as "plain" | "scram-sha-256" | "scram-sha-512",
    username: name,
    password: secret,
  };
}

function readMechanism(env: Env): MechanismName {
  const text = env("KAFKA_SASL_MECHANISM");
  if (!text) return env("KAFKA_OAUTH_TOKEN_URL") ? "OAUTHBEARER" : "PLAIN";
  const mechanism = MECHANISMS.find((name) => name === text.toUpperCase());
  if (mechanism !== undefined) return mechanism;
  throw new ConfigError(
    `Cannot use ${MECHANISM}: received ${JSON.stringify(text)}; allowed are ${MECHANISMS.join(", ")}`,
  );
}

/** What says how credentials are presented is of no use without any. */
function refuseAlone(env: Env): void {
  const name = [
    "KAFKA_SASL_MECHANISM",
    "KAFKA_OAUTH_TOKEN_URL",
    "KAFKA_OAUTH_SCOPE",
    "KAFKA_OAUTH_EXTENSIONS",
  ]
    .find((name) => env(name));
  if (name === undefined) return;
  throw new ConfigError(
    `Cannot use ${withFlag(name)}: received it without credentials; set API_KEY and SECRET_KEY, ` +
      "or API_KEY_FILE and SECRET_KEY_FILE (of OAUTHBEARER the client's id and secret)",
  );
}

function refuseOAuth(env: Env, mechanism: MechanismName): void {
  const name = ["KAFKA_OAUTH_TOKEN_URL", "KAFKA_OAUTH_SCOPE", "KAFKA_OAUTH_EXTENSIONS"]
    .find((name) => env(name));
  if (name === undefined) return;
  throw new ConfigError(
    `Cannot use ${withFlag(name)}: received it with the mechanism ${mechanism}; ` +
      `set ${MECHANISM} to OAUTHBEARER, or leave it out`,
  );
}

function readOAuth(env: Env): { tokenUrl: string; scope?: string; extensions?: Record<string, string> } {
  const url = env("KAFKA_OAUTH_TOKEN_URL");
  if (!url) {
    throw new ConfigError(
      `Cannot use ${MECHANISM}: received OAUTHBEARER without a token endpoint; set ${TOKEN_URL}`,
    );
  }
  const scope = env("KAFKA_OAUTH_SCOPE") || undefined;
  const extensions = env("KAFKA_OAUTH_EXTENSIONS");
  return {
    tokenUrl: tokenUrl(url),
    ...(scope === undefined ? {} : { scope }),
    ...(extensions ? { extensions: readExtensions(extensions) } : {}),
  };
}

/** A host of this machine, as URLs and lists of brokers have it. */
export const LOOPBACK: RegExp = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

function tokenUrl(text: string): string {
  const url = URL.parse(text);
  const refuse = (received: string, remedy: string) =>
    new ConfigError(`Cannot use ${TOKEN_URL}: received ${received}; ${remedy}`);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    // It may be a secret that got here by mistake.
    throw refuse("what is no URL", "allowed is an address that begins with https://");
  }
  if (url.username !== "" || url.password !== "") {
    throw refuse(
      `${url.origin} with a user before it`,
      "API_KEY and SECRET_KEY have the client's id and secret",
    );
  }
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    throw refuse(
      url.origin,
      "beyond this machine allowed is https:// only, as the client's secret would be read on the way",
    );
  }
  return url.href;
}

/** What KIP-342 allows; `auth` is the token itself. */
const EXTENSION = /^\s*(?!auth=)([A-Za-z]+)=([\x20-\x7e]+?)\s*$/;

function readExtensions(text: string): Record<string, string> {
  return Object.fromEntries(
    text.split(",").map((part, i) => {
      const match = EXTENSION.exec(part);
      if (match !== null) return [match[1]!, match[2]!];
      throw new ConfigError(
        `Cannot use ${EXTENSIONS}: received a part ${i + 1} that is none; ` +
          "allowed are names of letters with values, as logicalCluster=lkc-1,identityPoolId=pool-1",
      );
    }),
  );
}

function readTls(env: Env): TlsConfig {
  const [caFile, certFile, keyFile] = ["KAFKA_CA", "KAFKA_CERT", "KAFKA_KEY"]
    .map((name) => env(name) || undefined);
  const keyPassword = readSecretOf(env, "KAFKA_KEY_PASSWORD");
  const alone = (there: string, missing: string) =>
    new ConfigError(`Cannot use ${there}: received it without ${missing}; set both, or neither`);
  const [cert, key] = [withFlag("KAFKA_CERT"), withFlag("KAFKA_KEY")];
  if (certFile !== undefined && keyFile === undefined) throw alone(cert, key);
  if (keyFile !== undefined && certFile === undefined) throw alone(key, cert);
  if (keyPassword !== undefined && keyFile === undefined) {
    throw alone(envNames(env, "KAFKA_KEY_PASSWORD"), key);
  }
  return {
    caFile,
    ...(certFile === undefined ? {} : { certFile, keyFile }),
    ...(keyPassword === undefined ? {} : { keyPassword }),
  };
}

/** A secret by its variable, or by the file that another one names. */
function readSecretOf(env: Env, name: string): Secret | undefined {
  const [value, file] = [env(name), env(`${name}_FILE`)];
  if (value && file) {
    throw new ConfigError(
      `Cannot use ${withFlag(`${name}_FILE`)}: received it with ${name} too; set one of them`,
    );
  }
  return value || (file ? { file } : undefined);
}

/** The one of a secret's two variables that is set. */
function envNames(env: Env, name: string): string {
  return env(name) ? name : withFlag(`${name}_FILE`);
}
