import type { Serde } from "../../serde/serde.ts";
import { TableToStream } from "../processors/stateless.ts";
import { TableRegroup } from "../processors/table_group.ts";
import { TableFilter, TableMapValues } from "../processors/table_values.ts";
import type { TableJoinKind } from "../processors/value_getter.ts";
import type { BuilderGraph } from "./builder_graph.ts";
import { KGroupedTable } from "./kgrouped_table.ts";
import { KStream } from "./kstream.ts";
import type { Grouped, TableMaterialized } from "./options.ts";
import { addSuppression, type Suppressed, type TableSerdes } from "./suppressed.ts";
import { addTableJoin } from "./table_join.ts";
import { tableStore } from "./table_store.ts";
import { FilteredTable, MappedTable, StoredTable, type TableSupplier } from "./table_supplier.ts";

/**
 * A table: the latest value of each key, and the stream of its changes.
 *
 * @example Orders with their customers, as both change
 * ```ts
 * import { jsonSerde, StreamsBuilder, stringSerde } from "../../../mod.ts";
 *
 * const text = { key: stringSerde(), value: stringSerde() };
 * const builder = new StreamsBuilder();
 * const names = builder.table("customer-names", text);
 * const cities = builder.table("customer-cities", text);
 * names.leftJoin(cities, (name, city) => ({ name, city }))
 *   .toStream()
 *   .to("customers", { key: stringSerde(), value: jsonSerde<{ name: string; city: string | null }>() });
 * builder.build();
 * ```
 */
export class KTable<K, V> {
  readonly #graph: BuilderGraph;
  /** The node that the table's changes come from. */
  readonly nodeName: string;
  readonly #table: TableSupplier<K, V>;
  readonly #key: Serde<K> | undefined;
  readonly #value: Serde<V> | undefined;

  /**
   * Tables are made by a `StreamsBuilder`, by aggregations and by operations on tables.
   *
   * @ignore
   * @param table What the table is worked out from, or the store that holds it.
   */
  constructor(
    graph: BuilderGraph,
    nodeName: string,
    table: string | TableSupplier<K, V>,
    serdes: Partial<TableSerdes<K, V>> = {},
  ) {
    this.#graph = graph;
    this.nodeName = nodeName;
    this.#table = typeof table === "string" ? new StoredTable(graph, table) : table;
    this.#key = serdes.key;
    this.#value = serdes.value;
  }

  /** The store that holds the table; `undefined` while none does. */
  get storeName(): string | undefined {
    return this.#table.storeName;
  }

  /**
   * What the table is worked out from.
   * @ignore
   */
  get table(): TableSupplier<K, V> {
    return this.#table;
  }

  /** The serdes of its keys and values, where both are known. */
  get serdes(): TableSerdes<K, V> | undefined {
    return this.#key && this.#value && { key: this.#key, value: this.#value };
  }

