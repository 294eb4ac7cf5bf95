/**
 * SASL mechanisms: what goes over a connection until the broker knows who this client is.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { ClientCredentials, PasswordCredentials, SaslConfig } from "./sasl_config.ts";
import { ScramExchange } from "./scram.ts";
import { readSecret, sourceOf } from "./secret.ts";
import { requestToken } from "./token_request.ts";
import { TokenSource } from "./token_source.ts";

/** Credentials, and how they are presented. */
export interface Mechanism {
  /** Its name, as brokers have it. */
  readonly name: string;
  /** What names the credentials, for who has to correct them. */
  readonly source: string;
  /**
   * Begins for one connection: files are read, and a token is asked for where there is none.
   * @throws {ConfigError} When a file is not as it has to be.
   * @throws {ConnectionLost} When no token can be had.
   */
  begin(): Promise<Exchange>;
}

/** What one connection exchanges with its broker. No error of it holds a secret. */
export interface Exchange {
  readonly first: Uint8Array;
  /** What must be in no message that anybody reads. */
  readonly secrets: readonly string[];
  /**
   * The answer to a broker's message; `undefined` when nothing is left to say.
   * @throws {Error} When the broker's message is not as it may be.
   */
  next(message: Uint8Array): Promise<Uint8Array | undefined>;
  /** Told that the broker has refused; more that is known of why. */
  refused?(): string | undefined;
}

/**
 * The mechanism of a configuration.
 *
 * @param ca Reads the authorities that a token endpoint's certificate may be of, besides the system's.
 * @param warn Told of what will be wrong with the credentials before long.
 */
export function mechanismOf(
  sasl: SaslConfig,
  ca: () => string | undefined,
  warn?: (message: string) => void,
): Mechanism {
  if (sasl.mechanism === "oauthbearer") return new OAuthBearer(sasl, ca, warn);
  return sasl.mechanism === "plain" ? plain(sasl) : scram(sasl);
}

/**
 * Reads the files of credentials, to find what is wrong with them before anything is connected.
 *
 * @throws {ConfigError} When one can't be read, or is no secret.
 */
export function checkSecrets(sasl: SaslConfig): void {
  if (sasl.mechanism !== "oauthbearer") return void read(sasl);
  readSecret(sasl.clientId, "API_KEY");
  readSecret(sasl.clientSecret, "SECRET_KEY");
}

function sourcesOf(name: PasswordCredentials["username"], secret: PasswordCredentials["password"]): string {
  return `${sourceOf(name, "API_KEY")} and ${sourceOf(secret, "SECRET_KEY")}`;
}

function read({ username, password }: PasswordCredentials): { username: string; password: string } {
  return { username: readSecret(username, "API_KEY"), password: readSecret(password, "SECRET_KEY") };
}

/** RFC 4616. */
function plain(sasl: PasswordCredentials): Mechanism {
  return {
    name: "PLAIN",
    source: sourcesOf(sasl.username, sasl.password),
    begin: () => {
      const { username, password } = read(sasl);
      return Promise.resolve({
        first: Buffer.from(`\0${username}\0${password}`),
        secrets: [password],
        next: () => Promise.resolve(undefined),
      });
    },
  };
}

function scram(sasl: PasswordCredentials): Mechanism {
  const name = sasl.mechanism === "scram-sha-256" ? "SCRAM-SHA-256" : "SCRAM-SHA-512";
  return {
    name,
    source: sourcesOf(sasl.username, sasl.password),
    begin: () => {
      const credentials = read(sasl);
      const exchange = new ScramExchange(name, credentials);
      let proved = false;
      return Promise.resolve({
        first: Buffer.from(exchange.first),
        secrets: [credentials.password],
        next: async (message: Uint8Array) => {
          const text = Buffer.from(message).toString("utf8");
          if (proved) return void exchange.verify(text);
          proved = true;
          return Buffer.from(await exchange.prove(text));
        },
      });
    },
  };
}

/** RFC 7628, with KIP-342's extensions. One token serves all connections. */
class OAuthBearer implements Mechanism {
  readonly name = "OAUTHBEARER";
  readonly source: string;
  readonly #tokens: TokenSource;
  readonly #extensions: string;

  constructor(
    sasl: ClientCredentials,
    ca: () => string | undefined,
    warn: ((message: string) => void) | undefined,
  ) {
    this.source = `what KAFKA_OAUTH_TOKEN_URL gives to ${sourceOf(sasl.clientId, "API_KEY")}`;
    this.#tokens = new TokenSource(
      () => requestToken(sasl, ca()),
      warn === undefined ? {} : { warn },
    );
    this.#extensions = Object.entries(sasl.extensions ?? {}).map(([k, v]) => `${k}=${v}\x01`).join("");
  }

  async begin(): Promise<Exchange> {
    const token = await this.#tokens.token();
    let reason: string | undefined;
    return {
      first: Buffer.from(`n,,\x01auth=Bearer ${token}\x01${this.#extensions}\x01`),
      secrets: [token],
      next: (message) => {
        if (message.length === 0) return Promise.resolve(undefined);
        // A broker that refuses the token says why, and fails when it has been answered.
        reason = statusIn(Buffer.from(message).toString("utf8"));
        return Promise.resolve(new Uint8Array([1]));
      },
      refused: () => {
        this.#tokens.forget(token);
        return reason;
      },
    };
  }
}

/** What a broker says of a token, without what it may repeat of it. */
function statusIn(text: string): string {
  const status = /"status"\s*:\s*"([\w-]{1,40})"/.exec(text)?.[1];
  return status === undefined ? "the token is refused" : `the token is refused: ${status}`;
}
