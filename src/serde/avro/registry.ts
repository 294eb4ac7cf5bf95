/**
 * A client of [Confluent's schema registry
 * API](https://docs.confluent.io/platform/current/schema-registry/develop/api.html), which other registries
 * such as Apicurio and Karapace serve too.
 *
 * @module
 */
import { shownAddress } from "../../secrecy/shown_address.ts";
import { BoundedMap, charactersOf, MOST_KEPT_CHARACTERS } from "./bounded_map.ts";
import { MissingIds } from "./missing_ids.ts";
import type { RegisteredSchema, RegisterOptions, SchemaReference } from "./registered_schema.ts";
import type { RegistryAccessOptions } from "./registry_access.ts";
import { type Answer, errorCode, RegistryClient } from "./registry_client.ts";
import { RegistryError } from "./registry_error.ts";
import { isSchemaId } from "./schema_id.ts";
import { abbreviate } from "../text.ts";

export { RegistryError } from "./registry_error.ts";

/** Settings of a {@linkcode SchemaRegistry}. */
export interface SchemaRegistryOptions extends RegistryAccessOptions {
  /** How long a request may take in all, retries included, in ms. Default 20,000. */
  readonly timeoutMs?: number;
  /** The pause before the first retry, in ms; it doubles up to eight times as long. Default 500. */
  readonly retryBackoffMs?: number;
  /** How long it is remembered that the registry has no schema of an id, in ms. Default 30,000. */
  readonly missingMs?: number;
  /** Sends a request, which it must not redirect. Default: the runtime's `fetch`; tests replace it. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>;
  /** The time by a clock that never goes back, in ms. */
  readonly now?: () => number;
  /** Waits before a request is sent again. Default: a timer. */
  readonly pause?: (ms: number) => Promise<void>;
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
  readonly #client: RegistryClient;
  readonly #now: () => number;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #retryBackoffMs: number;
  readonly #schemas = new BoundedMap<RegisteredSchema>(MOST_KEPT_CHARACTERS);
  readonly #missing: MissingIds;
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
      throw new TypeError(
        `Cannot use as a schema registry: received ${
          shownAddress(url)
        }; allowed is one http or https URL, such as ` +
          "http://localhost:8081",
      );
    }
    const access = {
      ...options,
      username: options.username ?? decoded(parsed.username),
      password: options.password ?? (options.passwordFile ? undefined : decoded(parsed.password)),
    };
    parsed.username =
      parsed.password =
      parsed.search =
      parsed.hash =
        "";
    this.url = parsed.href.replace(/\/+$/, "");
    this.#now = options.now ?? (() => performance.now());
    this.#pause = options.pause ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
    this.#retryBackoffMs = options.retryBackoffMs ?? 500;
    this.#missing = new MissingIds(options.missingMs ?? 30_000);
    this.#client = new RegistryClient(this.url, access, {
      timeoutMs: options.timeoutMs ?? 20_000,
      retryBackoffMs: this.#retryBackoffMs,
      fetch: options.fetch,
      now: this.#now,
      pause: this.#pause,
    });
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
      if (references.length === 0) this.#keep(id, { text: schema, type, references: [] });
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
    const ask = (): Promise<Answer> => this.#client.ask(what, "POST", path, body);
    let answer = await ask();
    if (answer.status === CONFLICT) {
      // Of two that register the same schema at the same moment a registry may refuse one: by now it has the
      // schema.
      await this.#pause(this.#retryBackoffMs);
      answer = await ask();
    }
    if (answer.status !== 200) throw this.#client.refused(what, answer);
    const { id } = this.#client.json(what, answer);
    if (!isSchemaId(id)) throw this.#client.unexpected(what, answer);
    return id;
  }

  /**
   * What is known of an id without asking: its schema, `null` when the registry has none, `undefined` when it
   * has to be asked.
   */
  peek(id: number): RegisteredSchema | null | undefined {
    // No registry has what is no id, whoever asks.
    if (!isSchemaId(id)) return null;
    return this.#schemas.get(id) ?? (this.#missing.has(id, this.#now()) ? null : undefined);
  }

  /**
   * The schema of an id; `undefined` when the registry has none. After some hundred ids that it does not have
   * it waits before it asks for more, so that made-up ids do not flood the registry.
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
    for (let ms = this.#missing.waitMs(this.#now()); ms > 0; ms = this.#missing.waitMs(this.#now())) {
      await this.#pause(ms);
    }
    const what = `get schema ${id}`;
    const answer = await this.#client.ask(what, "GET", `/schemas/ids/${id}`);
    if (answer.status === 404 && errorCode(answer) === NO_SUCH_SCHEMA) {
      this.#missing.add(id, this.#now());
      return undefined;
    }
    if (answer.status !== 200) throw this.#client.refused(what, answer);
    const { text, references } = this.#schemaOf(what, answer);
    const { schemaType = "AVRO" } = this.#client.json(what, answer);
    const found = new Map<string, { name: string; text: string }>();
    await this.#resolve(references, found, new Set(), { characters: text.length });
    const schema = { text, type: abbreviate(String(schemaType)), references: [...found.values()] };
    this.#keep(id, schema);
    this.#missing.delete(id);
    return schema;
  }

  /** Loads what references lead to, each once and after those that it has itself. */
  async #resolve(
    references: readonly SchemaReference[],
    found: Map<string, { name: string; text: string }>,
    begun: Set<string>,
    total: { characters: number },
  ): Promise<void> {
    for (const { name, subject, version } of references) {
      const place = JSON.stringify([name, subject, version]);
      if (begun.has(place)) continue;
      begun.add(place);
      const what = `get version ${version} of subject ${subject}, which a schema refers to`;
      const tooMuch = (much: string): RegistryError =>
        new RegistryError(
          `Cannot ${what} at ${this.url}: the schema refers to more than ${much}; register it with fewer`,
          undefined,
        );
      if (begun.size > MOST_REFERENCES) throw tooMuch(`${MOST_REFERENCES} schemas`);
      const answer = await this.#client.ask(
        what,
        "GET",
        `/subjects/${encodeURIComponent(subject)}/versions/${version}`,
      );
      if (answer.status !== 200) throw this.#client.refused(what, answer);
      const { text, references } = this.#schemaOf(what, answer);
      total.characters += text.length;
      if (total.characters > MOST_CHARACTERS) throw tooMuch(`${MOST_CHARACTERS} characters of schemas`);
      await this.#resolve(references, found, begun, total);
      found.set(place, { name, text });
    }
  }

  #keep(id: number, schema: RegisteredSchema): void {
    this.#schemas.set(id, schema, charactersOf(schema));
  }

  #schemaOf(what: string, answer: Answer): { text: string; references: readonly SchemaReference[] } {
    const { schema, references } = this.#client.json(what, answer);
    const places = references ?? [];
    if (typeof schema !== "string" || !Array.isArray(places) || !places.every(isPlace)) {
      throw this.#client.unexpected(what, answer);
    }
    return { text: schema, references: places };
  }
}

/** The status of a schema that is not compatible, or that another one registers at the same moment. */
const CONFLICT = 409;
/** The API's error code for an id that it does not know; any other 404 says that this is not the API. */
const NO_SUCH_SCHEMA = 40403;
/** A schema that refers to more was made to take time. */
const MOST_REFERENCES = 200;
/** A schema that is longer with what it refers to was made to take memory. */
const MOST_CHARACTERS = 2 * 1_048_576;
/** A reference as the registry has it, without the text that a serde may know of it. */
function placeOf({ name, subject, version }: SchemaReference): SchemaReference {
  return { name, subject, version };
}

function isPlace(reference: unknown): reference is SchemaReference {
  if (typeof reference !== "object" || reference === null) return false;
  const { name, subject, version } = reference as Record<string, unknown>;
  return typeof name === "string" && typeof subject === "string" && Number.isInteger(version);
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
