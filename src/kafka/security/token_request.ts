/**
 * The request for an access token: OAuth 2.0 client credentials (RFC 6749, 4.4).
 *
 * @module
 */
import { Buffer } from "node:buffer";
import http from "node:http";
import https from "node:https";
import { rootCertificates } from "node:tls";
import { ConnectionLost, ConnectionRejected, messageOf } from "../port/errors.ts";
import type { ClientCredentials } from "./sasl_config.ts";
import { conceal } from "../../secrecy/conceal.ts";
import { readSecret, sourceOf, withFlag } from "./secret.ts";

/** A token, and for how long it holds. */
export interface Token {
  readonly value: string;
  /** From now on, in ms; `undefined` where nobody says. */
  readonly lifetimeMs: number | undefined;
}

/** An answer takes no longer, in ms. */
const TIMEOUT_MS = 10_000;
/** No answer with a token is longer, in bytes. */
const MOST_BYTES = 256 * 1024;

/**
 * Asks the endpoint once. A redirect is not followed, as it would take the secret with it.
 *
 * @param ca Authorities to trust besides the system's.
 * @throws {ConnectionLost} When no answer comes, or one that may be another in a while.
 * @throws {ConnectionRejected} When the endpoint, or what it wants, has to be changed first.
 */
export async function requestToken(
  credentials: ClientCredentials,
  ca?: string,
  timeoutMs: number = TIMEOUT_MS,
): Promise<Token> {
  const id = readSecret(credentials.clientId, "API_KEY");
  const secret = readSecret(credentials.clientSecret, "SECRET_KEY");
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    ...(credentials.scope === undefined ? {} : { scope: credentials.scope }),
  }).toString();
  const answer = await post(credentials.tokenUrl, body, basic(id, secret), ca, timeoutMs);
  return tokenOf(answer, credentials, (text) => conceal(text, [secret]));
}

/** How a client says who it is: id and secret are form-encoded first (RFC 6749, 2.3.1). */
function basic(id: string, secret: string): string {
  const encoded = (text: string) => new URLSearchParams({ "": text }).toString().slice(1);
  return `Basic ${Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString("base64")}`;
}

interface Answer {
  readonly status: number;
  readonly location: string | undefined;
  readonly text: string;
}

function post(
  url: string,
  body: string,
  authorization: string,
  ca: string | undefined,
  timeoutMs: number,
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const secured = url.startsWith("https:");
  const request = (secured ? https : http).request(url, {
    method: "POST",
    headers: {
      authorization,
      accept: "application/json",
      "content-type": "application/x-www-form-urlencoded",
      "content-length": Buffer.byteLength(body),
    },
    agent: false, // no connection is kept
    ...(secured && ca !== undefined ? { ca: [...rootCertificates, ca] } : {}),
  });
  const fail = (error: Error): void => {
    reject(error);
    request.destroy();
  };
  const timer = setTimeout(() => fail(lost(url, `no answer within ${timeoutMs} ms`)), timeoutMs);
  request.on("error", (error) => fail(unreached(url, error)));
  request.on("response", (response) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MOST_BYTES) {
        fail(
          rejected(
            url,
            `an answer of more than ${MOST_BYTES} bytes`,
            "no token is as long: is it the endpoint?",
          ),
        );
      }
    });
    response.on("error", (error) => fail(unreached(url, error)));
    response.on("aborted", () => fail(lost(url, "it closed the connection in the middle of its answer")));
    response.on("end", () =>
      resolve({
        status: response.statusCode ?? 0,
        location: response.headers.location,
        text: Buffer.concat(chunks).toString("utf8"),
      }));
  });
  request.end(body);
  return promise.finally(() => clearTimeout(timer));
}

/** Answers that may be others in a while. */
const PASSING = (status: number): boolean => status >= 500 || status === 408 || status === 429;

