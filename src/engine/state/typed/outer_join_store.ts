/**
 * The records of a left or outer stream–stream join that have found no partner yet, in the order of their
 * times: those of the right side before those of the left at one time, then by key. Both sides of the join
 * share it.
 *
 * Its changelog has Kafka Streams' formats: the value is a list (`ListSerializer`) of values, each behind a
 * byte that is 1 for the left side.
 *
 * @module
 */
import { EncodeBuffer, type Serde } from "../../../serde/serde.ts";
import { murmur2 } from "../../../kafka/port/murmur2.ts";
import type { RecordSet } from "../../../kafka/port/record_set.ts";
import type { AsyncCalls } from "../../record/async_calls.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { compareBytes } from "../bytes/bytes_windowed_stores.ts";
import { isLeftSide, restoredTime, SIDE_PREFIX_BYTES, sideKey } from "../changelog_keys.ts";
import { unrestorable } from "../restore_error.ts";
import { LoggedStore, type StoreParts } from "./logged_store.ts";

/** The records of one key, time and side. */
export interface OuterJoinEntry {
  readonly timestamp: number;
  /** Whether the values are of the left side. */
  readonly left: boolean;
  /** Time, side and key, as {@linkcode sideKey} has them. */
  readonly id: Uint8Array;
  /** The values, encoded, in the order in which they came. */
  readonly values: Uint8Array[];
  removed: boolean;
}

/** What an entry takes besides its bytes, roughly. */
const ENTRY_BYTES = 200;

/** Keeps what has found no partner yet, for both sides of one join. */
export class OuterJoinStore<K, V, O> extends LoggedStore<K, V> {
  readonly flushesLast = true;
  readonly #otherValue: Serde<O>;
  readonly #calls: AsyncCalls;
  /** By id: entries that are removed, and stay in the changelog until what they gave has come out. */
  readonly #leaving = new Map<string, OuterJoinEntry>();
  readonly #byId = new Map<string, OuterJoinEntry>();
  /** In order; with removed ones until there are many of them. */
  #sorted: OuterJoinEntry[] = [];
  #bytes = 0;
  readonly #buffer = new EncodeBuffer();

  /**
   * @param parts Its value serde is the left side's.
   * @param otherValue The right side's.
   */
  constructor(parts: StoreParts<K, V>, otherValue: Serde<O>) {
    super(parts);
    this.#calls = parts.context.calls;
    this.#otherValue = otherValue;
  }

  /** How many keys, times and sides there are. */
  get size(): number {
    return this.#byId.size;
  }

  /** Bytes of memory, roughly. */
  get bytes(): number {
    return this.#bytes + this.#byId.size * ENTRY_BYTES;
  }

  /** All entries in order; skip those that are removed. Valid until the next change. */
  entries(): readonly OuterJoinEntry[] {
    return this.#sorted;
  }

  keyOf(entry: OuterJoinEntry): K {
    return this.keySerde.decode(entry.id, SIDE_PREFIX_BYTES, entry.id.length);
  }

  /** A value of an entry of the left side. */
  leftValue(value: Uint8Array): V {
    return this.valueSerde.decode(value, 0, value.length);
  }

  /** A value of an entry of the right side. */
  rightValue(value: Uint8Array): O {
    return this.#otherValue.decode(value, 0, value.length);
  }

  /** Keeps a record of the left side. */
  putLeft(key: K, timestamp: number, value: V): void {
    this.#put(key, timestamp, true, this.#encode(this.valueSerde, value));
  }

  /** Keeps a record of the right side. */
  putRight(key: K, timestamp: number, value: O): void {
    this.#put(key, timestamp, false, this.#encode(this.#otherValue, value));
  }

