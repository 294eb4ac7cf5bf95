/**
 * HOT PATH. Writers of record batches with their buffers, used again by all producers of a process: with many partitions, each batch
 * would else begin with a small new buffer and grow.
 *
 * @module
 */
import { BatchWriter } from "./record_batch/writer.ts";

/**
 * Keeps writers that are not in use.
 *
 * @example
 * ```ts
 * import { WriterPool } from "./writer_pool.ts";
 *
 * const pool = new WriterPool(1_000_000);
 * const writer = pool.take();
 * pool.giveBack(writer);
 * console.log(pool.take() === writer); // true
 * ```
 */
export class WriterPool {
  readonly #spares: BatchWriter[] = [];
  readonly #mostBytes: number;
  #bytes = 0;

  /** @param mostBytes What the buffers of the writers kept may have together, in bytes. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** A writer without records. */
  take(): BatchWriter {
    const writer = this.#spares.pop();
    if (writer === undefined) return new BatchWriter();
    this.#bytes -= writer.capacity;
    return writer;
  }

  /** Takes back a writer whose records nobody needs any more. */
  giveBack(writer: BatchWriter): void {
    if (this.#bytes + writer.capacity > this.#mostBytes) return;
    writer.reset();
    this.#bytes += writer.capacity;
    this.#spares.push(writer);
  }
}
