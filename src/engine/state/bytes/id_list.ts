import { grown } from "./grown.ts";

/** No id. */
export const NO_ID = -1;
/** Marks an id that is not in the list. */
const ABSENT = -2;

/**
 * HOT PATH. A doubly linked list of small integers (ids), each in it at most once, in parallel arrays: moving
 * one allocates nothing.
 */
export class IdList {
  /** The id that was pushed first of those in the list, or {@linkcode NO_ID}. */
  first: number = NO_ID;
  /** The id that was pushed last of those in the list, or {@linkcode NO_ID}. */
  last: number = NO_ID;
  #next = new Int32Array(16);
  /** By id: the one before it; {@linkcode ABSENT} for an id that is not in the list. */
  #previous = new Int32Array(16).fill(ABSENT);

  /** Bytes that the arrays take. */
  get tableBytes(): number {
    return this.#next.length * 8;
  }

  has(id: number): boolean {
    return id < this.#previous.length && this.#previous[id] !== ABSENT;
  }

  /** The id pushed after this one, which is in the list; or {@linkcode NO_ID}. */
  next(id: number): number {
    return this.#next[id]!;
  }

  /** Puts an id at the end, also when it is in the list already. */
  push(id: number): void {
    if (id === this.last) return;
    if (id >= this.#next.length) this.#grow(id);
    else if (this.#previous[id] !== ABSENT) this.remove(id);
    this.#previous[id] = this.last;
    this.#next[id] = NO_ID;
    if (this.last === NO_ID) this.first = id;
    else this.#next[this.last] = id;
    this.last = id;
  }

  /** Takes an id out. Returns whether it was in the list. */
  remove(id: number): boolean {
    if (!this.has(id)) return false;
    const [previous, next] = [this.#previous[id]!, this.#next[id]!];
    if (previous === NO_ID) this.first = next;
    else this.#next[previous] = next;
    if (next === NO_ID) this.last = previous;
    else this.#previous[next] = previous;
    this.#previous[id] = ABSENT;
    return true;
  }

  clear(): void {
    for (let id = this.first; id !== NO_ID; id = this.#next[id]!) this.#previous[id] = ABSENT;
    this.first = this.last = NO_ID;
  }

  #grow(id: number): void {
    const length = Math.max(id + 1, this.#next.length * 2);
    this.#next = grown(this.#next, new Int32Array(length));
    this.#previous = grown(this.#previous, new Int32Array(length).fill(ABSENT));
  }
}
