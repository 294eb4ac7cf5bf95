/**
 * HOT PATH. Values by key and time, as the windowed stores keep them: the memory, the keys, and behind each
 * key a list.
 *
 * @module
 */
import type { KeyBytes } from "../../record/key_bytes.ts";
import { Arena, chunkOf, offsetOf } from "./arena.ts";
import { BytesIndex } from "./bytes_index.ts";
import { compareBytes, WindowCursor } from "./bytes_windowed_stores.ts";
import { EntryLists } from "./entry_lists.ts";

/** Lists of entries by key, with the memory that keys and values are in. */
export class KeyedLists {
  readonly arena: Arena = new Arena();
  readonly index: BytesIndex = new BytesIndex(this.arena);
  readonly lists: EntryLists = new EntryLists(this.arena);

  /** Bytes of memory that it takes. */
  get bytes(): number {
    return this.arena.reservedBytes + this.index.tableBytes + this.lists.tableBytes;
  }

  /** The id of a key, or −1. */
  find(key: KeyBytes): number {
    return this.index.find(key.bytes, key.from, key.to, key.hash);
  }

  /** Adds a key that is not there, with an empty list. Returns its id. */
  insert(key: KeyBytes): number {
    const id = this.index.insert(key);
    this.lists.addKey(id);
    return id;
  }

  /** Points a cursor at an entry's key and value; what the entry's numbers mean is the store's. */
  read(entry: number, cursor: WindowCursor): WindowCursor {
    const { arena, index, lists } = this;
    const address = lists.address[entry]!;
    cursor.bytes = arena.chunks[chunkOf(address)]!;
    cursor.from = offsetOf(address);
    cursor.to = cursor.from + lists.length[entry]!;
    const id = lists.key[entry]!;
    const keyAddress = index.address[id]!;
    cursor.keyBytes = arena.chunks[chunkOf(keyAddress)]!;
    cursor.keyFrom = offsetOf(keyAddress);
    cursor.keyTo = cursor.keyFrom + index.keyLength[id]!;
    return cursor;
  }

  /** The order of the keys of two entries, by their bytes. */
  compareKeys(entry: number, other: KeyedLists, otherEntry: number): number {
    const a = this.read(entry, LEFT);
    const b = other.read(otherEntry, RIGHT);
    return compareBytes(a.keyBytes, a.keyFrom, a.keyTo, b.keyBytes, b.keyFrom, b.keyTo);
  }
}

const LEFT = new WindowCursor();
const RIGHT = new WindowCursor();
