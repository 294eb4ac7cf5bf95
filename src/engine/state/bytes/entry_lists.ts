/**
 * HOT PATH. Lists of entries in the order of a time, one list a key, in parallel arrays: what both windowed
 * stores keep behind their keys. An entry is an integer; its value's bytes are in an {@linkcode Arena} that
 * the owner shares.
 *
 * @module
 */
import { type Arena, blockCapacity, chunkOf, copyBytes, offsetOf } from "./arena.ts";
import { grown } from "./grown.ts";

/** No entry. */
export const NONE = -1;

/** The lists of one store, and the rows of their entries. */
export class EntryLists {
  readonly #arena: Arena;
  /** By entry: what the list is ordered by, in ms since the epoch. */
  time: Float64Array = new Float64Array(16);
  /** By entry: another number of the owner's, which orders equal times. */
  extra: Float64Array = new Float64Array(16);
  /** By entry: the key's id. */
  key: Int32Array = new Int32Array(16);
  /** By entry: the neighbours in the order of time, or {@linkcode NONE}. */
  next: Int32Array = new Int32Array(16);
  previous: Int32Array = new Int32Array(16);
  /** By entry: where its value is, and how many bytes it has. */
  address: Uint32Array = new Uint32Array(16);
  length: Int32Array = new Int32Array(16);
  /** By key id: the ends of its list. */
  first: Int32Array = new Int32Array(16).fill(NONE);
  last: Int32Array = new Int32Array(16).fill(NONE);
  /** By key id: the entry that was used last. The next one is mostly the same or beside it. */
  #hint = new Int32Array(16).fill(NONE);
  #end = 0;
  #free = NONE;
  count = 0;

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** Bytes that the arrays take. */
  get tableBytes(): number {
    return this.time.length * 36 + this.first.length * 12;
  }

  /** Makes place for a key's list, which is empty. */
  addKey(id: number): void {
    if (id >= this.first.length) this.#growKeys(id);
    this.first[id] = NONE;
    this.last[id] = NONE;
    this.#hint[id] = NONE;
  }

  /** The last entry of a key whose time is at most `time`, or {@linkcode NONE}. */
  atMost(id: number, time: number): number {
    let entry = this.#hint[id]!;
    if (entry === NONE) entry = this.last[id]!;
    if (entry === NONE) return NONE;
    if (this.time[entry]! <= time) {
      for (
        let next = this.next[entry]!;
        next !== NONE && this.time[next]! <= time;
        next = this.next[entry]!
      ) {
        entry = next;
      }
    } else {
      do entry = this.previous[entry]!; while (entry !== NONE && this.time[entry]! > time);
    }
    if (entry !== NONE) this.#hint[id] = entry;
    return entry;
  }

  /** Adds an entry behind `before`, which {@linkcode atMost} has found; {@linkcode NONE}: as the first. */
  add(id: number, before: number, time: number, extra: number): number {
    let entry = this.#free;
    if (entry !== NONE) this.#free = this.next[entry]!;
    else {
      if (this.#end === this.time.length) this.#growEntries();
      entry = this.#end++;
    }
    this.count++;
    this.time[entry] = time;
    this.extra[entry] = extra;
    this.key[entry] = id;
    this.length[entry] = NONE;
    const after = before === NONE ? this.first[id]! : this.next[before]!;
    this.previous[entry] = before;
    this.next[entry] = after;
    if (before === NONE) this.first[id] = entry;
    else this.next[before] = entry;
    if (after === NONE) this.last[id] = entry;
    else this.previous[after] = entry;
    this.#hint[id] = entry;
    return entry;
  }

  /** Takes an entry out and frees its value. */
  remove(entry: number): void {
    const id = this.key[entry]!;
    const [before, after] = [this.previous[entry]!, this.next[entry]!];
    if (before === NONE) this.first[id] = after;
    else this.next[before] = after;
    if (after === NONE) this.last[id] = before;
    else this.previous[after] = before;
    if (this.#hint[id] === entry) this.#hint[id] = before === NONE ? after : before;
    this.#arena.free(this.address[entry]!, blockCapacity(this.length[entry]!));
    this.next[entry] = this.#free;
    this.#free = entry;
    this.count--;
  }

  /** Sets an entry's value: in place when it fits. */
  write(entry: number, value: Uint8Array, from: number, to: number): void {
    const length = to - from;
    const old = this.length[entry]!;
    if (old === NONE) this.address[entry] = this.#arena.allocate(length);
    else if (blockCapacity(old) !== blockCapacity(length)) {
      this.#arena.free(this.address[entry]!, blockCapacity(old));
      this.address[entry] = this.#arena.allocate(length);
    }
    this.length[entry] = length;
    const address = this.address[entry]!;
    copyBytes(value, from, to, this.#arena.chunks[chunkOf(address)]!, offsetOf(address));
  }

  #growEntries(): void {
    const length = this.time.length * 2;
    this.time = grown(this.time, new Float64Array(length));
    this.extra = grown(this.extra, new Float64Array(length));
    this.key = grown(this.key, new Int32Array(length));
    this.next = grown(this.next, new Int32Array(length));
    this.previous = grown(this.previous, new Int32Array(length));
    this.address = grown(this.address, new Uint32Array(length));
    this.length = grown(this.length, new Int32Array(length));
  }

  #growKeys(id: number): void {
    const length = Math.max(this.first.length * 2, id + 1);
    this.first = grown(this.first, new Int32Array(length));
    this.last = grown(this.last, new Int32Array(length));
    this.#hint = grown(this.#hint, new Int32Array(length));
  }
}
