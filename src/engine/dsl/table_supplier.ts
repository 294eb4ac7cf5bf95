/**
 * What a table is worked out from. As in Kafka Streams, a table is kept in a store only where it was asked
 * for or what follows needs it; so what follows can change how a table before it is processed, until the
 * topology is built.
 *
 * @module
 */
import {
  FilterGetter,
  JoinGetter,
  MapValuesGetter,
  SessionStoreGetter,
  StoreGetter,
  type TableJoinKind,
  type ValueGetter,
  WindowStoreGetter,
} from "../processors/value_getter.ts";
import { TopologyError } from "../errors.ts";
import type { StoreDef } from "../state/definitions.ts";
import type { BuilderGraph } from "./builder_graph.ts";

/** How a table's values are looked up. */
export interface TableView<K, V> {
  /** The stores that this needs. */
  readonly stores: readonly string[];
  /** Makes the getter of one processor. */
  getter(): ValueGetter<K, V>;
}

/** A table as the steps after it see it, while the topology is built. */
export interface TableSupplier<K, V> {
  /** The store that holds the table; `undefined` when none does. */
  readonly storeName: string | undefined;
  /**
   * Asks for changes that say what they replace.
   *
   * @param force Whether a table before it is to be kept in a store if that is needed.
   * @returns Whether they will.
   */
  sendOldValues(force: boolean): boolean;
  /** How to look the table's values up; a table that is read from a topic is then kept in a store. */
  view(): TableView<K, V>;
}

// deno-lint-ignore no-explicit-any -- the getter of any kind of store
type AnyGetter = ValueGetter<any, any>;

function storeView<K, V>(graph: BuilderGraph, storeName: string, what: string): TableView<K, V> {
  const kind = graph.topology.stores.get(storeName)?.kind;
  const make: ((name: string) => AnyGetter) | undefined = kind === "key-value"
    ? (name) => new StoreGetter(name)
    : kind === "window"
    ? (name) => new WindowStoreGetter(name)
    : kind === "session"
    ? (name) => new SessionStoreGetter(name)
    : undefined;
  if (make === undefined) {
    throw new TopologyError(
      `Cannot look up ${what}: received a table that is kept in a store of the kind ${kind}; join it ` +
        "before it is suppressed",
    );
  }
  return { stores: [storeName], getter: () => make(storeName) };
}

/** A table that is in a store anyway, as an aggregation's result. */
export class StoredTable<K, V> implements TableSupplier<K, V> {
  readonly #graph: BuilderGraph;
  readonly storeName: string;

  constructor(graph: BuilderGraph, storeName: string) {
    this.#graph = graph;
    this.storeName = storeName;
  }

  sendOldValues(): boolean {
    return true;
  }

  view(): TableView<K, V> {
    return storeView(this.#graph, this.storeName, this.storeName);
  }
}

/** A table that is read from a topic or a stream: kept in a store once that is needed. */
export class SourceTable<K, V> implements TableSupplier<K, V> {
  readonly #graph: BuilderGraph;
  readonly #node: string;
  readonly #store: StoreDef;
  #materialized = false;

  /** @param node The table's node, added already. */
  constructor(graph: BuilderGraph, node: string, store: StoreDef) {
    this.#graph = graph;
    this.#node = node;
    this.#store = store;
  }

  get storeName(): string | undefined {
    return this.#materialized ? this.#store.name : undefined;
  }

