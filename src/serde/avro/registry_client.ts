/**
 * Sends requests to a registry: again where that may help, with what lets the client in, and never more of
 * an answer than there is room for.
 *
 * @module
 */
import { abbreviate, checkNesting, messageOf } from "../text.ts";
import { conceal } from "../../secrecy/conceal.ts";
import { readAccess, type RegistryAccess, type RegistryAccessOptions } from "./registry_access.ts";
import { RegistryConfigError, RegistryError } from "./registry_error.ts";
import { refusalOf, remedyOf } from "./registry_remedies.ts";
import { secureFetch } from "./secure_fetch.ts";

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  /** The host where it came from when that is another one, to which no credentials go. */
  readonly elsewhere?: string | undefined;
  /** What it was asked with, which it may repeat. */
  readonly secrets: readonly string[];
}

/** Settings of a {@linkcode RegistryClient}; all have to be there. */
export interface RegistryClientOptions {
  readonly timeoutMs: number;
  readonly retryBackoffMs: number;
  readonly fetch: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
}

/** Asks one registry. */
export class RegistryClient {
  /** The registry's address, without user and password. */
  readonly url: string;
  readonly #access: RegistryAccessOptions;
  readonly #options: RegistryClientOptions;

  constructor(url: string, access: RegistryAccessOptions, options: RegistryClientOptions) {
    this.url = url;
    this.#access = access;
    this.#options = options;
  }

  /**
   * Sends a request until there is an answer that says something about the request, or the time is over.
   *
   * @param what What is asked for, for errors, such as `get schema 7`.
   * @throws {RegistryError} When there is no such answer.
   */
  async ask(what: string, method: string, path: string, body?: string): Promise<Answer> {
    const { timeoutMs, retryBackoffMs, now, pause } = this.#options;
    const deadline = now() + timeoutMs;
    for (
      let attempt = 1, backoff = retryBackoffMs;;
      attempt++, backoff = Math.min(backoff * 2, retryBackoffMs * 8)
    ) {
      let failure: Failure;
      try {
        const answer = await this.#once(method, path, body, deadline - now());
        if (answer.status < 500 && answer.status !== 429) return answer;
        failure = { why: `received ${statusText(answer)}`, status: answer.status };
      } catch (error) {
        failure = this.#failureOf(what, error);
      }
      if (now() + backoff >= deadline) throw this.#unreachable(what, attempt, failure);
      await pause(backoff);
    }
  }

  /** What may be over when it is tried again; what will not is thrown. */
  #failureOf(what: string, error: unknown): Failure {
    const why = causesOf(error);
    if (error instanceof RegistryConfigError) {
      throw new RegistryError(`Cannot ${what} at ${this.url}: ${error.message}`, undefined, { cause: error });
    }
    const remedy = error instanceof Refused ? error.remedy : refusalOf(why, this.#access);
    if (remedy !== undefined) {
      throw new RegistryError(`Cannot ${what} at ${this.url}: ${why}; ${remedy}`, undefined, {
        cause: error,
      });
    }
    // A denied permission or a wrong header does not go away; only what fetch calls a network error is tried
    // again.
    if (error instanceof TypeError || error instanceof TimedOut) return { why, cause: error };
    throw this.#unreachable(what, 1, { why, cause: error });
  }

  async #once(method: string, path: string, body: string | undefined, timeoutMs: number): Promise<Answer> {
    const access = readAccess(this.#access);
    const abort = new AbortController();
    const timer = setTimeout(
      () => abort.abort(new TimedOut(`no answer within ${Math.round(timeoutMs)} ms`)),
      timeoutMs,
    );
    try {
      return await this.#follow({ method, body, signal: abort.signal }, access, path);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a request, and again to where it is sent on to. */
  async #follow(request: Request, access: RegistryAccess, path: string): Promise<Answer> {
    const own = new URL(this.url + path);
    let target = own;
    // Once away from the registry's own host nothing is told of who asks, also not when it leads back.
    let away = false;
    for (let hops = 0;; hops++) {
      const response = await this.#send(target, request, access, away);
      if (!REDIRECTS.has(response.status)) {
        const text = await boundedText(response, request.signal);
        return {
          status: response.status,
          text,
          elsewhere: away ? target.host : undefined,
          secrets: access.secrets,
        };
      }
      await response.body?.cancel();
      if (hops === MOST_HOPS) throw new Refused(`it redirects more than ${MOST_HOPS} times`, DIRECT);
      target = nextOf(target, response.headers.get("location"));
      away ||= target.origin !== own.origin;
    }
  }

  async #send(target: URL, request: Request, access: RegistryAccess, away: boolean): Promise<Response> {
    const { method, body, signal } = request;
    const { authorization, tls } = away
      ? { authorization: undefined, tls: access.tls?.ca ? { ca: access.tls.ca } : undefined }
      : access;
    const init: RequestInit = {
      method,
      headers: { ...HEADERS, ...(authorization ? { authorization } : {}) },
      signal,
      redirect: "manual",
      ...(body === undefined ? {} : { body }),
    };
    if (this.#options.fetch) return await this.#options.fetch(target.href, init);
    return tls && target.protocol === "https:"
      ? await secureFetch(target.href, init, tls)
      : await fetch(target.href, init);
  }

  /**
   * What an answer says, as an object.
   *
   * @throws {RegistryError} When it says none.
   */
  json(what: string, answer: Answer): Record<string, unknown> {
    const json = parse(answer.text);
    if (!json) throw this.unexpected(what, answer);
    return json;
  }

  /** The error of an answer that says no. */
  refused(what: string, answer: Answer): RegistryError {
    return new RegistryError(
      `Cannot ${what} at ${this.url}: received ${statusText(answer)}; ${remedyOf(answer, this.#access)}`,
      answer.status,
    );
  }

  /** The error of an answer that is none of the API's. */
  unexpected(what: string, answer: Answer): RegistryError {
    return new RegistryError(
      `Cannot ${what} at ${this.url}: received ${shownOf(answer, answer.text, 120) || "nothing"}; ${
        remedyOf({ status: 404 }, this.#access)
      }`,
      answer.status,
    );
  }

  #unreachable(what: string, attempts: number, { why, status, cause }: Failure): RegistryError {
    const tried = attempts === 1 ? "tried once" : `tried ${attempts} times`;
    const alsoCertificate = this.#access.certFile && /ECONNRESET|hang up/.test(why)
      ? "the certificate of SCHEMA_REGISTRY_CERT may be one that it does not trust; "
      : "";
    return new RegistryError(
      `Cannot ${what} at ${this.url}: ${why} (${tried}); ${alsoCertificate}check that the registry runs ` +
        "and that SCHEMA_REGISTRY is its URL; `deno task registry` starts a local one",
      status,
      { cause },
    );
  }
}

