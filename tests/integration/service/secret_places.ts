/** Secrets of all kinds, and where programs need them: a broker, a registry and token endpoints, some that repeat them. */
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { ByteWriter } from "../../../src/kafka/wire/protocol/bytes.ts";
import {
  API_VERSIONS,
  apiVersionsAnswer,
  FakeBroker,
  framed,
  METADATA,
} from "../../kafka/client/fake_broker.ts";
import { Authority } from "../../support/authority.ts";
import { type SecuredBroker, startSecuredBroker, USER } from "../../support/secured_broker.ts";
import { json, TokenEndpoint, unsigned } from "../../support/token_endpoint.ts";

/** Variables of a process. */
export type Variables = Readonly<Record<string, string>>;

/** A user of PLAIN whose password is a secret of the test. */
const SHOP = "shop";

/** Letters by chance around what gets escaped somewhere, so that one is found also where that was garbled. */
function secret(middle: string): string {
  const letters = (): string => crypto.randomUUID().replaceAll("-", "").slice(0, 14);
  return letters() + middle + letters();
}

/** The secrets that are texts; what goes into a header of HTTP is ASCII. */
const TEXTS = [
  "password",
  "wrongPassword",
  "clientSecret",
  "keyPassword",
  "registryPassword",
  "registryUrlPassword",
] as const;
const TOKENS = ["registryToken", "storesToken", "controlToken", "pageToken"] as const;

/** All secrets, each a text of its own. The key is there as it is, and as it is in its file. */
export type Secrets = Readonly<
  Record<typeof TEXTS[number] | typeof TOKENS[number] | "accessToken" | "key" | "lockedKey", string>
>;

function makeSecrets(key: string): Secrets & { readonly lockedPem: string } {
  const texts = Object.fromEntries([
    ...TEXTS.map((name) => [name, secret(`+/="&%é`)]),
    ...TOKENS.map((name) => [name, secret(`+/="&%`)]),
  ]) as Secrets;
  const lockedPem = createPrivateKey(key).export({
    type: "pkcs8",
    format: "pem",
    cipher: "aes-256-cbc",
    passphrase: texts.keyPassword,
  }) as string;
  const accessToken = unsigned(USER, 3_600);
  return { ...texts, accessToken, key: bodyOf(key), lockedKey: bodyOf(lockedPem), lockedPem };
}

/** What is between the first and the last line of a PEM. */
function bodyOf(pem: string): string {
  return pem.replace(/-----[^-]+-----/g, "").replace(/\s+/g, "");
}

/** What repeats a secret in all the ways that somebody may. */
export function echoOf(secret: string): string {
  const bytes = Buffer.from(secret);
  return [
    `no ${secret}`,
    JSON.stringify(secret),
    encodeURIComponent(secret),
    bytes.toString("base64"),
    bytes.toString("hex"),
    Buffer.from(`${SHOP}:${secret}`).toString("base64"),
    secret.slice(0, 16),
  ].join(" or ");
}

/** All of them. */
export class Places implements AsyncDisposable {
  readonly secrets: Secrets;
  readonly broker: SecuredBroker;
  /** The authority that signs the brokers' certificates. */
  readonly tls: Variables;
  /** A client's certificate with a key that has a password. */
  readonly mutual: Variables;
  readonly #tokens: TokenEndpoint;
  readonly #registry: http.Server;
  readonly #echoing: FakeBroker;
  readonly #schemas: string[] = [];
  /** How often the registry has let somebody in. */
  readonly letIn: Record<"password" | "urlPassword" | "token", number> = {
    password: 0,
    urlPassword: 0,
    token: 0,
  };

