import { TableJoin, type TableJoinSide } from "../processors/table_join.ts";
import { TableJoinMerge } from "../processors/table_values.ts";
import type { TableJoinKind } from "../processors/value_getter.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import type { Materialized } from "./options.ts";
import type { Serde } from "../../serde/serde.ts";
import { tableStore } from "./table_store.ts";
import { JoinedTable, type TableSupplier } from "./table_supplier.ts";

/** One of two tables that are joined. */
export interface JoinedSide<K, V> {
  readonly nodeName: string;
  readonly table: TableSupplier<K, V>;
}

/** Adds the join of two tables: a processor a side and a merge, in Kafka Streams' order of names. */
export function addTableJoin<K, V, O, R>(
  graph: BuilderGraph,
  kind: TableJoinKind,
  self: JoinedSide<K, V>,
  other: JoinedSide<K, O>,
  joiner: (value: V | null, other: O | null, key: K) => R,
  key: Serde<K> | undefined,
  materialized: Materialized<K, R> | undefined,
): { name: string; table: JoinedTable<K, V, O, R> } {
  const storeName = materialized && (materialized.name ?? graph.newStoreName("KTABLE-MERGE"));
  const name = graph.newName("KTABLE-MERGE");
  graph.topology.copartition([
    ...new Set([self, other].flatMap(({ nodeName }) => graph.topology.sourceTopicsOf(nodeName))),
  ]);
  if (kind !== "inner") self.table.sendOldValues(true);
  if (kind === "outer") other.table.sendOldValues(true);
  const [selfView, otherView] = [self.table.view(), other.table.view()];
  const thisName = graph.newName("KTABLE-JOINTHIS");
  const otherName = graph.newName("KTABLE-JOINOTHER");
  const table = new JoinedTable(graph, storeName, kind, self.table, other.table, joiner);
  const otherSide: TableJoinSide = kind === "left" ? "right" : kind;
  graph.add({
    kind: "processor",
    name: thisName,
    parents: [self.nodeName],
    stores: otherView.stores,
    create: () => new TableJoin<K, V, O, R>(kind, otherView.getter(), joiner, table.sendsOldValues),
  });
  graph.add({
    kind: "processor",
    name: otherName,
    parents: [other.nodeName],
    stores: selfView.stores,
    create: () =>
      new TableJoin<K, O, V, R>(
        otherSide,
        selfView.getter(),
        (value, otherValue, key) => joiner(otherValue, value, key),
        table.sendsOldValues,
      ),
  });
  if (storeName !== undefined) {
    graph.addStore(tableStore(storeName, materialized?.key ?? key, materialized ?? {}));
  }
  graph.add({
    kind: "processor",
    name,
    parents: [thisName, otherName],
    stores: storeName === undefined ? [] : [storeName],
    create: () => new TableJoinMerge(storeName, table.sendsOldValues),
  });
  return { name, table };
}
