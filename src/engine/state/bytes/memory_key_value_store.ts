/**
 * HOT PATH. A key-value store in memory, with an optional retention: a key goes away once stream time has
 * passed its last change by more than that. (Kafka Streams keeps such keys for ever.) Its memory is freed
 * when the queue of keys comes to it again, at the latest after twice the retention.
 *
 * An entry is one block in the arena, the key's bytes and then the value's, and a row in a few parallel
 * arrays.
 *
 * @module
 */
import { Arena, blockCapacity, chunkOf, copyBytes, offsetOf } from "./arena.ts";
import { BytesIndex } from "./bytes_index.ts";
import { type BytesKeyValueStore, type ValueBytes, ValueCursor } from "./bytes_store.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";
import { grown } from "./grown.ts";
import { SlotQueue } from "./slot_queue.ts";

/** A {@linkcode BytesKeyValueStore} in memory. */
export class MemoryKeyValueStore implements BytesKeyValueStore {
  readonly #arena = new Arena();
  readonly #index = new BytesIndex(this.#arena);
  readonly #retentionMs: number;
  readonly #onExpired: ((key: KeyBytes, timestamp: number) => void) | undefined;
  readonly #cursor = new ValueCursor();
  /** Ids in the order in which they may expire: each live id once. Only with a retention. */
  readonly #expiry: SlotQueue | undefined;
  #valueLength = new Int32Array(16);
  #timestamp = new Float64Array(16);
  #hash = new Int32Array(16);
  #observedTime = -1;

  /**
   * @param retentionMs How long a key lives after its last change, in ms of stream time; `Infinity` (the
   * default) keeps all.
   * @param onExpired Told of each key that goes away by itself, and of its timestamp; the bytes are valid
   * only during the call.
   */
  constructor(retentionMs?: number, onExpired?: (key: KeyBytes, timestamp: number) => void) {
    this.#retentionMs = retentionMs ?? Infinity;
    this.#onExpired = onExpired;
    this.#expiry = this.#retentionMs === Infinity ? undefined : new SlotQueue();
  }

  get size(): number {
    return this.#index.size;
  }

  get bytes(): number {
    return this.#arena.reservedBytes + this.#index.tableBytes + this.#timestamp.length * 16 +
      (this.#expiry?.tableBytes ?? 0);
  }

  get(key: KeyBytes): ValueBytes | undefined {
    const id = this.#index.find(key.bytes, key.from, key.to, key.hash);
    return id < 0 || this.#timestamp[id]! < this.#horizon() ? undefined : this.#read(id);
  }

  put(key: KeyBytes, value: Uint8Array, from: number, to: number, timestamp: number): void {
    this.load(key, value, from, to, timestamp);
    if (this.#expiry !== undefined) this.#expire(this.#expiry);
  }

  load(key: KeyBytes, value: Uint8Array, from: number, to: number, timestamp: number): void {
    const { bytes, from: keyFrom, to: keyTo, hash } = key;
    const keyLength = keyTo - keyFrom;
    const valueLength = to - from;
    const size = keyLength + valueLength;
    let id = this.#index.find(bytes, keyFrom, keyTo, hash);
    let address: number;
    if (id < 0) {
      address = this.#arena.allocate(size);
      id = this.#index.add(address, keyLength, hash);
      this.#ensure(id);
      this.#hash[id] = hash;
      this.#writeKey(address, key);
      this.#expiry?.push(id, timestamp);
    } else {
      address = this.#index.address[id]!;
      const capacity = blockCapacity(keyLength + this.#valueLength[id]!);
      if (blockCapacity(size) !== capacity) {
        this.#arena.free(address, capacity);
        address = this.#arena.allocate(size);
        this.#index.address[id] = address;
        this.#writeKey(address, key);
      }
    }
    copyBytes(value, from, to, this.#arena.chunks[chunkOf(address)]!, offsetOf(address) + keyLength);
    this.#valueLength[id] = valueLength;
    this.#timestamp[id] = timestamp;
    if (timestamp > this.#observedTime) this.#observedTime = timestamp;
  }

  delete(key: KeyBytes): boolean {
    const id = this.#index.find(key.bytes, key.from, key.to, key.hash);
    if (id < 0) return false;
    const live = this.#timestamp[id]! >= this.#horizon();
    this.#drop(id);
    // With a retention the id is in the expiry queue still, and is recycled when it comes to the front.
    if (this.#expiry === undefined) this.#index.recycle(id);
    return live;
  }

  forEach(visit: (key: Uint8Array, value: Uint8Array, timestamp: number) => unknown): void {
    for (let id = 0; id < this.#index.idEnd; id++) {
      const keyLength = this.#index.keyLength[id]!;
      if (keyLength < 0 || this.#timestamp[id]! < this.#horizon()) continue;
      const found = this.#read(id);
      const goOn = visit(
        found.bytes.subarray(found.from - keyLength, found.from),
        found.bytes.subarray(found.from, found.to),
        found.timestamp,
      );
      if (goOn === false) return;
    }
  }

  /** Entries before this time have expired, whether their memory was freed yet or not. */
  #horizon(): number {
    return this.#observedTime - this.#retentionMs;
  }

  #read(id: number): ValueBytes {
    const address = this.#index.address[id]!;
    const cursor = this.#cursor;
    cursor.bytes = this.#arena.chunks[chunkOf(address)]!;
    cursor.from = offsetOf(address) + this.#index.keyLength[id]!;
    cursor.to = cursor.from + this.#valueLength[id]!;
    cursor.timestamp = this.#timestamp[id]!;
    return cursor;
  }

  #writeKey(address: number, key: KeyBytes): void {
    copyBytes(key.bytes, key.from, key.to, this.#arena.chunks[chunkOf(address)]!, offsetOf(address));
  }

  #drop(id: number): void {
    this.#arena.free(
      this.#index.address[id]!,
      blockCapacity(this.#index.keyLength[id]! + this.#valueLength[id]!),
    );
    this.#index.remove(id, this.#hash[id]!);
  }

  #expire(queue: SlotQueue): void {
    const horizon = this.#horizon();
    while (queue.size > 0 && queue.headTimestamp < horizon) {
      const id = queue.shift();
      if (this.#index.keyLength[id]! < 0) this.#index.recycle(id);
      else if (this.#timestamp[id]! >= horizon) queue.push(id, this.#timestamp[id]!);
      else {
        if (this.#onExpired !== undefined) this.#tellExpired(id, this.#onExpired);
        this.#drop(id);
        this.#index.recycle(id);
      }
    }
  }

  #tellExpired(id: number, onExpired: (key: KeyBytes, timestamp: number) => void): void {
    const { bytes, from, timestamp } = this.#read(id);
    onExpired({ bytes, from: from - this.#index.keyLength[id]!, to: from, hash: this.#hash[id]! }, timestamp);
  }

  #ensure(id: number): void {
    if (id < this.#timestamp.length) return;
    const length = this.#timestamp.length * 2;
    this.#valueLength = grown(this.#valueLength, new Int32Array(length));
    this.#timestamp = grown(this.#timestamp, new Float64Array(length));
    this.#hash = grown(this.#hash, new Int32Array(length));
  }
}
