/**
 * A client of [Confluent's schema registry
 * API](https://docs.confluent.io/platform/current/schema-registry/develop/api.html), which other registries
 * such as Apicurio and Karapace serve too.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { RegisteredSchema, RegisterOptions, SchemaReference } from "./registered_schema.ts";
import { abbreviate, messageOf } from "../text.ts";

/** Settings of a {@linkcode SchemaRegistry}. */
export interface SchemaRegistryOptions {
  /** The user for basic authentication; left out, user and password of the URL are used, if it has any. */
  readonly username?: string;
  /** The password that goes with {@linkcode username}. */
  readonly password?: string;
  /** How long a request may take in all, retries included, in ms. Default 20,000. */
  readonly timeoutMs?: number;
  /** The pause before the first retry, in ms; it doubles up to eight times as long. Default 500. */
  readonly retryBackoffMs?: number;
  /** How long it is remembered that the registry has no schema of an id, in ms. Default 30,000. */
  readonly missingMs?: number;
  /** Sends a request. Default: the runtime's `fetch`; tests replace it. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** The time by a clock that never goes back, in ms. */
  readonly now?: () => number;
  /** Waits before a request is sent again. Default: a timer. */
  readonly pause?: (ms: number) => Promise<void>;
}

/**
 * A registry that can't be asked or says no. The message says what was asked, what came back and what to do.
 */