  /** Keeps the table in its store. */
  materialize(): void {
    if (this.#materialized) return;
    this.#materialized = true;
    this.#graph.addStore(this.#store);
    this.#graph.topology.connect(this.#node, [this.#store.name]);
  }

  sendOldValues(force: boolean): boolean {
    if (force) this.materialize();
    return this.#materialized;
  }

  view(): TableView<K, V> {
    this.materialize();
    return storeView(this.#graph, this.#store.name, this.#node);
  }
}

/** A table that is worked out from the one before it, and kept in a store only when it was given one. */
abstract class DerivedTable<K, V> implements TableSupplier<K, V> {
  protected readonly graph: BuilderGraph;
  readonly storeName: string | undefined;
  /** Whether changes are to say what they replace. */
  sendsOldValues = false;

  constructor(graph: BuilderGraph, storeName: string | undefined) {
    this.graph = graph;
    this.storeName = storeName;
  }

  sendOldValues(force: boolean): boolean {
    if (this.storeName !== undefined || this.parentsSendOldValues(force)) this.sendsOldValues = true;
    return this.sendsOldValues;
  }

  view(): TableView<K, V> {
    return this.storeName === undefined
      ? this.derivedView()
      : storeView(this.graph, this.storeName, this.storeName);
  }

  protected abstract parentsSendOldValues(force: boolean): boolean;
  protected abstract derivedView(): TableView<K, V>;
}

/** A filtered table. */
export class FilteredTable<K, V> extends DerivedTable<K, V> {
  readonly #parent: TableSupplier<K, V>;
  readonly #predicate: (key: K, value: V) => boolean;
  readonly #wanted: boolean;

  constructor(
    graph: BuilderGraph,
    storeName: string | undefined,
    parent: TableSupplier<K, V>,
    predicate: (key: K, value: V) => boolean,
    wanted: boolean,
  ) {
    super(graph, storeName);
    this.#parent = parent;
    this.#predicate = predicate;
    this.#wanted = wanted;
    // Where it costs nothing, keys that are out and stay out are not mentioned.
    this.sendsOldValues = parent.sendOldValues(false);
  }

  protected override parentsSendOldValues(force: boolean): boolean {
    return this.#parent.sendOldValues(force);
  }

  protected override derivedView(): TableView<K, V> {
    const { stores, getter } = this.#parent.view();
    return { stores, getter: () => new FilterGetter(getter(), this.#predicate, this.#wanted) };
  }
}

/** A table with its values mapped. */
export class MappedTable<K, V, R> extends DerivedTable<K, R> {
  readonly #parent: TableSupplier<K, V>;
  readonly #mapper: (value: V, key: K) => R;

  constructor(
    graph: BuilderGraph,
    storeName: string | undefined,
    parent: TableSupplier<K, V>,
    mapper: (value: V, key: K) => R,
  ) {
    super(graph, storeName);
    this.#parent = parent;
    this.#mapper = mapper;
  }

  protected override parentsSendOldValues(force: boolean): boolean {
    return this.#parent.sendOldValues(force);
  }

  protected override derivedView(): TableView<K, R> {
    const { stores, getter } = this.#parent.view();
    return { stores, getter: () => new MapValuesGetter(getter(), this.#mapper) };
  }
}

/** Two tables, joined. */
export class JoinedTable<K, V, O, R> extends DerivedTable<K, R> {
  readonly #kind: TableJoinKind;
  readonly #parent: TableSupplier<K, V>;
  readonly #other: TableSupplier<K, O>;
  readonly #joiner: (value: V | null, other: O | null, key: K) => R;

  constructor(
    graph: BuilderGraph,
    storeName: string | undefined,
    kind: TableJoinKind,
    parent: TableSupplier<K, V>,
    other: TableSupplier<K, O>,
    joiner: (value: V | null, other: O | null, key: K) => R,
  ) {
    super(graph, storeName);
    this.#kind = kind;
    this.#parent = parent;
    this.#other = other;
    this.#joiner = joiner;
  }

  override sendOldValues(): boolean {
    this.#parent.sendOldValues(true);
    this.#other.sendOldValues(true);
    this.sendsOldValues = true;
    return true;
  }

  protected override parentsSendOldValues(): boolean {
    return this.sendOldValues();
  }

  protected override derivedView(): TableView<K, R> {
    const [parent, other] = [this.#parent.view(), this.#other.view()];
    return {
      stores: [...new Set([...parent.stores, ...other.stores])],
      getter: () => new JoinGetter(this.#kind, parent.getter(), other.getter(), this.#joiner),
    };
  }
}