interface Request {
  readonly method: string;
  readonly body: string | undefined;
  readonly signal: AbortSignal;
}

interface Failure {
  readonly why: string;
  readonly status?: number;
  readonly cause?: unknown;
}

class TimedOut extends Error {
  override name = "TimedOut";
}

/** An answer that is not taken, and would not be another time. */
class Refused extends Error {
  override name = "Refused";
  readonly remedy: string;
  constructor(message: string, remedy: string) {
    super(message);
    this.remedy = remedy;
  }
}

const TYPE = "application/vnd.schemaregistry.v1+json";
const HEADERS = { accept: `${TYPE}, application/json`, "content-type": TYPE };

/** Those that keep the method: after another one it would not be what was asked for. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 307, 308]);
const MOST_HOPS = 5;
const DIRECT = "set SCHEMA_REGISTRY to the address where it ends";

/** Where a redirect leads. */
function nextOf(from: URL, location: string | null): URL {
  const next = location === null ? null : URL.parse(location, from.href);
  if (!next || !/^https?:$/.test(next.protocol)) {
    throw new Refused(
      "it redirects to what is no http or https URL",
      "check that SCHEMA_REGISTRY is its URL",
    );
  }
  if (from.protocol === "https:" && next.protocol === "http:") {
    throw new Refused(
      `it redirects from https to http, to ${next.host}`,
      "let the registry redirect to https, or set SCHEMA_REGISTRY to the address where it ends",
    );
  }
  // Of the registry's own making, and none of its business.
  next.username = next.password = "";
  return next;
}

/** A longer answer is given up: a schema of the greatest length takes less. */
const MOST_BYTES = 4 * 1024 * 1024;

async function boundedText(response: Response, signal: AbortSignal): Promise<string> {
  const { body } = response;
  if (body === null) return "";
  const reader = body.getReader();
  const cancel = (): void => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const { done, value } = await reader.read();
      if (signal.aborted) throw signal.reason;
      if (done) return textOf(chunks, length);
      length += value.length;
      if (length > MOST_BYTES) {
        cancel();
        throw new Refused(
          `its answer is longer than ${MOST_BYTES} bytes`,
          "check that SCHEMA_REGISTRY is the registry's URL, and which schema it has there",
        );
      }
      chunks.push(value);
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function textOf(chunks: readonly Uint8Array[], length: number): string {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return new TextDecoder().decode(bytes);
}

function statusText(answer: Answer): string {
  const json = parse(answer.text);
  const message = typeof json?.message === "string" ? json.message : "";
  const where = answer.elsewhere === undefined ? "" : ` of ${answer.elsewhere}`;
  return `status ${answer.status}${where}${message ? ` (${shownOf(answer, message, 300)})` : ""}`;
}

/** What the registry says, as far as it fits into a line, without a secret that it may repeat. */
function shownOf({ secrets }: Answer, text: string, length: number): string {
  return abbreviate(conceal(text.slice(0, 4 * length), secrets), length);
}

/** The API's code of what went wrong, if the answer has one. */
export function errorCode(answer: Answer): unknown {
  return parse(answer.text)?.error_code;
}

/** Deeper, or of more parts, is no answer of the API. */
const MOST_LEVELS = 32;
const MOST_PARTS = 10_000;

function parse(text: string): Record<string, unknown> | undefined {
  try {
    checkNesting(text, MOST_LEVELS, MOST_PARTS);
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? json as Record<string, unknown> : undefined;
  } catch {
    // Not JSON, such as a proxy's page: the callers then name the status or show the text.
    return undefined;
  }
}

/** What was thrown and what it was thrown for: of itself `fetch` says only that it failed. */
function causesOf(error: unknown): string {
  const parts: string[] = [];
  for (let each: unknown = error, i = 0; each !== undefined && i < 4; i++) {
    const message = messageOf(each);
    if (message && !parts.some((part) => part.includes(message))) parts.push(message);
    const { code, cause } = (each ?? {}) as { code?: unknown; cause?: unknown };
    if (typeof code === "string" && !parts.some((part) => part.includes(code))) parts.push(code);
    each = cause;
  }
  return abbreviate(parts.join(": ").replace(/\s+/g, " ").trim(), 400);
}
