import { TopologyError } from "../errors.ts";
import { MapAsync, type MapAsyncOptions } from "../processors/map_async.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import type { AsyncOptions } from "./options.ts";

const DEFAULT_CONCURRENCY = 16;
const DEFAULT_TIMEOUT_MS = 10_000;
/** With exactly once a commit waits as long, and brokers leave no transaction open for over 15 minutes. */
const MAX_TIMEOUT_MS = 600_000;

/** What an asynchronous step does, and what it is called in Kafka Streams' names. */
export interface AsyncStep<K, V, R> extends Pick<MapAsyncOptions<K, V, R>, "call" | "result"> {
  readonly method: "mapAsync" | "mapValuesAsync";
  readonly prefix: string;
}

/**
 * Adds a step that waits for promises, and returns its name.
 *
 * @throws {TopologyError} When an option is wrong.
 */
export function addAsyncStep<K, V, R>(
  graph: BuilderGraph,
  parent: string,
  { method, prefix, call, result }: AsyncStep<K, V, R>,
  options: AsyncOptions,
): string {
  const { concurrency = DEFAULT_CONCURRENCY, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  check(method, "concurrency", concurrency, Number.MAX_SAFE_INTEGER);
  check(method, "timeoutMs", timeoutMs, MAX_TIMEOUT_MS);
  const name = graph.nameOf(options.name, prefix);
  graph.add({
    kind: "processor",
    name,
    parents: [parent],
    stores: [],
    create: () => new MapAsync({ call, result, concurrency, timeoutMs }),
    callTimeoutMs: timeoutMs,
  });
  return name;
}

/**
 * What the promise of a `mapAsync` has given.
 *
 * @throws {TypeError} When it is not a key with a value.
 */
export function keyAndValue<K, V>(pair: readonly [K, V]): readonly [K, V] {
  if (Array.isArray(pair) && pair.length === 2) return pair;
  throw new TypeError(`its promise gave ${typeof pair}; it must give a list of two, [key, value]`);
}

function check(method: string, option: keyof AsyncOptions, value: unknown, most: number): void {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most) return;
  const range = most === Number.MAX_SAFE_INTEGER ? "of at least 1" : `from 1 to ${most}`;
  throw new TopologyError(
    `Cannot add ${method}: received ${option} ${String(value)}; it must be a whole number ${range}`,
  );
}