export class RegistryError extends Error {
  /** Tells it from other errors. */
  override name = "RegistryError";
  /** The HTTP status; `undefined` when there was no answer. */
  readonly status: number | undefined;
  /** An error with the status of the registry's answer; `undefined` without an answer. */
  constructor(message: string, status: number | undefined, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/**
 * Registers schemas and gets them by id. Answers are kept, as ids never change their meaning; while a request
 * is under way, all who ask the same wait for it.
 *
 * @example
 * ```ts ignore
 * import { SchemaRegistry } from "./registry.ts";
 *
 * const registry = new SchemaRegistry("http://localhost:8081/apis/ccompat/v7");
 * const id = await registry.register("GAME-FRAME-RQ-key", '"string"');
 * console.log((await registry.schemaById(id))?.text); // "string"
 * ```
 */
export class SchemaRegistry {
  /** The registry's address, without user and password. */
  readonly url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #options: Required<Omit<SchemaRegistryOptions, "username" | "password">>;
  /** Schemas by id; `null` for those that the registry did not have when it was asked last. */
  readonly #schemas = new Map<number, RegisteredSchema | null>();
  /** Until when a missing schema is taken as missing. */
  readonly #missingUntil = new Map<number, number>();
  readonly #ids = new Map<string, Promise<number>>();
  readonly #loading = new Map<number, Promise<RegisteredSchema | undefined>>();

  /**
   * A client of the registry at a URL; it asks nothing yet.
   *
   * @param url The API's base, such as `http://localhost:8081`; user and password may be in it.
   * @throws {TypeError} When it is no URL of HTTP.
   */
  constructor(url: string, options: SchemaRegistryOptions = {}) {
    const parsed = URL.parse(url);
    if (!parsed || !/^https?:$/.test(parsed.protocol)) {
      // What comes before an @ or after a question mark may be a secret, wherever the rest went wrong.
      const shown = url.replace(/^.*@/s, "…@").replace(/\?.*$/s, "?…");
      throw new TypeError(
        `Cannot use as a schema registry: received ${shown}; allowed is one http or https URL, such as ` +
          "http://localhost:8081",
      );
    }
    const username = options.username ?? decoded(parsed.username);
    const password = options.password ?? decoded(parsed.password);
    parsed.username =
      parsed.password =
      parsed.search =
      parsed.hash =
        "";
    this.url = parsed.href.replace(/\/+$/, "");
    const type = "application/vnd.schemaregistry.v1+json";
    this.#headers = username || password
      ? {
        accept: `${type}, application/json`,
        "content-type": type,
        authorization: basic(username, password),
      }
      : { accept: `${type}, application/json`, "content-type": type };
    this.#options = {
      timeoutMs: options.timeoutMs ?? 20_000,
      retryBackoffMs: options.retryBackoffMs ?? 500,
      missingMs: options.missingMs ?? 30_000,
      fetch: options.fetch ?? fetch,
      now: options.now ?? (() => performance.now()),
      pause: options.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms))),
    };
  }

  /**
   * Registers a schema under a subject, if it is not yet, and gives its id.
   *
   * @param schema Its text: JSON, or a `.proto` file.
   * @throws {RegistryError} When the registry refuses or can't be reached.
   */
  register(subject: string, schema: string, options: RegisterOptions = {}): Promise<number> {
    const { type = "AVRO", references = [] } = options;
    // A registry of before there were other languages knows neither.
    const body = JSON.stringify({
      schema,
      ...(type === "AVRO" ? {} : { schemaType: type }),
      ...(references.length === 0 ? {} : { references: references.map(placeOf) }),
    });
    const name = JSON.stringify([subject, body]);
    const before = this.#ids.get(name);
    if (before) return before;
    const id = this.#register(subject, body).then((id) => {
      // What it refers to was not asked for: with references the schema is known only once it is loaded.
      if (references.length === 0) this.#schemas.set(id, { text: schema, type, references: [] });
      return id;
    });
    this.#ids.set(name, id);
    // A failure is told to those who wait, then forgotten: the next one asks again.
    id.catch(() => this.#ids.delete(name));
    return id;
  }

  async #register(subject: string, body: string): Promise<number> {
    const what = `register the schema of subject ${subject}`;
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    const ask = (): Promise<Answer> => this.#ask(what, "POST", path, body);
    let answer = await ask();
    if (answer.status === CONFLICT) {
      // Of two that register the same schema at the same moment a registry may refuse one: by now it has the
      // schema.
      await this.#options.pause(this.#options.retryBackoffMs);
      answer = await ask();
    }
    if (answer.status !== 200) throw this.#refused(what, answer);
    const { id } = this.#json(what, answer);
    if (!Number.isInteger(id)) throw this.#unexpected(what, answer);
    return id as number;
  }

  /**
   * What is known of an id without asking: its schema, `null` when the registry has none, `undefined` when it
   * has to be asked.
   */
  peek(id: number): RegisteredSchema | null | undefined {
    const schema = this.#schemas.get(id);
    if (schema === null && this.#options.now() >= this.#missingUntil.get(id)!) return undefined;
    return schema;
  }

  /**
   * The schema of an id; `undefined` when the registry has none.
   *
   * @throws {RegistryError} When the registry refuses or can't be reached.
   */
  async schemaById(id: number): Promise<RegisteredSchema | undefined> {
    const known = this.peek(id);
    if (known !== undefined) return known ?? undefined;
    let loading = this.#loading.get(id);
    if (!loading) {
      loading = this.#load(id).finally(() => this.#loading.delete(id));
      this.#loading.set(id, loading);
    }
    return await loading;
  }

  async #load(id: number): Promise<RegisteredSchema | undefined> {
    const what = `get schema ${id}`;
    const answer = await this.#ask(what, "GET", `/schemas/ids/${id}`);
    if (answer.status === 404 && errorCode(answer) === NO_SUCH_SCHEMA) {
      this.#schemas.set(id, null);
      this.#missingUntil.set(id, this.#options.now() + this.#options.missingMs);
      return undefined;
    }
    if (answer.status !== 200) throw this.#refused(what, answer);
    const { text, references } = this.#schemaOf(what, answer);
    const { schemaType = "AVRO" } = this.#json(what, answer);
    const found = new Map<string, { name: string; text: string }>();
    await this.#resolve(references, found, new Set());
    const schema = { text, type: String(schemaType), references: [...found.values()] };
    this.#schemas.set(id, schema);
    this.#missingUntil.delete(id);
    return schema;
  }

  /** Loads what references lead to, each once and after those that it has itself. */
  async #resolve(
    references: readonly SchemaReference[],
    found: Map<string, { name: string; text: string }>,
    begun: Set<string>,
  ): Promise<void> {
    for (const { name, subject, version } of references) {
      const place = JSON.stringify([name, subject, version]);
      if (begun.has(place)) continue;
      begun.add(place);
      const what = `get version ${version} of subject ${subject}, which a schema refers to`;
      if (begun.size > MOST_REFERENCES) {
        throw new RegistryError(
          `Cannot ${what} at ${this.url}: it refers to more than ${MOST_REFERENCES} schemas`,
          undefined,
        );
      }
      const answer = await this.#ask(
        what,
        "GET",
        `/subjects/${encodeURIComponent(subject)}/versions/${version}`,
      );
      if (answer.status !== 200) throw this.#refused(what, answer);
      const { text, references } = this.#schemaOf(what, answer);
      await this.#resolve(references, found, begun);
      found.set(place, { name, text });
    }
  }

  #schemaOf(what: string, answer: Answer): { text: string; references: readonly SchemaReference[] } {
    const { schema, references = [] } = this.#json(what, answer);
    if (typeof schema !== "string" || !Array.isArray(references)) throw this.#unexpected(what, answer);
    return { text: schema, references: references as SchemaReference[] };
  }

  /** Sends a request until there is an answer that says something about the request, or the time is over. */
  async #ask(what: string, method: string, path: string, body?: string): Promise<Answer> {
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
        // A denied permission or a wrong header does not go away; only what fetch calls a network error is
        // tried again.
        if (!(error instanceof TypeError || error instanceof TimedOut)) {
          throw this.#unreachable(what, 1, { why: messageOf(error), cause: error });
        }
        failure = { why: messageOf(error), cause: error };
      }
      if (now() + backoff >= deadline) throw this.#unreachable(what, attempt, failure);
      await pause(backoff);
    }
  }

  async #once(method: string, path: string, body: string | undefined, timeoutMs: number): Promise<Answer> {
    const abort = new AbortController();
    const timer = setTimeout(
      () => abort.abort(new TimedOut(`no answer within ${Math.round(timeoutMs)} ms`)),
      timeoutMs,
    );
    try {
      const response = await this.#options.fetch(this.url + path, {
        method,
        headers: this.#headers,
        signal: abort.signal,
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, text: await response.text() };
    } finally {
      clearTimeout(timer);
    }
  }

  #json(what: string, answer: Answer): Record<string, unknown> {
    const json = parse(answer.text);
    if (!json) throw this.#unexpected(what, answer);
    return json;
  }

  #refused(what: string, answer: Answer): RegistryError {
    return new RegistryError(
      `Cannot ${what} at ${this.url}: received ${statusText(answer)}; ${remedy(answer)}`,
      answer.status,
    );
  }

  #unexpected(what: string, answer: Answer): RegistryError {
    return new RegistryError(
      `Cannot ${what} at ${this.url}: received ${abbreviate(answer.text) || "nothing"}; ${NOT_THE_API}`,
      answer.status,
    );
  }

  #unreachable(what: string, attempts: number, { why, status, cause }: Failure): RegistryError {
    const tried = attempts === 1 ? "tried once" : `tried ${attempts} times`;
    return new RegistryError(
      `Cannot ${what} at ${this.url}: ${why} (${tried}); check that the registry runs and that ` +
        "SCHEMA_REGISTRY is its URL; " +
        `\`deno task registry\` starts a local one`,
      status,
      { cause },
    );
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

