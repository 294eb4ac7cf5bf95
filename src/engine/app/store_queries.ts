/**
 * Reads of an application's stores from outside: answered here, or by the instance that has the key.
 *
 * @module
 */
import { EncodeBuffer, SchemaNotLoaded } from "../../serde/serde.ts";
import { partitionFor } from "../../kafka/port/murmur2.ts";
import type { ManagedStore } from "../state/managed_store.ts";
import type { StoreKind } from "../state/definitions.ts";
import type {
  ReadOnlyKeyValueStore,
  ReadOnlySessionStore,
  ReadOnlyWindowStore,
  SessionEntry,
  WindowEntry,
} from "../state/stores.ts";
import type { BoundSubtopology, BoundTopology } from "../topology/bound_topology.ts";
import { type Task, taskId } from "../task/task.ts";

/** The answer to a read of one key. The task is the one that the key belongs to, such as `0_3`. */
export type StoreAnswer<V> =
  /** This instance has it: the value, or `null` when there is no such key. */
  | { readonly kind: "local"; readonly task: string; readonly value: V | null }
  /** Another instance has it, at this address. */
  | { readonly kind: "elsewhere"; readonly task: string; readonly endpoint: string }
  /** This instance is to have it, but has not restored it yet: ask again. */
  | { readonly kind: "restoring"; readonly task: string }
  /** Another instance has it whose address is not known, or for the moment none. */
  | { readonly kind: "unknown"; readonly task: string };

/** A store of one task of this instance. */
export interface StoreState {
  /** The store's name in the topology. */
  readonly store: string;
  /** What the store keeps. */
  readonly kind: StoreKind;
  /** The task that the store is of, such as `0_3`. */
  readonly task: string;
  /** Whether its task is being restored still. */
  readonly restoring: boolean;
  /** Keys, windows or sessions held. */
  readonly entries: number;
  /** Bytes of memory. */
  readonly bytes: number;
}

/** Bounds of the windows or sessions to read, in ms since the epoch; both inclusive. */
export interface StoreRange {
  /** The earliest time. Default: all that is before {@linkcode toMs}. */
  readonly fromMs?: number;
  /** The latest time. Default: all that is after {@linkcode fromMs}. */
  readonly toMs?: number;
}

/** What the reads need of an application. */
export interface StoreQueriesParts {
  readonly bound: BoundTopology;
  /** The tasks that run here. */
  readonly running: () => readonly Task[];
  /** The tasks that run here, and those that are being restored. */
  readonly all: () => readonly Task[];
  /** Where this instance is reached. */
  readonly endpoint: string | undefined;
  /** Where the instance of a task is reached. */
  readonly endpointOf: (task: string) => string | undefined;
}

/** Answers the reads of one application. */
export class StoreQueries {
  readonly #parts: StoreQueriesParts;
  readonly #buffer = new EncodeBuffer(256);

  constructor(parts: StoreQueriesParts) {
    this.#parts = parts;
  }

  /** The stores of the tasks of this instance. */
  states(): StoreState[] {
    const { bound, running, all } = this.#parts;
    const ready = new Set(running());
    return all().flatMap((task) =>
      [...task.stores.values()].map((store) => ({
        store: store.name,
        kind: bound.stores.get(store.name)!.def.kind,
        task: task.id,
        restoring: !ready.has(task),
        entries: store.size,
        bytes: store.bytes,
      }))
    ).sort((a, b) => a.store < b.store ? -1 : a.store > b.store ? 1 : a.task < b.task ? -1 : 1);
  }

