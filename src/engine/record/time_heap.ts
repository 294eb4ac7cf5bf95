/**
 * A binary heap by a number, with the steps of Java's `PriorityQueue`: what is equal comes out in the same
 * order as there, so a program's output is the same.
 *
 * @module
 */

/** Gives out the item with the smallest number first. */
export class TimeHeap<T> {
  readonly #items: T[] = [];
  readonly #at: (item: T) => number;

  /** @param at An item's place in the order; it must not change while the item is in the heap. */
  constructor(at: (item: T) => number) {
    this.#at = at;
  }

  get size(): number {
    return this.#items.length;
  }

  /** The first item, left where it is. */
  peek(): T | undefined {
    return this.#items[0];
  }

  push(item: T): void {
    const items = this.#items;
    const at = this.#at(item);
    let k = items.length;
    while (k > 0) {
      const parent = (k - 1) >>> 1;
      if (at >= this.#at(items[parent]!)) break;
      items[k] = items[parent]!;
      k = parent;
    }
    items[k] = item;
  }

  /** Takes the first item out. */
  pop(): T | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (items.length === 0 || last === undefined) return first;
    const at = this.#at(last);
    const half = items.length >>> 1;
    let k = 0;
    while (k < half) {
      let child = 2 * k + 1;
      if (child + 1 < items.length && this.#at(items[child]!) > this.#at(items[child + 1]!)) child++;
      if (at <= this.#at(items[child]!)) break;
      items[k] = items[child]!;
      k = child;
    }
    items[k] = last;
    return first;
  }
}
