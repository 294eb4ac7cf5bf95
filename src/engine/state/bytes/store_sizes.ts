/**
 * What the stores in memory take for so many entries: the same arithmetic as the stores' own, so that an
 * instance's memory can be known before it runs. `tests/engine/state/bytes/store_sizes_test.ts` compares
 * both.
 *
 * @module
 */
import { blockCapacity, CHUNK_BYTES } from "./arena.ts";

/** Parallel arrays begin with 16 places and double. */
function places(count: number): number {
  return 2 ** Math.max(4, Math.ceil(Math.log2(Math.max(1, count))));
}

/**
 * A table of hashes (8 bytes a slot, at most three quarters of them in use), and the address and length of
 * each key.
 */
function indexBytes(keys: number): number {
  let slots = 16;
  while (keys * 4 > slots * 3) slots *= 2;
  return slots * 8 + places(keys) * 8;
}

/** The last chunk is half full on average. */
function arenaBytes(entries: number, block: number): number {
  return entries * block + Math.min(entries * block, CHUNK_BYTES / 2);
}

/**
 * Bytes of a key-value store. `entries` are those held at once: with a retention those of that time, at most
 * of twice that.
 */
export function keyValueStoreBytes(
  { entries, keyBytes, valueBytes, expires }: {
    readonly entries: number;
    readonly keyBytes: number;
    readonly valueBytes: number;
    /** Whether it has a retention: the queue of keys that may expire. */
    readonly expires: boolean;
  },
): number {
  return arenaBytes(entries, blockCapacity(keyBytes + valueBytes)) + indexBytes(entries) +
    places(entries) * (16 + (expires ? 12 : 0));
}

/**
 * Segments of a window store at once: of a quarter of the retention each, the oldest dropped whole when the
 * newest begins.
 */
export const WINDOW_SEGMENTS = 5;

/** Bytes of a join's window store, of one side. */
export function windowStoreBytes(
  { entriesPerSecond, retentionMs, keyBytes, valueBytes }: {
    readonly entriesPerSecond: number;
    /** The join's window, before and after, and its grace. */
    readonly retentionMs: number;
    readonly keyBytes: number;
    readonly valueBytes: number;
  },
): number {
  const entries = Math.ceil(entriesPerSecond * Math.ceil(retentionMs / 4) / 1000);
  const block = blockCapacity(((keyBytes + 7) & ~7) + valueBytes);
  return WINDOW_SEGMENTS * (arenaBytes(entries, block) + indexBytes(entries) + places(entries) * 28);
}
