/**
 * HOT PATH. Copying of short ranges of bytes.
 *
 * @module
 */

const NOTHING = new Uint8Array(0);

/** Beyond so many bytes `set` is faster, although it needs a view of the range, an allocation. */
const COPIED_BY_WORDS = 128;

/**
 * Where bytes are copied from. It is the same buffer many times in a row mostly: a view of it is kept then,
 * to copy 4 bytes a step.
 */
export class CopySource {
  #bytes: Uint8Array = NOTHING;
  #view: DataView | undefined;

  /**
   * Copies `[from, to)` to index `at` of `into`, of which `intoView` is a view, and returns the index after
   * it.
   */
  copy(
    bytes: Uint8Array,
    from: number,
    to: number,
    into: Uint8Array,
    intoView: DataView,
    at: number,
  ): number {
    if (to - from > COPIED_BY_WORDS) {
      into.set(bytes.subarray(from, to), at);
      return at + to - from;
    }
    if (bytes === this.#bytes) {
      const view = this.#view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      for (const last = to - 4; from <= last; from += 4, at += 4) {
        intoView.setInt32(at, view.getInt32(from));
      }
    } else {
      this.#bytes = bytes;
      this.#view = undefined;
    }
    while (from < to) into[at++] = bytes[from++]!;
    return at;
  }

  /** Lets go of the buffer. */
  forget(): void {
    this.#bytes = NOTHING;
    this.#view = undefined;
  }
}
