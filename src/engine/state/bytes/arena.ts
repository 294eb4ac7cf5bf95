/**
 * HOT PATH. Memory for the state stores: blocks of bytes in large chunks, so that a million entries are a few
 * hundred objects for the garbage collector instead of millions.
 *
 * A block's address is one integer: the chunk's number times {@linkcode UNITS} plus the block's place in the
 * chunk, in units of 8 bytes; 2^32 units are 32 GiB.
 *
 * @module
 */

/** Units of 8 bytes in a full chunk (1 MiB). */
const UNITS = 1 << 17;
/** Bytes of a full chunk. */
export const CHUNK_BYTES: number = UNITS * 8;
/** Chunks start small and double, so that a store with few entries costs few bytes. */
const FIRST_CHUNK_BYTES = 4096;
/** Blocks up to this size come in steps of 16 bytes; larger ones in powers of two. */
const FINE_BYTES = 512;
const FINE_CLASSES = FINE_BYTES / 16;

/** The bytes that a block for `size` bytes really has: the least of its size class. */
export function blockCapacity(size: number): number {
  if (size <= FINE_BYTES) return size <= 16 ? 16 : (size + 15) & ~15;
  if (size > CHUNK_BYTES) return size;
  return 1 << (32 - Math.clz32(size - 1));
}

function sizeClass(capacity: number): number {
  return capacity <= FINE_BYTES ? (capacity >>> 4) - 1 : FINE_CLASSES + 22 - Math.clz32(capacity);
}

/** Allocates and frees blocks of bytes. Freed blocks are used again for blocks of their size class. */
export class Arena {
  /** The chunks; an address's chunk is `chunks[chunkOf(address)]`. */
  readonly chunks: Uint8Array[] = [];
  readonly #free: number[][] = [];
  readonly #freeChunks: number[] = [];
  #top = 0;
  #end = 0;
  #current = -1;
  #bytes = 0;
  /** Chunks from here up to {@linkcode #reusableTo} are from before a {@linkcode reset}, and empty. */
  #reusable = 0;
  #reusableTo = 0;

  /** Bytes reserved from the runtime, free blocks and the lists of them included. */
  get reservedBytes(): number {
    let bytes = this.#bytes;
    for (const free of this.#free) if (free !== undefined) bytes += free.length * 8;
    return bytes;
  }

  /** A block of at least `size` bytes, to be freed with the same capacity. */
  allocate(size: number): number {
    const capacity = blockCapacity(size);
    if (capacity > CHUNK_BYTES) return this.#ownChunk(capacity);
    const free = this.#free[sizeClass(capacity)];
    if (free !== undefined && free.length > 0) return free.pop()!;
    if (this.#top + capacity > this.#end) this.#nextChunk(capacity);
    const address = this.#current * UNITS + (this.#top >>> 3);
    this.#top += capacity;
    return address;
  }

  /** Gives a block of `capacity` bytes (its {@linkcode blockCapacity}) back. */
  free(address: number, capacity: number): void {
    if (capacity > CHUNK_BYTES) {
      const chunk = chunkOf(address);
      this.#bytes -= this.chunks[chunk]!.length;
      this.chunks[chunk] = EMPTY;
      this.#freeChunks.push(chunk);
      return;
    }
    (this.#free[sizeClass(capacity)] ??= []).push(address);
  }

  /** Frees all blocks at once, and keeps the memory for those that follow. */
  reset(): void {
    this.#free.length = 0;
    // Chunks of a single block fit nothing else.
    if (this.#freeChunks.length > 0 || this.chunks.some(({ length }) => length > CHUNK_BYTES)) {
      this.chunks.length = this.#freeChunks.length = this.#bytes = 0;
    }
    this.#current = -1;
    this.#top = this.#end = 0;
    this.#reusable = 0;
    this.#reusableTo = this.chunks.length;
  }

  #nextChunk(capacity: number): void {
    while (this.#reusable < this.#reusableTo) {
      this.#current = this.#reusable++;
      this.#top = 0;
      this.#end = this.chunks[this.#current]!.length;
      if (capacity <= this.#end) return;
    }
    const size = Math.max(
      capacity,
      Math.min(CHUNK_BYTES, FIRST_CHUNK_BYTES * 2 ** Math.min(8, this.chunks.length)),
    );
    this.#current = this.#addChunk(size);
    this.#top = 0;
    this.#end = size;
  }

  #ownChunk(capacity: number): number {
    return this.#addChunk(capacity) * UNITS;
  }

  #addChunk(size: number): number {
    this.#bytes += size;
    const chunk = new Uint8Array(size);
    const reused = this.#freeChunks.pop();
    if (reused === undefined) return this.chunks.push(chunk) - 1;
    this.chunks[reused] = chunk;
    return reused;
  }
}

const EMPTY = new Uint8Array(0);

/** The number of the chunk that an address is in. */
export function chunkOf(address: number): number {
  return address >>> 17;
}

/** Where in its chunk an address is, in bytes. */
export function offsetOf(address: number): number {
  return (address & (UNITS - 1)) << 3;
}

/** Copies short ranges faster than `set(subarray())`, which allocates a view. */
export function copyBytes(from: Uint8Array, start: number, end: number, to: Uint8Array, at: number): void {
  if (end - start > 200) {
    to.set(from.subarray(start, end), at);
    return;
  }
  for (let i = start; i < end; i++) to[at++] = from[i]!;
}
