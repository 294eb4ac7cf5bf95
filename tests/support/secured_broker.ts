/** One broker with a listener for each way to secure a connection, and an authority of its own. */
import { join } from "@std/path";
import { type Broker, startBroker } from "../../scripts/support/broker.ts";
import { freePorts } from "../../scripts/support/ports.ts";
import { Authority, type Certificate } from "./authority.ts";

/** Kafka's names of what its listeners speak, by ours. */
const LISTENERS = {
  PLAINTEXT: "PLAINTEXT",
  SASLPLAIN: "SASL_PLAINTEXT",
  TLS: "SSL",
  SASLTLS: "SASL_SSL",
  MTLS: "SSL",
  EXPIRED: "SSL",
  OTHERNAME: "SSL",
  ONLYPLAIN: "SASL_SSL",
  SHORT: "SASL_PLAINTEXT",
} as const;

/** A listener's name. */
export type Listener = keyof typeof LISTENERS;

/** After so long a connection of the listener `SHORT` has to present its credentials anew, in ms. */
export const SHORT_MS = 4_000;

/** Who may come: the user, and the client id of tokens. */
export const USER = "kos";
/** The user's password. */
export const PASSWORD = "s3cret-of-kos";

/** A broker with its files. */
export interface SecuredBroker extends AsyncDisposable {
  readonly broker: Broker;
  readonly authority: Authority;
  /** Where the authority's certificate, and what a test writes, are. */
  readonly folder: string;
  address(listener: Listener): string;
  /** Writes a file and gives its path. */
  file(name: string, text: string): string;
}

/** Settings of {@linkcode startSecuredBroker}. */
export interface SecuredBrokerOptions {
  /** More users of PLAIN, with their passwords. */
  readonly users?: Readonly<Record<string, string>>;
  /** Whose certificates it has and trusts. Default: a new one. */
  readonly authority?: Authority;
}

/** Starts it. */
export async function startSecuredBroker(
  { users = {}, authority = new Authority() }: SecuredBrokerOptions = {},
): Promise<SecuredBroker> {
  const names = Object.keys(LISTENERS) as Listener[];
  const ports = freePorts(names.length + 1);
  const controllerPort = ports.pop()!;
  const port = (listener: Listener): number => ports[names.indexOf(listener)]!;
  const folder = await Deno.makeTempDir({ prefix: "kos-secured-" });
  const file = (name: string, text: string): string => {
    const path = join(folder, name);
    Deno.writeTextFileSync(path, text);
    return path;
  };
  try {
    const broker = await startBroker({
      port: port("PLAINTEXT"),
      scramUsers: { [USER]: PASSWORD },
      settings: {
        "listeners": [
          ...names.map((name) => `${name}://127.0.0.1:${port(name)}`),
          `CONTROLLER://127.0.0.1:${controllerPort}`,
        ].join(","),
        "advertised.listeners": names.map((name) => `${name}://localhost:${port(name)}`).join(","),
        "listener.security.protocol.map": [
          ...Object.entries(LISTENERS).map(([name, protocol]) => `${name}:${protocol}`),
          "CONTROLLER:PLAINTEXT",
        ].join(","),
        "controller.quorum.voters": `1@127.0.0.1:${controllerPort}`,
        ...tlsSettings(authority, file),
        ...saslSettings({ [USER]: PASSWORD, ...users }),
      },
    });
    return {
      broker,
      authority,
      folder,
      file,
      address: (listener) => `localhost:${port(listener)}`,
      [Symbol.asyncDispose]: async () => {
        await broker.stop();
        await Deno.remove(folder, { recursive: true });
      },
    };
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

function tlsSettings(
  authority: Authority,
  file: (name: string, text: string) => string,
): Record<string, string> {
  const store = (listener: string, { cert, key }: Certificate): Record<string, string> => ({
    [`${listener}ssl.keystore.type`]: "PEM",
    [`${listener}ssl.keystore.location`]: file(`${listener}pem`, key + cert),
  });
  return {
    ...store("", authority.issue("broker")),
    ...store("listener.name.expired.", authority.issue("expired", { days: 0 })),
    ...store("listener.name.othername.", authority.issue("other", { hosts: ["other.example"] })),
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": file("ca.pem", authority.cert),
    "listener.name.mtls.ssl.client.auth": "required",
    // A broker checks its own certificates, and would not start with the ones that are wrong on purpose.
    "ssl.endpoint.identification.algorithm": "",
  };
}

const LOGIN = "org.apache.kafka.common.security";

function saslSettings(users: Readonly<Record<string, string>>): Record<string, string> {
  const logins = Object.entries(users).map(([name, password]) =>
    ` user_${name}="${password.replace(/[\\"]/g, "\\$&")}"`
  );
  const mechanisms: Record<string, string> = {
    "plain": `${LOGIN}.plain.PlainLoginModule required${logins.join("")};`,
    "scram-sha-256": `${LOGIN}.scram.ScramLoginModule required;`,
    "scram-sha-512": `${LOGIN}.scram.ScramLoginModule required;`,
    "oauthbearer":
      `${LOGIN}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker";`,
  };
  const on = (listener: string, names: readonly string[]): Record<string, string> => ({
    [`listener.name.${listener}.sasl.enabled.mechanisms`]: names.join(",").toUpperCase(),
    ...Object.fromEntries(
      names.map((name) => [`listener.name.${listener}.${name}.sasl.jaas.config`, mechanisms[name]!]),
    ),
  });
  const all = Object.keys(mechanisms);
  return {
    "sasl.enabled.mechanisms": all.join(",").toUpperCase(),
    ...on("saslplain", all),
    ...on("sasltls", all),
    ...on("short", all),
    ...on("onlyplain", ["plain"]),
    ...Object.fromEntries(
      all.map((name) => [`listener.name.short.${name}.connections.max.reauth.ms`, `${SHORT_MS}`]),
    ),
  };
}
