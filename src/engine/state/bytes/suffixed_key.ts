import { copyBytes } from "./arena.ts";
import type { KeyBytes } from "../../record/key_bytes.ts";

/** HOT PATH. A key's bytes with a suffix of a fixed length, in a buffer of its own: the key of a changelog record. It has no hash. */
export class SuffixedKey implements KeyBytes {
  bytes: Uint8Array = new Uint8Array(256);
  readonly from = 0;
  to = 0;
  readonly hash = 0;
  readonly #suffix: number;

  /** @param suffix How many bytes follow a key. */
  constructor(suffix: number) {
    this.#suffix = suffix;
  }

  /** Copies a key and returns the index that its suffix begins at. */
  set(key: KeyBytes): number {
    const length = key.to - key.from;
    this.to = length + this.#suffix;
    if (this.to > this.bytes.length) this.bytes = new Uint8Array(this.to * 2);
    copyBytes(key.bytes, key.from, key.to, this.bytes, 0);
    return length;
  }
}
