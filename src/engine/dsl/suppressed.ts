import type { Serde } from "../../serde/serde.ts";
import { TopologyError } from "../errors.ts";
import { Suppress, type Suppression } from "../processors/suppress.ts";
import { SuppressGetter } from "../processors/suppress_getter.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import type { TableSupplier, TableView } from "./table_supplier.ts";

/** Limits of what a suppression holds back. */
export interface SuppressOptions {
  /** The node's name; the store is then called `<name>-store`. Default: generated names. */
  readonly name?: string;
  /** Most keys that are held back. Default: no limit. */
  readonly maxRecords?: number;
  /** Most bytes that are held back: keys, values, headers and some 30 bytes a key. Default: no limit. */
  readonly maxBytes?: number;
  /** Whether what is held back has a changelog. Default true. */
  readonly logged?: boolean;
}

/** Limits of {@linkcode untilTimeLimit}. */
export interface TimeLimitOptions extends SuppressOptions {
  /**
   * What happens at a limit: the changes that came first go out early, or the application fails. Default
   * `emit`.
   */
  readonly whenFull?: "emit" | "fail";
}

/** When a table's changes go on: made by {@linkcode untilWindowCloses} and {@linkcode untilTimeLimit}. */
export interface Suppressed {
  /** How long a change is held back, in ms; `undefined`: until the grace of its window is over. */
  readonly waitMs: number | undefined;
  /** Whether that time begins with the change, or with the end of its key's window. */
  readonly from: "record-time" | "window-end";
  /** Most keys that are held back. */
  readonly maxRecords: number;
  /** Most bytes that are held back. */
  readonly maxBytes: number;
  /** What happens at a limit: the changes that came first go out early, or the application fails. */
  readonly whenFull: "emit" | "fail";
  /** Whether removed values go out: not where nothing went out before. */
  readonly tombstones: boolean;
  /** The node's name; `undefined`: a generated one. */
  readonly name: string | undefined;
  /** Whether what is held back has a changelog. */
  readonly logged: boolean;
}

/**
 * Only the final result of each window goes on, once stream time has reached the window's end and grace. The
 * application fails when more is held back than the limits allow: early results would not be final.
 *
 * @example
 * ```ts
 * import { int64Serde, StreamsBuilder, stringSerde, windowedSerde } from "../../../mod.ts";
 * import { TimeWindows, untilWindowCloses } from "../../../mod.ts";
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
  /** The serde of the keys. */
  readonly key: Serde<K>;
  /** The serde of the values. */
  readonly value: Serde<V>;
}

/** A table whose changes are held back. */
class SuppressedTable<K, V> implements TableSupplier<K, V> {
  /** The buffer holds only what has not gone on. */
  readonly storeName: undefined;
  readonly #bufferName: string;
  readonly #parent: TableSupplier<K, V>;

  constructor(bufferName: string, parent: TableSupplier<K, V>) {
    this.#bufferName = bufferName;
    this.#parent = parent;
  }

  sendOldValues(force: boolean): boolean {
    return this.#parent.sendOldValues(force);
  }

  view(): TableView<K, V> {
    const { stores, getter } = this.#parent.view();
    return {
      stores: [this.#bufferName, ...stores],
      getter: () => new SuppressGetter(this.#bufferName, getter()),
    };
  }
}

/** The table that a suppression is added to. */
export interface SuppressedSide<K, V> {
  readonly nodeName: string;
  readonly table: TableSupplier<K, V>;
}

/**
 * Adds a suppression of a table.
 *
 * @returns The name of the node, and the suppressed table.
 * @throws {TopologyError} When the table's serdes are not known, or it is to wait for the end of windows that
 * the table does not have.
 */
export function addSuppression<K, V>(
  graph: BuilderGraph,
  { nodeName, table }: SuppressedSide<K, V>,
  serdes: TableSerdes<K, V> | undefined,
  { name: given, logged, waitMs, ...rest }: Suppressed,
): { name: string; table: TableSupplier<K, V> } {
  const name = given ?? graph.newName("KTABLE-SUPPRESS");
  if (serdes === undefined) {
    throw new TopologyError(
      `Cannot add ${name}: received the table of ${nodeName}, whose serdes are not known; give suppress ` +
        "the serdes of its keys and values",
    );
  }
  const grace = waitMs ?? graph.windowGraceBefore(nodeName);
  if (grace === undefined) {
    throw new TopologyError(
      `Cannot add ${name}: received a table that is not windowed, ${nodeName}, to suppress until windows ` +
        "close; use untilTimeLimit",
    );
  }
  const storeName = given === undefined ? graph.newStoreName("KTABLE-SUPPRESS") : `${given}-store`;
  // Readers of the suppressed table see what a held back change replaces.
  table.sendOldValues(true);
  graph.addStore({ kind: "suppress", name: storeName, ...serdes, logged, retentionMs: Infinity });
  const suppression: Suppression = { ...rest, waitMs: grace };
  graph.add({
    kind: "processor",
    name,
    parents: [nodeName],
    stores: [storeName],
    create: () => new Suppress<K, V>(name, storeName, suppression),
  });
  return { name, table: new SuppressedTable(storeName, table) };
}