  /** Forgets the records of a key, time and side, which have found a partner. */
  remove(key: K, timestamp: number, left: boolean): void {
    if (this.#byId.size === 0) return;
    const entry = this.#byId.get(text(this.#id(key, timestamp, left)));
    if (entry !== undefined) this.removeEntry(entry);
  }

  /** Forgets an entry. */
  removeEntry(entry: OuterJoinEntry): void {
    this.#drop(entry);
    if (this.#calls.any) this.#leaving.set(text(entry.id), entry);
    else this.#delete(entry);
    if (this.#sorted.length > 64 && this.#sorted.length > 2 * this.#byId.size) {
      this.#sorted = this.#sorted.filter(({ removed }) => !removed);
    }
  }

  get holdsBack(): boolean {
    return this.#leaving.size > 0;
  }

  /** Takes out of the changelog what was removed while promises were waited for. */
  flush(): void {
    for (const entry of this.#leaving.values()) this.#delete(entry);
    this.#leaving.clear();
  }

  #delete({ id, timestamp }: OuterJoinEntry): void {
    this.changelog?.write(bytesOf(id), null, 0, 0, timestamp);
  }

  restore(records: RecordSet): void {
    for (let i = 0; i < records.count; i++) {
      const id = records.key(i)?.slice();
      if (id === undefined || id.length < SIDE_PREFIX_BYTES) this.#refuse(records, i);
      const found = this.#byId.get(text(id));
      if (found !== undefined) this.#drop(found);
      const list = records.value(i);
      if (list === null) continue;
      const values = parseList(list) ?? this.#refuse(records, i);
      const timestamp = restoredTime(this.name, records, i, records.keyStart[i]!);
      this.#insert({ timestamp, left: isLeftSide(id), id, values, removed: false });
    }
    this.#sorted = this.#sorted.filter(({ removed }) => !removed);
  }

  #put(key: K, timestamp: number, left: boolean, value: Uint8Array): void {
    const id = this.#id(key, timestamp, left);
    let entry = this.#byId.get(text(id));
    if (entry === undefined) {
      this.#insert(entry = { timestamp, left, id, values: [value], removed: false });
    } else {
      entry.values.push(value);
      this.#bytes += value.length;
    }
    if (this.changelog === undefined) return;
    if (this.holdsBack) this.#leaving.delete(text(id));
    const list = writeList(entry.values, left);
    this.changelog.write(bytesOf(id), list, 0, list.length, timestamp);
  }

  #insert(entry: OuterJoinEntry): void {
    this.#byId.set(text(entry.id), entry);
    this.#bytes += entry.id.length;
    for (const value of entry.values) this.#bytes += value.length;
    const sorted = this.#sorted;
    // Records mostly come in the order of their times.
    let from = sorted.length;
    if (from > 0 && compare(sorted[from - 1]!.id, entry.id) > 0) {
      let to = from;
      from = 0;
      while (from < to) {
        const middle = (from + to) >>> 1;
        if (compare(sorted[middle]!.id, entry.id) > 0) to = middle;
        else from = middle + 1;
      }
    }
    if (from === sorted.length) sorted.push(entry);
    else sorted.splice(from, 0, entry);
  }

  #drop(entry: OuterJoinEntry): void {
    entry.removed = true;
    this.#byId.delete(text(entry.id));
    this.#bytes -= entry.id.length;
    for (const value of entry.values) this.#bytes -= value.length;
  }

  #id(key: K, timestamp: number, left: boolean): Uint8Array {
    return sideKey(this.encoded.encodeKey(this.keySerde, key), timestamp, left);
  }

  #encode<T>(serde: Serde<T>, value: T): Uint8Array {
    const end = this.#buffer.encode(serde, value, 0);
    return this.#buffer.bytes.slice(0, end);
  }

  #refuse(records: RecordSet, i: number): never {
    throw unrestorable(this.name, records, i, "a record of another format");
  }
}

/** Bytes as a map's key. */
function text(bytes: Uint8Array): string {
  let result = "";
  for (let i = 0; i < bytes.length; i++) result += String.fromCharCode(bytes[i]!);
  return result;
}

function bytesOf(bytes: Uint8Array): KeyBytes {
  return { bytes, from: 0, to: bytes.length, hash: murmur2(bytes, 0, bytes.length) };
}

function compare(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a, 0, a.length, b, 0, b.length);
}

/**
 * A list of values of variable size: the byte 1, the count, then each with its length before it (4 bytes,
 * big-endian).
 */
function writeList(values: readonly Uint8Array[], left: boolean): Uint8Array {
  const list = new Uint8Array(5 + values.reduce((size, value) => size + 5 + value.length, 0));
  const view = new DataView(list.buffer);
  list[0] = 1;
  view.setInt32(1, values.length);
  let at = 5;
  for (const value of values) {
    view.setInt32(at, value.length + 1);
    list[at + 4] = left ? 1 : 0;
    list.set(value, at + 5);
    at += 5 + value.length;
  }
  return list;
}

/** Returns `undefined` for bytes of another format. */
function parseList(list: Uint8Array): Uint8Array[] | undefined {
  if (list.length < 5 || list[0] !== 1) return undefined;
  const view = new DataView(list.buffer, list.byteOffset, list.length);
  const values: Uint8Array[] = [];
  let at = 5;
  for (let left = view.getInt32(1); left > 0; left--) {
    if (at + 5 > list.length) return undefined;
    const end = at + 4 + view.getInt32(at);
    if (end > list.length || end < at + 5) return undefined;
    values.push(list.slice(at + 5, end));
    at = end;
  }
  return values;
}