function tokenOf(
  { status, location, text }: Answer,
  { tokenUrl, clientId, clientSecret }: ClientCredentials,
  conceal: (text: string) => string,
): Token {
  const answer = parsed(text);
  if (status === 200) {
    const value = answer?.["access_token"];
    if (typeof value === "string" && /^[\x21-\x7e]+$/.test(value)) {
      return { value, lifetimeMs: lifetimeOf(answer!, value) };
    }
    throw rejected(tokenUrl, `HTTP 200 without an access_token`, "name the token endpoint itself");
  }
  const said = reasonIn(answer, conceal);
  const what = `HTTP ${status}${said}`;
  if (PASSING(status)) throw lost(tokenUrl, what);
  if (status >= 300 && status < 400) {
    const to = conceal(hostOf(location, tokenUrl));
    throw rejected(
      tokenUrl,
      `${what}, a redirect to ${to}`,
      "it is not followed, for it would get the secret; name the endpoint itself",
    );
  }
  const names = `${sourceOf(clientId, "API_KEY")} and ${sourceOf(clientSecret, "SECRET_KEY")}`;
  throw rejected(
    tokenUrl,
    what,
    status === 401 || status === 400 || status === 403
      ? `check ${names}, the client's id and secret, and KAFKA_OAUTH_SCOPE`
      : "name the token endpoint itself",
  );
}

function parsed(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === "object" && answer !== null ? answer as Record<string, unknown> : undefined;
  } catch {
    return undefined;
  }
}

/** What the endpoint says of an error (RFC 6749, 5.2), as far as it fits into a line. */
function reasonIn(
  answer: Readonly<Record<string, unknown>> | undefined,
  conceal: (text: string) => string,
): string {
  const parts = [answer?.["error"], answer?.["error_description"]]
    .filter((part) => typeof part === "string" && part !== "")
    .map((part) => conceal((part as string).slice(0, 1_000)).replace(/[^\x20-\x7e…]+/g, " ").slice(0, 150));
  return parts.length === 0 ? "" : ` (${parts.join(": ")})`;
}

/** What the answer says, else what the token does, where it is a JWT. */
function lifetimeOf(answer: Readonly<Record<string, unknown>>, token: string): number | undefined {
  const seconds = Number(answer["expires_in"] ?? NaN);
  if (seconds > 0) return 1000 * seconds;
  const { exp, iat } = parsed(Buffer.from(token.split(".")[1] ?? "", "base64url").toString()) ?? {};
  if (typeof exp !== "number") return undefined;
  // By its own two times, as this machine's clock may be another one.
  const from = typeof iat === "number" ? iat : Date.now() / 1000;
  return Math.max(0, 1000 * (exp - from));
}

function hostOf(location: string | undefined, base: string): string {
  return location === undefined ? "nowhere" : URL.parse(location, base)?.host ?? "an unreadable address";
}

function unreached(url: string, error: Error): Error {
  const text = messageOf(error);
  // The host's own name may have any of these words in it.
  const told = `${text} ${(error as { code?: string }).code}`.replaceAll(new URL(url).hostname, "");
  const untrusted = /certificate|CERT|self.signed|UnknownIssuer|NotValidForName/i.test(told);
  if (!untrusted) return lost(url, text, error);
  return rejected(
    url,
    `a certificate that is refused (${text})`,
    "it has to be of that name, valid, and signed by an authority of the system or in KAFKA_CA",
    error,
  );
}

const SOURCE = withFlag("KAFKA_OAUTH_TOKEN_URL");

function lost(url: string, what: string, cause?: unknown): ConnectionLost {
  return new ConnectionLost(
    `Cannot get a token from ${shown(url)}: received ${what}; is the endpoint up, and is ${SOURCE} right?`,
    { cause },
  );
}

function rejected(url: string, what: string, remedy: string, cause?: unknown): ConnectionRejected {
  return new ConnectionRejected(
    `Cannot get a token from ${shown(url)} (KAFKA_OAUTH_TOKEN_URL): received ${what}; ${remedy}`,
    { cause },
  );
}

/** The URL without what may be a secret. */
function shown(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}
