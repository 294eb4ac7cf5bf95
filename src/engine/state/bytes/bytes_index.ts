/**
 * HOT PATH. A hash table from byte keys to small integers (ids), open addressing with linear probing and
 * stored hashes. The keys' bytes are in an {@linkcode Arena} that the owner shares: the owner decides what
 * follows a key in its block.
 *
 * @module
 */
import type { KeyBytes } from "../../record/key_bytes.ts";
import { type Arena, blockCapacity, chunkOf, copyBytes, offsetOf } from "./arena.ts";
import { grown } from "./grown.ts";

const FREE = 0;
const DELETED = -1;

/**
 * Maps byte keys to ids 0, 1, 2, …; ids of removed keys are used again after {@linkcode BytesIndex.recycle}.
 */
export class BytesIndex {
  readonly #arena: Arena;
  /** Slot → id + 1, {@linkcode FREE} or {@linkcode DELETED}. */
  #slots: Int32Array = new Int32Array(16);
  #hashes: Int32Array = new Int32Array(16);
  #mask = 15;
  /** Slots that are not FREE. */
  #used = 0;
  #live = 0;
  #nextId = 0;
  readonly #freeIds: number[] = [];
  /** By id: where the key's bytes are. */
  address: Uint32Array = new Uint32Array(16);
  /** By id: the key's length in bytes; −1 for an id that is not in use. */
  keyLength: Int32Array = new Int32Array(16).fill(-1);

  constructor(arena: Arena) {
    this.#arena = arena;
  }

  /** How many keys there are. */
  get size(): number {
    return this.#live;
  }

  /** One more than the largest id ever given: for walking over all of them. */
  get idEnd(): number {
    return this.#nextId;
  }

  /** Bytes that the table itself takes. */
  get tableBytes(): number {
    return this.#slots.byteLength * 2 + this.address.byteLength + this.keyLength.byteLength +
      this.#freeIds.length * 8;
  }

  /** The id of the key in `bytes[from, to)`, or −1. */
  find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots;
    const hashes = this.#hashes;
    const mask = this.#mask;
    const length = to - from;
    let slot = spread(hash) & mask;
    for (let entry = slots[slot]!; entry !== FREE; entry = slots[slot = (slot + 1) & mask]!) {
      if (entry !== DELETED && hashes[slot] === hash) {
        const id = entry - 1;
        if (this.keyLength[id] === length && this.#equals(this.address[id]!, bytes, from, length)) return id;
      }
    }
    return -1;
  }

  /** Adds a key that is not in the table: its bytes are at `address` already. Returns its id. */
  add(address: number, length: number, hash: number): number {
    if ((this.#used + 1) * 4 > this.#slots.length * 3) this.#rehash();
    const id = this.#freeIds.length > 0 ? this.#freeIds.pop()! : this.#newId();
    this.address[id] = address;
    this.keyLength[id] = length;
    const mask = this.#mask;
    let slot = spread(hash) & mask;
    while (this.#slots[slot]! > 0) slot = (slot + 1) & mask;
    if (this.#slots[slot] === FREE) this.#used++;
    this.#slots[slot] = id + 1;
    this.#hashes[slot] = hash;
    this.#live++;
    return id;
  }

  /** Adds a key that is not in the table, with its bytes in a block of their own. Returns its id. */
  insert({ bytes, from, to, hash }: KeyBytes): number {
    const address = this.#arena.allocate(to - from);
    copyBytes(bytes, from, to, this.#arena.chunks[chunkOf(address)]!, offsetOf(address));
    return this.add(address, to - from, hash);
  }

  /** Takes out a key of {@linkcode insert}, frees its block, and makes its id free for the next key. */
  discard(id: number, hash: number): void {
    this.#arena.free(this.address[id]!, blockCapacity(this.keyLength[id]!));
    this.remove(id, hash);
    this.recycle(id);
  }

  /** Takes all keys out, and keeps the memory for those that follow. Ids begin at 0 again. */
  reset(): void {
    this.#slots.fill(FREE);
    this.keyLength.fill(-1, 0, this.#nextId);
    this.#used =
      this.#live =
      this.#nextId =
      this.#freeIds.length =
        0;
  }

  /**
   * Takes a key out. Its id stays reserved until {@linkcode recycle}, so that what else names it can be
   * cleared first.
   */
  remove(id: number, hash: number): void {
    const mask = this.#mask;
    let slot = spread(hash) & mask;
    while (this.#slots[slot] !== id + 1) slot = (slot + 1) & mask;
    this.#slots[slot] = DELETED;
    this.keyLength[id] = -1;
    this.#live--;
  }

  /** Makes the id of a removed key free for the next key. */
  recycle(id: number): void {
    this.#freeIds.push(id);
  }

  #equals(address: number, bytes: Uint8Array, from: number, length: number): boolean {
    const chunk = this.#arena.chunks[chunkOf(address)]!;
    const start = offsetOf(address);
    for (let i = 0; i < length; i++) if (chunk[start + i] !== bytes[from + i]) return false;
    return true;
  }

  #newId(): number {
    const id = this.#nextId++;
    if (id === this.address.length) {
      this.address = grown(this.address, new Uint32Array(id * 2));
      this.keyLength = grown(this.keyLength, new Int32Array(id * 2).fill(-1));
    }
    return id;
  }

  #rehash(): void {
    const { length } = this.#slots;
    const size = this.#live * 2 >= length ? length * 2 : length;
    const [slots, hashes] = [this.#slots, this.#hashes];
    this.#slots = new Int32Array(size);
    this.#hashes = new Int32Array(size);
    this.#mask = size - 1;
    this.#used = this.#live;
    for (let from = 0; from < length; from++) {
      if (slots[from]! <= 0) continue;
      let to = spread(hashes[from]!) & this.#mask;
      while (this.#slots[to] !== FREE) to = (to + 1) & this.#mask;
      this.#slots[to] = slots[from]!;
      this.#hashes[to] = hashes[from]!;
    }
  }
}

/**
 * murmur2 also chooses a record's partition, so within a partition its low bits are not evenly spread: mix
 * the high ones in.
 */
function spread(hash: number): number {
  return Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 7;
}