  /** The table's changes: a record for each new value of a key, `null` where a key was removed. */
  toStream(): KStream<K, V> {
    const name = this.#graph.newName("KTABLE-TOSTREAM");
    this.#graph.add({
      kind: "processor",
      name,
      parents: [this.nodeName],
      stores: [],
      create: () => new TableToStream(),
    });
    return new KStream<K, V>(this.#graph, name);
  }

  /** Keeps the keys that the predicate says yes to. */
  filter(
    predicate: (key: K, value: V) => boolean,
    materialized?: TableMaterialized<K, V>,
  ): KTable<K, V> {
    return this.#filter(predicate, true, materialized);
  }

  /** Keeps the keys that the predicate says no to. */
  filterNot(
    predicate: (key: K, value: V) => boolean,
    materialized?: TableMaterialized<K, V>,
  ): KTable<K, V> {
    return this.#filter(predicate, false, materialized);
  }

  /** Replaces each value. A mapper may not change the value that it gets. */
  mapValues<R>(mapper: (value: V, key: K) => R, materialized?: TableMaterialized<K, R>): KTable<K, R> {
    const storeName = this.#storeFor("KTABLE-MAPVALUES", materialized);
    const name = this.#graph.newName("KTABLE-MAPVALUES");
    const table = new MappedTable(this.#graph, storeName, this.#table, mapper);
    this.#add(name, storeName, () => new TableMapValues(storeName, mapper, table.sendsOldValues));
    return this.#next(name, table, materialized?.key, materialized?.value);
  }

  /** The keys of both tables, with both values joined. */
  join<O, R>(
    other: KTable<K, O>,
    joiner: (value: V, otherValue: O, key: K) => R,
    materialized?: TableMaterialized<K, R>,
  ): KTable<K, R> {
    return this.#join("inner", other, joiner as Joiner<K, V, O, R>, materialized);
  }

  /** The keys of this table; the other's value is `null` where it has none. */
  leftJoin<O, R>(
    other: KTable<K, O>,
    joiner: (value: V, otherValue: O | null, key: K) => R,
    materialized?: TableMaterialized<K, R>,
  ): KTable<K, R> {
    return this.#join("left", other, joiner as Joiner<K, V, O, R>, materialized);
  }

  /** The keys of either table; the value of one that has none is `null`. */
  outerJoin<O, R>(
    other: KTable<K, O>,
    joiner: (value: V | null, otherValue: O | null, key: K) => R,
    materialized?: TableMaterialized<K, R>,
  ): KTable<K, R> {
    return this.#join("outer", other, joiner, materialized);
  }

  /**
   * Groups the table anew, through a repartition topic: `selector` gives each entry its group's key and its
   * value in it. An entry whose group's key or value is `null` is in no group.
   */
  groupBy<K2, V2>(
    selector: (key: K, value: V) => readonly [K2, V2],
    grouped: Grouped<K2, V2>,
  ): KGroupedTable<K2, V2> {
    const name = this.#graph.nameOf(grouped.name, "KTABLE-SELECT");
    this.#graph.add({
      kind: "processor",
      name,
      parents: [this.nodeName],
      stores: [],
      create: () => new TableRegroup(selector),
    });
    this.#table.sendOldValues(true);
    return new KGroupedTable<K2, V2>(this.#graph, name, grouped);
  }

  /**
   * Holds the changes back: until windows close (`untilWindowCloses`), or for a time (`untilTimeLimit`).
   *
   * @param serdes Of the table's keys and values. Default: those that the table was made with.
   * @throws {TopologyError} When they are not known, or the table has no windows that could close.
   */
  suppress(suppressed: Suppressed, serdes: TableSerdes<K, V> | undefined = this.serdes): KTable<K, V> {
    const { name, table } = addSuppression(this.#graph, this, serdes, suppressed);
    return new KTable<K, V>(this.#graph, name, table, serdes);
  }

  #filter(
    predicate: (key: K, value: V) => boolean,
    wanted: boolean,
    materialized: TableMaterialized<K, V> | undefined,
  ): KTable<K, V> {
    const storeName = this.#storeFor("KTABLE-FILTER", materialized);
    const name = this.#graph.newName("KTABLE-FILTER");
    const table = new FilteredTable(this.#graph, storeName, this.#table, predicate, wanted);
    this.#add(name, storeName, () => new TableFilter(storeName, predicate, wanted, table.sendsOldValues));
    return this.#next(name, table, materialized?.key, materialized?.value ?? this.#value);
  }

  #join<O, R>(
    kind: TableJoinKind,
    other: KTable<K, O>,
    joiner: Joiner<K, V, O, R>,
    materialized: TableMaterialized<K, R> | undefined,
  ): KTable<K, R> {
    const { name, table } = addTableJoin(this.#graph, kind, this, other, joiner, this.#key, materialized);
    return this.#next(name, table, materialized?.key, materialized?.value);
  }

  /**
   * Adds the store of a table that was given a name. Without one, Kafka Streams uses up a number all the
   * same.
   */
  #storeFor<R>(prefix: string, materialized: TableMaterialized<K, R> | undefined): string | undefined {
    if (materialized === undefined) return undefined;
    const { name, key = this.#key } = materialized;
    if (name === undefined) this.#graph.newStoreName(prefix);
    else this.#graph.addStore(tableStore(name, key, materialized));
    return name;
  }

  #add<R>(
    name: string,
    storeName: string | undefined,
    create: () => TableFilter<K, V> | TableMapValues<K, V, R>,
  ): void {
    const stores = storeName === undefined ? [] : [storeName];
    this.#graph.add({ kind: "processor", name, parents: [this.nodeName], stores, create });
  }

  #next<R>(
    name: string,
    table: TableSupplier<K, R>,
    ownKey: Serde<K> | undefined,
    value: Serde<R> | undefined,
  ): KTable<K, R> {
    const key = ownKey ?? this.#key;
    return new KTable<K, R>(this.#graph, name, table, {
      ...(key && { key }),
      ...(value && { value }),
    });
  }
}

type Joiner<K, V, O, R> = (value: V | null, otherValue: O | null, key: K) => R;