  private constructor(
    secrets: Secrets,
    { broker, mutual, tokens, registry, echoing }: {
      readonly broker: SecuredBroker;
      readonly mutual: Variables;
      readonly tokens: TokenEndpoint;
      readonly registry: http.Server;
      readonly echoing: FakeBroker;
    },
  ) {
    this.secrets = secrets;
    this.broker = broker;
    this.tls = { KAFKA_CA: mutual["KAFKA_CA"]! };
    this.mutual = mutual;
    this.#tokens = tokens;
    this.#registry = registry;
    this.#echoing = echoing;
    registry.on("request", (request, response) => void this.#answer(request, response));
  }

  /** Starts them. */
  static async start(): Promise<Places> {
    const authority = new Authority();
    const { cert, key } = authority.issue(SHOP);
    const { lockedPem, ...secrets } = makeSecrets(key);
    const broker = await startSecuredBroker({ users: { [SHOP]: secrets.password }, authority });
    const mutual = {
      KAFKA_CA: broker.file("ca.pem", authority.cert),
      KAFKA_BROKERS: broker.address("MTLS"),
      KAFKA_CERT: broker.file("own.pem", cert),
      KAFKA_KEY: broker.file("own.key", lockedPem),
      KAFKA_KEY_PASSWORD: secrets.keyPassword,
    };
    const tokens = await TokenEndpoint.start(({ url }, response) => {
      const said = echoOf(secrets.clientSecret);
      if (url.includes("refusing")) {
        return json(response, 401, { error: "invalid_client", error_description: said });
      }
      if (url.includes("garbage")) return json(response, 200, { access_tokn: said, error: said });
      json(response, 200, { access_token: secrets.accessToken, expires_in: 3_600 });
    });
    const registry = http.createServer();
    await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
    const echoing = await FakeBroker.start(({ apiKey, correlationId, body }) => {
      if (apiKey === API_VERSIONS) {
        return framed(
          correlationId,
          apiVersionsAnswer([[18, 0, 4], [METADATA, 0, 6], [17, 0, 1], [36, 0, 1]]),
        );
      }
      if (apiKey === 17) return framed(correlationId, handshake());
      const sent = Buffer.from(body).toString("utf8");
      const known = [secrets.password, secrets.accessToken].find((each) => sent.includes(each)) ?? "nothing";
      return framed(correlationId, refusal(`${sent} ${echoOf(known)}`));
    });
    return new Places(secrets, { broker, mutual, tokens, registry, echoing });
  }

  /** User and password over TLS. */
  get plain(): Variables {
    return {
      ...this.tls,
      KAFKA_BROKERS: this.broker.address("SASLTLS"),
      API_KEY: SHOP,
      SECRET_KEY: this.secrets.password,
    };
  }

  /** A client's id and secret. @param path Of the token endpoint. */
  oauth(path = ""): Variables {
    return {
      KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT",
      KAFKA_BROKERS: this.broker.address("SASLPLAIN"),
      KAFKA_OAUTH_TOKEN_URL: this.#tokens.url + path,
      API_KEY: USER,
      SECRET_KEY: this.secrets.clientSecret,
    };
  }

  /** The broker that repeats credentials. */
  get echoing(): Variables {
    return { KAFKA_BROKERS: `localhost:${this.#echoing.port}`, KAFKA_SECURITY_PROTOCOL: "SASL_PLAINTEXT" };
  }

  /** The registry's address. @param user With a colon and a password, what stands before its host. */
  registry(path = "", user = ""): string {
    const { port } = this.#registry.address() as AddressInfo;
    return `http://${user && `${user}@`}localhost:${port}${path}`;
  }

  /** That address with a password in it. */
  get registryWithPassword(): string {
    return this.registry("", `${SHOP}:${encodeURIComponent(this.secrets.registryUrlPassword)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#registry.closeAllConnections();
    await new Promise<void>((resolve) => this.#registry.close(() => resolve()));
    await Promise.all([this.#tokens[Symbol.asyncDispose](), this.#echoing[Symbol.asyncDispose]()]);
    await this.broker[Symbol.asyncDispose]();
  }

  /** Confluent's API, as far as programs ask it, for who knows one of the secrets. */
  async #answer(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const authorization = request.headers.authorization ?? "";
    const url = request.url ?? "";
    const way = this.#wayOf(authorization);
    const said = `${authorization} ${echoOf(way === undefined ? "nobody" : this.#secretOf(way))}`;
    if (url.startsWith("/refusing")) return json(response, 401, { error_code: 401, message: said });
    if (url.startsWith("/garbage")) return void response.end(said);
    if (way === undefined) return json(response, 401, { error_code: 401, message: "who is there?" });
    this.letIn[way]++;
    const [, id] = /^\/schemas\/ids\/(\d+)/.exec(url) ?? [];
    if (id !== undefined) return json(response, 200, { schema: this.#schemas[Number(id) - 1] });
    const { schema } = JSON.parse(Buffer.concat(chunks).toString());
    if (!this.#schemas.includes(schema)) this.#schemas.push(schema);
    json(response, 200, { id: this.#schemas.indexOf(schema) + 1 });
  }

  #wayOf(authorization: string): keyof Places["letIn"] | undefined {
    const basic = (password: string) => `Basic ${Buffer.from(`${SHOP}:${password}`).toString("base64")}`;
    return (["password", "urlPassword", "token"] as const).find((way) =>
      authorization === (way === "token" ? `Bearer ${this.#secretOf(way)}` : basic(this.#secretOf(way)))
    );
  }

  #secretOf(way: keyof Places["letIn"]): string {
    const { registryPassword, registryUrlPassword, registryToken } = this.secrets;
    return { password: registryPassword, urlPassword: registryUrlPassword, token: registryToken }[way];
  }
}

/** An answer to SaslHandshake. */
function handshake(): Uint8Array {
  const out = new ByteWriter();
  out.int16(0);
  out.int32(2);
  out.string("PLAIN");
  out.string("OAUTHBEARER");
  return out.done().slice();
}

/** An answer to SaslAuthenticate that says no (58). */
function refusal(message: string): Uint8Array {
  const out = new ByteWriter();
  out.int16(58);
  out.string(message);
  for (let i = 0; i < 3; i++) out.int32(0); // no bytes, and no time that it holds
  return out.done().slice();
}