  /** Reads one key. */
  async get<V>(name: string, key: unknown, range: StoreRange): Promise<StoreAnswer<V>> {
    const subtopology = this.#subtopologyOf(name);
    const id = taskId(subtopology.id, this.#partitionOf(subtopology, key));
    const { running, all, endpoint, endpointOf } = this.#parts;
    return await loading(() => {
      const task = running().find((each) => each.id === id);
      if (task !== undefined) {
        return { kind: "local", task: id, value: this.#read(task.stores.get(name)!, key, range) as V | null };
      }
      const there = endpointOf(id);
      if (all().some((each) => each.id === id) || (there !== undefined && there === endpoint)) {
        return { kind: "restoring", task: id };
      }
      return there === undefined
        ? { kind: "unknown", task: id }
        : { kind: "elsewhere", task: id, endpoint: there };
    });
  }

  /** Reads some entries of the tasks that run here; of windows and sessions the newest, in that order. */
  async entries(name: string, limit: number): Promise<unknown[]> {
    this.#subtopologyOf(name);
    const { kind } = this.#parts.bound.stores.get(name)!.def;
    return await loading(() => {
      const stores = this.#parts.running().flatMap((task) => task.stores.get(name) ?? []);
      return kind === "key-value" ? someEntries(stores, limit) : newestWindows(stores, limit);
    });
  }

  #read(
    store: ManagedStore,
    key: unknown,
    { fromMs = 0, toMs = Number.MAX_SAFE_INTEGER }: StoreRange,
  ): unknown {
    // The caller gets an object of its own: the one at hand is changed in place by the next record.
    store.forget?.();
    const { kind } = this.#parts.bound.stores.get(store.name)!.def;
    if (kind === "key-value") return (store as unknown as ReadOnlyKeyValueStore<unknown, unknown>).get(key);
    const windows = store as unknown as
      | ReadOnlyWindowStore<unknown, unknown>
      | ReadOnlySessionStore<unknown, unknown>;
    const entries = windows.entries(key, fromMs, toMs);
    return entries.length === 0 ? null : entries;
  }

  /** @throws {Error} When the topology has no such store, or it is not one to be read. */
  #subtopologyOf(name: string): BoundSubtopology {
    const { bound } = this.#parts;
    const readable = [...bound.stores.values()].map(({ def }) => def).filter(({ kind }) =>
      READABLE.has(kind)
    );
    if (!readable.some((def) => def.name === name)) {
      throw new Error(
        `Cannot read store ${name}: received a name that is not one of ${
          readable.map((def) => def.name).join(", ") || "the topology, which has none to read"
        }`,
      );
    }
    return bound.subtopologies.find(({ stores }) => stores.includes(name))!;
  }

  /**
   * The partition of a key: what Kafka's partitioner gave its records in the source topic with the most
   * partitions.
   */
  #partitionOf({ partitions, tasks }: BoundSubtopology, key: unknown): number {
    const [topic] = [...partitions].find(([, count]) => count === tasks)!;
    const end = this.#buffer.encode(this.#parts.bound.sources.get(topic)!.key, key, 0);
    return partitionFor(this.#buffer.bytes, 0, end, tasks);
  }
}

const READABLE: ReadonlySet<StoreKind> = new Set(["key-value", "window", "session"]);

function someEntries(stores: readonly unknown[], limit: number): unknown[] {
  const entries: unknown[] = [];
  for (const store of stores as ReadOnlyKeyValueStore<unknown, unknown>[]) {
    if (entries.length < limit) entries.push(...store.entries(limit - entries.length));
  }
  return entries;
}

/** What stores of windows or sessions have, the newest of all of them first. */
function newestWindows(stores: readonly unknown[], limit: number): unknown[] {
  return (stores as (ReadOnlyWindowStore<unknown, unknown> | ReadOnlySessionStore<unknown, unknown>)[])
    // Of each store they come in the order of their times.
    .flatMap((store): Timed[] => store.entries(null, 0, Number.MAX_SAFE_INTEGER).slice(-limit))
    .sort((a, b) => timeOf(b) - timeOf(a))
    .slice(0, limit);
}

type Timed = WindowEntry<unknown, unknown> | SessionEntry<unknown, unknown>;

/** By what a store orders its entries: the end of a session, the start of a window. */
function timeOf(entry: Timed): number {
  return "endMs" in entry ? entry.endMs : entry.startMs;
}

/** Fetches the writers' schemas that decoding turns out to need. */
async function loading<T>(read: () => T): Promise<T> {
  while (true) {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof SchemaNotLoaded)) throw error;
      await error.load();
    }
  }
}
