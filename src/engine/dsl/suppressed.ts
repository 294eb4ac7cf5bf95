import type { Serde } from "../../avro/serde.ts";
import { TopologyError } from "../errors.ts";
import { Suppress, type Suppression } from "../processors/suppress.ts";
import type { BuilderGraph } from "./builder_graph.ts";

/** Limits of what a suppression holds back. */
export interface SuppressOptions {
  /** The node's name; the store is then called `<name>-store`. Default: generated names. */
  readonly name?: string;
  /** Most keys. Default: no limit. */
  readonly maxRecords?: number;
  /** Most bytes: keys, values, headers and some 30 bytes a key. Default: no limit. */
  readonly maxBytes?: number;
  /** Whether what is held back has a changelog. Default true. */
  readonly logged?: boolean;
}

/** Limits of {@linkcode untilTimeLimit}. */
export interface TimeLimitOptions extends SuppressOptions {
  /** What happens at a limit: the changes that came first go out early, or the application fails. Default `emit`. */
  readonly whenFull?: "emit" | "fail";
}

/** When a table's changes go on: made by {@linkcode untilWindowCloses} and {@linkcode untilTimeLimit}. */
export interface Suppressed extends Omit<Suppression, "waitMs"> {
  /** In ms; `undefined`: the grace of the windows. */
  readonly waitMs: number | undefined;
  readonly name: string | undefined;
  readonly logged: boolean;
}

/**
 * Only the final result of each window goes on, once stream time has reached the window's end and grace. The application fails when more
 * is held back than the limits allow: early results would not be final.
 *
 * @example
 * ```ts
 * import { int64Serde, StreamsBuilder, stringSerde, TimeWindows, untilWindowCloses, windowedSerde } from "../../../mod.ts";
 *
 * const text = { key: stringSerde(), value: stringSerde() };
 * const builder = new StreamsBuilder();
 * builder.stream("words", text)
 *   .groupByKey(text)
 *   .windowedBy(TimeWindows.ofSizeAndGrace(60_000, 10_000))
 *   .count()
 *   .suppress(untilWindowCloses())
 *   .toStream()
 *   .to("counts", { key: windowedSerde(stringSerde(), 60_000), value: int64Serde() });
 * ```
 */
export function untilWindowCloses(options: SuppressOptions = {}): Suppressed {
  return suppressed(undefined, "window-end", "fail", false, options);
}

/**
 * Each key's changes are held back for a time after the first one; then only the latest goes on.
 *
 * @param waitMs How long, in ms of stream time.
 */
export function untilTimeLimit(waitMs: number, options: TimeLimitOptions = {}): Suppressed {
  if (!(waitMs >= 0)) {
    throw new RangeError(`Cannot hold changes back: received ${waitMs} ms; it must not be negative`);
  }
  return suppressed(waitMs, "record-time", options.whenFull ?? "emit", true, options);
}

function suppressed(
  waitMs: number | undefined,
  from: Suppression["from"],
  whenFull: Suppression["whenFull"],
  tombstones: boolean,
  { name, maxRecords = Infinity, maxBytes = Infinity, logged = true }: SuppressOptions,
): Suppressed {
  for (const [what, limit] of [["maxRecords", maxRecords], ["maxBytes", maxBytes]] as const) {
    if (!(limit >= 0)) {
      throw new RangeError(`Cannot hold changes back: received ${what} ${limit}; it must not be negative`);
    }
  }
  return { waitMs, from, whenFull, tombstones, name, maxRecords, maxBytes, logged };
}

/** The serdes of a table. */
export interface TableSerdes<K, V> {
  readonly key: Serde<K>;
  readonly value: Serde<V>;
}

/**
 * Adds a suppression of a table.
 *
 * @param parent The table's node.
 * @returns The names of the node and of its store.
 * @throws {TopologyError} When the table's serdes are not known, or it is to wait for the end of windows that the table does not have.
 */
export function addSuppression<K, V>(
  graph: BuilderGraph,
  parent: string,
  serdes: TableSerdes<K, V> | undefined,
  { name: given, logged, waitMs, ...rest }: Suppressed,
): { name: string; storeName: string } {
  const name = given ?? graph.newName("KTABLE-SUPPRESS");
  if (serdes === undefined) {
    throw new TopologyError(
      `Cannot add ${name}: received the table of ${parent}, whose serdes are not known; give suppress the serdes of its keys and values`,
    );
  }
  const grace = waitMs ?? graph.windowGraceBefore(parent);
  if (grace === undefined) {
    throw new TopologyError(
      `Cannot add ${name}: received a table that is not windowed, ${parent}, to suppress until windows close; use untilTimeLimit`,
    );
  }
  const storeName = given === undefined ? graph.newStoreName("KTABLE-SUPPRESS") : `${given}-store`;
  graph.addStore({ kind: "suppress", name: storeName, ...serdes, logged, retentionMs: Infinity });
  const suppression: Suppression = { ...rest, waitMs: grace };
  graph.add({
    kind: "processor",
    name,
    parents: [parent],
    stores: [storeName],
    create: () => new Suppress<K, V>(name, storeName, suppression),
  });
  return { name, storeName };
}
