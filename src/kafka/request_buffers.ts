/**
 * Buffers for large requests, used again: a new megabyte each time has to be zeroed, mapped page by page and collected.
 *
 * @module
 */

/** Buffers kept for use again. */
const MOST_SPARES = 4;
/** No larger buffer is kept. */
const MOST_BYTES = 8 * 1024 * 1024;
/** A buffer has at least so many bytes, so that small requests share them too. */
const LEAST_BYTES = 65_536;

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

  /** A buffer of at least so many bytes, with anything in them. */
  take(size: number): Uint8Array {
    const fitting = this.#spares.findIndex((spare) => spare.length >= size);
    if (fitting >= 0) return this.#spares.splice(fitting, 1)[0]!;
    // A power of two, so that the next, slightly larger one fits too; in the place of a smaller one, if there are enough.
    if (this.#spares.length === MOST_SPARES) this.#spares.shift();
    return new Uint8Array(Math.max(LEAST_BYTES, 2 ** Math.ceil(Math.log2(size))));
  }

  /** Takes back a buffer that nobody will read or write any more. One that was never given back is collected like any other. */
  giveBack(buffer: Uint8Array): void {
    if (this.#spares.length < MOST_SPARES && buffer.length <= MOST_BYTES) this.#spares.push(buffer);
  }
}
