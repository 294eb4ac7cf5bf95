/**
 * What the stores on disk have in common.
 *
 * @module
 */
import type { BytesRange } from "../../../kafka/port/bytes_range.ts";
import { type ValueBytes, ValueCursor } from "./bytes_store.ts";
import type { StateFile } from "./state_file.ts";

/** A store in a table of a {@linkcode StateFile}. */
export abstract class SqliteStore {
  protected readonly file: StateFile;
  /** How many rows there are. */
  protected rows = 0;
  readonly #cursor = new ValueCursor();

  constructor(file: StateFile) {
    this.file = file;
  }

  get size(): number {
    return this.rows;
  }

  get bytes(): number {
    return this.file.bytesPerStore;
  }

  get memoryBytes(): number {
    return this.file.memoryBytesPerStore;
  }

  /** A value as it was read; overwritten by the next one. */
  protected read(value: Uint8Array, timestamp: number): ValueBytes {
    const cursor = this.#cursor;
    cursor.bytes = value;
    cursor.from = 0;
    cursor.to = value.length;
    cursor.timestamp = timestamp;
    return cursor;
  }
}

/** A range of bytes as a statement takes them. */
export function blobOf({ bytes, from, to }: BytesRange): Uint8Array {
  return bytes.subarray(from, to);
}
