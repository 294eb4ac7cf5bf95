/**
 * HOT PATH. Sessions in memory: a list in the order of their ends for each key. A key's expired sessions are
 * freed when the queue of keys comes to it, at the latest after twice the retention.
 *
 * @module
 */
import type { KeyBytes } from "../../record/key_bytes.ts";
import { type BytesSessionStore, type SessionEntryBytes, WindowCursor } from "./bytes_windowed_stores.ts";
import { NONE } from "./entry_lists.ts";
import { grown } from "./grown.ts";
import { KeyedLists } from "./keyed_lists.ts";
import { SlotQueue } from "./slot_queue.ts";

/** A {@linkcode BytesSessionStore} in memory. */
export class MemorySessionStore implements BytesSessionStore {
  readonly #keys = new KeyedLists();
  /** Ordered by the end of the session; the other number is its start. */
  readonly #lists = this.#keys.lists;
  readonly #retentionMs: number;
  readonly #cursor = new WindowCursor();
  /** Each key once, with the end of a session of its. */
  readonly #expiry = new SlotQueue();
  #hash = new Int32Array(16);
  #foundEntries = new Int32Array(16);
  #found = 0;
  #observedTime = -1;

  /** @param retentionMs How long a session can be found, in ms after its end, of the latest end. */
  constructor(retentionMs: number) {
    this.#retentionMs = retentionMs;
  }

  get size(): number {
    return this.#lists.count;
  }

  get bytes(): number {
    return this.#keys.bytes + this.#hash.byteLength;
  }

  get observedTime(): number {
    return this.#observedTime;
  }

  put(key: KeyBytes, startMs: number, endMs: number, value: Uint8Array, from: number, to: number): boolean {
    if (endMs > this.#observedTime) {
      this.#observedTime = endMs;
      this.#expire();
    }
    if (endMs <= this.#horizon()) return false;
    let id = this.#keys.find(key);
    if (id < 0) {
      id = this.#keys.insert(key);
      if (id >= this.#hash.length) this.#hash = grown(this.#hash, new Int32Array(id * 2));
      this.#hash[id] = key.hash;
      this.#expiry.push(id, endMs);
    }
    const lists = this.#lists;
    // Behind the sessions that end before, and those that end then and begin before.
    let before = lists.atMost(id, endMs);
    while (before !== NONE && lists.time[before] === endMs && lists.extra[before]! > startMs) {
      before = lists.previous[before]!;
    }
    const same = before !== NONE && lists.time[before] === endMs && lists.extra[before] === startMs;
    lists.write(same ? before : lists.add(id, before, endMs, startMs), value, from, to);
    return true;
  }

  delete(key: KeyBytes, startMs: number, endMs: number): boolean {
    // As Kafka Streams' stores, which move their time on by a session that is removed too.
    if (endMs > this.#observedTime) {
      this.#observedTime = endMs;
      this.#expire();
    }
    const entry = this.#findEntry(key, startMs, endMs);
    if (entry === NONE) return false;
    // A key without sessions stays until the queue comes to it: mostly its next session follows at once.
    this.#lists.remove(entry);
    return endMs > this.#horizon();
  }

  get(key: KeyBytes, startMs: number, endMs: number): SessionEntryBytes | undefined {
    if (endMs <= this.#horizon()) return undefined;
    const entry = this.#findEntry(key, startMs, endMs);
    return entry === NONE ? undefined : this.#read(entry);
  }

  find(key: KeyBytes, earliestEnd: number, latestStart: number): number {
    this.#found = 0;
    const id = this.#keys.find(key);
    if (id < 0) return 0;
    const lists = this.#lists;
    const earliest = this.#earliest(earliestEnd);
    const before = lists.atMost(id, earliest - 1);
    let entry = before === NONE ? lists.first[id]! : lists.next[before]!;
    for (; entry !== NONE; entry = lists.next[entry]!) {
      if (lists.extra[entry]! <= latestStart) this.#add(entry);
    }
    return this.#found;
  }

  findAll(earliestEnd: number, latestStart: number): number {
    this.#found = 0;
    const lists = this.#lists;
    const earliest = this.#earliest(earliestEnd);
    const { index } = this.#keys;
    for (let id = 0; id < index.idEnd; id++) {
      if (index.keyLength[id]! < 0) continue;
      for (let entry = lists.first[id]!; entry !== NONE; entry = lists.next[entry]!) {
        if (lists.time[entry]! >= earliest && lists.extra[entry]! <= latestStart) this.#add(entry);
      }
    }
    this.#foundEntries.subarray(0, this.#found).sort((a, b) =>
      lists.time[a]! - lists.time[b]! || this.#keys.compareKeys(a, this.#keys, b) ||
      lists.extra[a]! - lists.extra[b]!
    );
    return this.#found;
  }

  entry(i: number): SessionEntryBytes {
    return this.#read(this.#foundEntries[i]!);
  }

  /** Sessions that end at this time or before have expired: the bound of Kafka Streams' stores. */
  #horizon(): number {
    return this.#observedTime - this.#retentionMs;
  }

  #earliest(end: number): number {
    return Math.max(0, end, this.#horizon() + 1);
  }

  #add(entry: number): void {
    if (this.#found === this.#foundEntries.length) {
      this.#foundEntries = grown(this.#foundEntries, new Int32Array(this.#found * 2));
    }
    this.#foundEntries[this.#found++] = entry;
  }

  #findEntry(key: KeyBytes, startMs: number, endMs: number): number {
    const id = this.#keys.find(key);
    if (id < 0) return NONE;
    const lists = this.#lists;
    let entry = lists.atMost(id, endMs);
    while (entry !== NONE && lists.time[entry] === endMs) {
      if (lists.extra[entry] === startMs) return entry;
      entry = lists.previous[entry]!;
    }
    return NONE;
  }

  #read(entry: number): WindowCursor {
    const cursor = this.#keys.read(entry, this.#cursor);
    cursor.startMs = this.#lists.extra[entry]!;
    cursor.endMs = this.#lists.time[entry]!;
    return cursor;
  }

  #expire(): void {
    const horizon = this.#horizon();
    const queue = this.#expiry;
    const lists = this.#lists;
    while (queue.size > 0 && queue.headTimestamp <= horizon) {
      const id = queue.shift();
      let first = lists.first[id]!;
      while (first !== NONE && lists.time[first]! <= horizon) {
        lists.remove(first);
        first = lists.first[id]!;
      }
      if (first !== NONE) queue.push(id, lists.time[first]!);
      else this.#keys.index.discard(id, this.#hash[id]!);
    }
  }
}