interface Failure {
  readonly why: string;
  readonly status?: number;
  readonly cause?: unknown;
}

class TimedOut extends Error {
  override name = "TimedOut";
}

/** The status of a schema that is not compatible, or that another one registers at the same moment. */
const CONFLICT = 409;
/** The API's error code for an id that it does not know; any other 404 says that this is not the API. */
const NO_SUCH_SCHEMA = 40403;
/** A schema that refers to more was made to take time. */
const MOST_REFERENCES = 200;
const NOT_THE_API =
  "check that SCHEMA_REGISTRY is the base URL of Confluent's API (Apicurio's ends in /apis/ccompat/v7)";

/** A reference as the registry has it, without the text that a serde may know of it. */
function placeOf({ name, subject, version }: SchemaReference): SchemaReference {
  return { name, subject, version };
}

function remedy(answer: Answer): string {
  switch (answer.status) {
    case 401:
    case 403:
      return "check the user and the password in SCHEMA_REGISTRY, and what that user may do";
    case 404:
      return NOT_THE_API;
    case CONFLICT:
      return "make the schema compatible with the subject's former versions, or change the subject's " +
        "compatibility level";
    case 422:
      return "the registry does not take the schema: see its message";
    default:
      return NOT_THE_API;
  }
}

function statusText(answer: Answer): string {
  const json = parse(answer.text);
  const message = typeof json?.message === "string" ? json.message : "";
  return `status ${answer.status}${message ? ` (${abbreviate(message, 300)})` : ""}`;
}

function errorCode(answer: Answer): unknown {
  return parse(answer.text)?.error_code;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? json as Record<string, unknown> : undefined;
  } catch {
    // Not JSON, such as a proxy's page: the callers then name the status or show the text.
    return undefined;
  }
}

/** A part of a URL without its percent encoding. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    // A percent sign that encodes nothing is taken as it is.
    return part;
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}
