/**
 * Writers of record batches with their buffers, used again by all producers of a process: with many
 * partitions, each batch would else begin with a small new buffer and grow.
 *
 * @module
 */
import { BatchWriter } from "../wire/record_batch/writer.ts";

/** What a new writer begins with, and the most that a small one has. */
const SMALL_BYTES = 8_192;

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
  /** Apart from the large ones, so that a partition with few records does not hold a large buffer. */
  readonly #small: BatchWriter[] = [];
  readonly #large: BatchWriter[] = [];
  readonly #mostBytes: number;
  #bytes = 0;

  /** @param mostBytes What the buffers of the writers kept may have together, in bytes. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /** Bytes of the buffers of the writers that are kept and not lent. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * A writer without records.
   *
   * @param size About how many bytes will be written.
   */
  take(size = 0): BatchWriter {
    const writer = size > SMALL_BYTES ? this.#large.pop() ?? this.#small.pop() : this.#small.pop();
    if (writer === undefined) return new BatchWriter(SMALL_BYTES);
    this.#bytes -= writer.capacity;
    return writer;
  }

  /** Takes back a writer whose records nobody needs any more. */
  giveBack(writer: BatchWriter): void {
    if (this.#bytes + writer.capacity > this.#mostBytes) return;
    writer.reset();
    this.#bytes += writer.capacity;
    (writer.capacity > SMALL_BYTES ? this.#large : this.#small).push(writer);
  }
}
