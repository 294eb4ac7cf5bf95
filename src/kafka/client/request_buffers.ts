/**
 * Buffers for large requests, used again: a new megabyte each time has to be zeroed, mapped page by page and
 * collected.
 *
 * @module
 */

/** Buffers kept for use again: as many as requests may be under way to a broker, by two producers. */
const MOST_SPARES = 10;
/** What the buffers kept may have together, in bytes. */
const MOST_BYTES = 8 * 1024 * 1024;
/** A buffer has at least so many bytes, so that small requests share them too. */
const LEAST_BYTES = 65_536;
const MEBIBYTE = 1_048_576;

/**
 * Lends buffers.
 *
 * @example
 * ```ts
 * import { RequestBuffers } from "./request_buffers.ts";
 *
 * const buffers = new RequestBuffers();
 * const one = buffers.take(100_000);
 * console.log(one.length >= 100_000); // true
 * buffers.giveBack(one);
 * console.log(buffers.take(70_000) === one); // true
 * ```
 */
export class RequestBuffers {
  readonly #spares: Uint8Array[] = [];
  #bytes = 0;

  /** Bytes of the buffers that are kept and not lent. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A buffer of at least so many bytes, with anything in them. */
  take(size: number): Uint8Array {
    const fitting = this.#spares.findIndex((spare) => spare.length >= size);
    if (fitting >= 0) {
      const [spare] = this.#spares.splice(fitting, 1);
      this.#bytes -= spare!.length;
      return spare!;
    }
    // Rounded up, so that the next, slightly larger one fits too: to a power of two, or to whole MiB, lest
    // much of it stays empty.
    const rounded = size > MEBIBYTE ? Math.ceil(size / MEBIBYTE) * MEBIBYTE : 2 ** Math.ceil(Math.log2(size));
    return new Uint8Array(Math.max(LEAST_BYTES, rounded));
  }

  /**
   * Takes back a buffer that nobody will read or write any more. One that was never given back is collected
   * like any other.
   */
  giveBack(buffer: Uint8Array): void {
    if (buffer.length > MOST_BYTES) return;
    this.#spares.push(buffer);
    this.#bytes += buffer.length;
    // Those that were not lent for the longest time make way, as they are too small mostly.
    while (this.#spares.length > MOST_SPARES || this.#bytes > MOST_BYTES) {
      this.#bytes -= this.#spares.shift()!.length;
    }
  }
}
