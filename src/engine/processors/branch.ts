/**
 * HOT PATH. Splits a stream.
 *
 * @module
 */
import { Processor } from "./processor.ts";

/**
 * Hands each record to the child of the first predicate that says yes, else to the one after the last, if
 * there is one.
 */
export class Branch<K, V> extends Processor<K, V> {
  readonly #predicates: readonly ((key: K, value: V) => boolean)[];

  constructor(predicates: readonly ((key: K, value: V) => boolean)[]) {
    super();
    this.#predicates = predicates;
  }

  override get resumable(): boolean {
    return true;
  }

  override process(key: K, value: V, timestamp: number): void {
    const predicates = this.#predicates;
    let i = 0;
    while (i < predicates.length && !predicates[i]!(key, value)) i++;
    if (i < this.children.length) this.children[i]!.process(key, value, timestamp, null);
  }
}
