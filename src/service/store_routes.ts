/**
 * Reads of an application's stores over HTTP.
 *
 * - `GET /stores`: the stores with their sizes and tasks here, and where the other tasks are.
 * - `GET /stores/<name>?limit=20`: some entries of this instance; of windows and sessions the newest.
 * - `GET /stores/<name>/<key>`: 200 with the value, 404 when there is no such key, 307 to the instance that
 *   has it, or 503 while that one restores it, is not known, or does not serve its stores.
 *
 * @module
 */
import type { StreamsApp, Topology } from "../engine/mod.ts";
import { readOnly, type RouteHandler } from "../metrics/http_server.ts";
import { jsonResponse } from "../metrics/json_response.ts";
import { readEndpoint } from "./endpoints.ts";

/** How a store is served. */
export interface ServedStore {
  /** The store's name in the topology. */
  readonly store: string;
  /** The store's name in the path. Default: that in the topology. */
  readonly path?: string;
  /**
   * Reads a key from the path, which is decoded already; what it throws answers the request, with status 400.
   * Default: the key is the text itself.
   */
  readonly parseKey?: (text: string) => unknown;
}

/** A store that is served, with all that is known of it. */
export type StoreRoute = Required<ServedStore>;

/** A key that can't be read from a path. */
export class KeyError extends Error {
  /** How logs name the error. */
  override name = "KeyError";
}

/** What the routes need of an application. */
export type StoreReader = Pick<
  StreamsApp,
  "queryStore" | "stores" | "storeEntries" | "taskEndpoints" | "state"
>;

/** Entries of a list where no limit is given, and at most. */
const DEFAULT_LIMIT = 20;
const MAX_LIMIT = 1000;

/** The kinds of stores that can be read from outside. */
const READABLE: ReadonlySet<string> = new Set(["key-value", "window", "session"]);

/**
 * How each store of a topology is served that can be read.
 *
 * @param served What is to be served otherwise than by name and text.
 * @throws {TypeError} When one of these names is no store that can be read.
 */
export function routesOf(topology: Topology, served: readonly ServedStore[] = []): StoreRoute[] {
  const readable = [...topology.stores.values()].filter(({ kind }) => READABLE.has(kind)).map(({ name }) =>
    name
  );
  const stranger = served.find(({ store }) => !readable.includes(store));
  if (stranger !== undefined) {
    throw new TypeError(
      `Cannot serve store ${stranger.store}: received a name that is not one of ` +
        (readable.join(", ") || "the topology, which has none to read"),
    );
  }
  return readable.map((store) => ({
    path: store,
    parseKey: (text: string) => text,
    ...served.find((each) => each.store === store),
    store,
  }));
}

/** The routes, by path. */
export function storeRoutes(app: StoreReader, stores: readonly StoreRoute[]): Record<string, RouteHandler> {
  const handler = readOnly(async (_request, url) => {
    if (app.state !== "joining" && app.state !== "running") {
      return unavailable(`the application is ${app.state}`);
    }
    try {
      const [, , name = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
      if (name === "") return jsonResponse(overview(app, stores));
      const served = stores.find(({ path, store }) => path === name || store === name);
      if (served === undefined) {
        const error = `no such store: ${name}`;
        return jsonResponse({ error, stores: stores.map(({ path }) => path) }, 404);
      }
      const text = rest.join("/");
      return text === "" ? await list(app, served, url) : await one(app, served, keyOf(served, text), url);
    } catch (error) {
      // What decodeURIComponent throws is the address's fault too.
      if (error instanceof KeyError || error instanceof URIError) {
        return jsonResponse({ error: error.message }, 400);
      }
      throw error;
    }
  });
  return { "/stores": handler, "/stores/": handler };
}

function keyOf({ path, parseKey }: StoreRoute, text: string): unknown {
  try {
    return parseKey(text);
  } catch (error) {
    if (error instanceof KeyError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new KeyError(`Cannot read a key of ${path}: received ${text}; ${reason}`, { cause: error });
  }
}

function overview(app: StoreReader, stores: readonly StoreRoute[]): unknown {
  const byName = Map.groupBy(app.stores(), ({ store }) => store);
  const instances: Record<string, string[]> = {};
  for (const [task, text] of app.taskEndpoints) {
    const { stores: address } = readEndpoint(text);
    if (address !== undefined) (instances[address] ??= []).push(task);
  }
  return {
    stores: [...byName].map(([store, tasks]) => ({
      store: stores.find((served) => served.store === store)?.path ?? store,
      kind: tasks[0]!.kind,
      entries: tasks.reduce((sum, { entries }) => sum + entries, 0),
      bytes: tasks.reduce((sum, { bytes }) => sum + bytes, 0),
      tasks: tasks.map(({ task, restoring, entries, bytes }) => ({ task, restoring, entries, bytes })),
    })),
    instances,
  };
}

async function list(app: StoreReader, { path, store }: StoreRoute, url: URL): Promise<Response> {
  const asked = url.searchParams.get("limit") ?? String(DEFAULT_LIMIT);
  if (!/^\d{1,9}$/.test(asked) || Number(asked) < 1) {
    throw new KeyError(`Cannot list ${path}: received limit ${asked}; it is a number from 1 to ${MAX_LIMIT}`);
  }
  const limit = Math.min(Number(asked), MAX_LIMIT);
  return jsonResponse({ store: path, limit, entries: await app.storeEntries(store, limit) });
}

async function one(
  app: StoreReader,
  { path, store }: StoreRoute,
  key: unknown,
  url: URL,
): Promise<Response> {
  const answer = await app.queryStore(store, key);
  const { task } = answer;
  switch (answer.kind) {
    case "local":
      return answer.value === null
        ? jsonResponse({ error: `no such key in ${path}`, store: path, key, task }, 404)
        : jsonResponse({ store: path, key, task, value: answer.value });
    case "elsewhere": {
      const { stores: instance } = readEndpoint(answer.endpoint);
      if (instance === undefined) {
        const error =
          `the instance that has task ${task} does not serve its stores (start it with --stores-port)`;
        return unavailable(error, { store: path, key, task });
      }
      const location = `http://${instance}${url.pathname}${url.search}`;
      return jsonResponse({ store: path, key, task, instance }, 307, { location });
    }
    case "restoring":
      return unavailable(`task ${task} is being restored`, { store: path, key, task });
    case "unknown":
      return unavailable(
        `another instance has task ${task}, or for the moment none; no instance has said that it is ` +
          "reached for it (start them with --advertise)",
        { store: path, key, task },
      );
  }
}

function unavailable(error: string, more: Record<string, unknown> = {}): Response {
  return jsonResponse({ error, ...more }, 503, { "retry-after": "1" });
}
