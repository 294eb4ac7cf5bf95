/**
 * HOT PATH. A table grouped by something else than its key: each change takes the old value out of its group
 * and puts the new one into its own.
 *
 * @module
 */
import type { KeyValueStore } from "../state/stores.ts";
import { Processor, type ProcessorInit } from "./processor.ts";

/** What a change of a table is on its way to the task of its group; at least one of both is not `null`. */
export interface Change<V> {
  readonly newValue: V | null;
  readonly oldValue: V | null;
}

/**
 * Gives each change its group. A change of group is two changes: out of the old one, then into the new one.
 */
export class TableRegroup<K, V, K2, V2> extends Processor<K, V> {
  readonly #selector: (key: K, value: V) => readonly [K2, V2];

  constructor(selector: (key: K, value: V) => readonly [K2, V2]) {
    super();
    this.#selector = selector;
  }

  override process(key: K, value: V, timestamp: number, previous: V | null): void {
    const next = value === null ? null : present(this.#selector(key, value));
    const old = previous === null ? null : present(this.#selector(key, previous));
    this.context.encoded.forgetValue();
    if (old !== null && next !== null && sameKey(old[0], next[0])) {
      this.#forward(next[0], next[1], old[1], timestamp);
      return;
    }
    if (old !== null) this.#forward(old[0], null, old[1], timestamp);
    if (next !== null) this.#forward(next[0], next[1], null, timestamp);
  }

  #forward(key: K2, newValue: V2 | null, oldValue: V2 | null, timestamp: number): void {
    this.forward(key, { newValue, oldValue }, timestamp, null);
  }
}

function present<K, V>(pair: readonly [K, V]): readonly [K, V] | null {
  return pair[0] === null || pair[1] === null ? null : pair;
}

/** Whether keys are equal: primitives by value, what is made of them by its contents. */
function sameKey(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) =>
      Object.hasOwn(b, key) &&
      sameKey((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])
    );
}

/** Aggregates the values of each group. */
export class TableAggregate<K, V, A> extends Processor<K, Change<V>> {
  readonly #storeName: string;
  readonly #adder: (key: K, value: V, aggregate: A | null) => A | null;
  readonly #subtractor: (key: K, value: V, aggregate: A) => A | null;
  #store!: KeyValueStore<K, A>;

  /** @param adder Gets `null` for the aggregate of a group that has none yet. */
  constructor(
    storeName: string,
    adder: (key: K, value: V, aggregate: A | null) => A | null,
    subtractor: (key: K, value: V, aggregate: A) => A | null,
  ) {
    super();
    this.#storeName = storeName;
    this.#adder = adder;
    this.#subtractor = subtractor;
  }

  override init(init: ProcessorInit): void {
    super.init(init);
    this.#store = init.store<KeyValueStore<K, A>>(this.#storeName);
  }

  override get resumable(): boolean {
    return true;
  }

  override process(key: K, { newValue, oldValue }: Change<V>, timestamp: number): void {
    const store = this.#store;
    const old = store.get(key);
    const latest = old === null ? timestamp : Math.max(timestamp, store.lastTimestamp);
    let aggregate = old;
    if (oldValue !== null && aggregate !== null) aggregate = this.#subtractor(key, oldValue, aggregate);
    if (newValue !== null) aggregate = this.#adder(key, newValue, aggregate);
    store.put(key, aggregate, latest);
    this.forward(key, aggregate, latest, old);
  }
}
