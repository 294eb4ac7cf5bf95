import type { Serde } from "../../serde/serde.ts";
import { TopologyError } from "../errors.ts";
import type { Processor } from "../processors/processor.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import { KTable } from "./ktable.ts";
import type { Grouped } from "./options.ts";
import type { AggregationParent } from "./repartition.ts";
import type { Windowed } from "../windows/windowed.ts";

/** How a windowed aggregate's state is kept. */
export interface WindowMaterialized<K, A> {
  /** The store's name. Default: a generated one. */
  readonly name?: string;
  /** The serde of the keys. Default: the grouped stream's. */
  readonly key?: Serde<K>;
  /** The serde of the aggregates. */
  readonly value: Serde<A>;
  /** Whether the store has a changelog. Default true. */
  readonly logged?: boolean;
  /**
   * How long windows can be found, in ms of stream time. Default, and at least: as long as records may still
   * come, which is the size and the grace of time windows, twice the time difference and the grace of sliding
   * ones, the gap and the grace of sessions.
   */
  readonly retentionMs?: number;
}

/** What {@linkcode addWindowedAggregation} adds. */
export interface WindowedAggregationDef<K, A> {
  /** What generated names begin with. */
  readonly prefix: string;
  readonly materialized: WindowMaterialized<K, A>;
  readonly kind: "window" | "session";
  /** How long after the end that its key tells a window is closed, in ms. */
  readonly closesAfterMs: number;
  /** The least that the store has to keep for the results to be right, in ms. */
  readonly leastRetentionMs: number;
  /** The serde of the table's keys. */
  readonly windowedKey: Serde<Windowed<K>>;
  /** Makes the processor of one task. */
  readonly create: (storeName: string) => Processor;
}

/**
 * Adds a windowed aggregation with its store.
 * @throws {TopologyError} When the store would keep windows for a shorter time than records may still come
 * for them.
 */
export function addWindowedAggregation<K, V, A>(
  graph: BuilderGraph,
  parent: AggregationParent<K, V>,
  grouped: Grouped<K, V>,
  def: WindowedAggregationDef<K, A>,
): KTable<Windowed<K>, A> {
  const { prefix, materialized, kind, leastRetentionMs } = def;
  const storeName = materialized.name ?? graph.newStoreName(prefix);
  const name = graph.newName(prefix);
  const retentionMs = materialized.retentionMs ?? leastRetentionMs;
  if (!(retentionMs >= leastRetentionMs)) {
    throw new TopologyError(
      `Cannot add store ${storeName}: received a retention of ${retentionMs} ms; its windows take records ` +
        `for ${leastRetentionMs} ms, so it must be at least that`,
    );
  }
  const parentName = parent.node(storeName);
  graph.addStore({
    kind,
    name: storeName,
    key: materialized.key ?? grouped.key,
    value: materialized.value,
    logged: materialized.logged ?? true,
    retentionMs,
  });
  graph.add({
    kind: "processor",
    name,
    parents: [parentName],
    stores: [storeName],
    create: () => def.create(storeName),
  });
  graph.setWindowGrace(name, def.closesAfterMs);
  return new KTable(graph, name, storeName, { key: def.windowedKey, value: materialized.value });
}
