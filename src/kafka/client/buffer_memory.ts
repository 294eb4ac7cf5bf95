import type { Batch } from "./partition_queue.ts";
import type { BatchWriter } from "../wire/record_batch/writer.ts";
import { WriterPool } from "./writer_pool.ts";

/** What the producers of a process keep for use again: as much as one of them may have under way. */
const writers = new WriterPool(33_554_432);
const READY = Promise.resolve();

/**
 * The memory that a producer's batches take, and who waits for room. It counts whole buffers, not records:
 * with many partitions these are far from full.
 */
export class BufferMemory {
  readonly #mostBytes: number;
  readonly #mostKept: number;
  #bytes = 0;
  /** Shared by all who wait for room. */
  #room: PromiseWithResolvers<void> | undefined;

  /**
   * @param mostBytes Beyond these there is no room.
   * @param mostKept A writer whose buffer has more bytes than this is not used again.
   */
  constructor(mostBytes: number, mostKept: number) {
    this.#mostBytes = mostBytes;
    this.#mostKept = mostKept;
  }

  /** How many bytes are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is no room. */
  get full(): boolean {
    return this.#bytes > this.#mostBytes;
  }

  /** Counts more bytes, or, with a negative number, that they are free again. */
  hold(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A writer for about so many bytes. */
  lend(size: number): BatchWriter {
    const writer = writers.take(size);
    this.#bytes += writer.capacity;
    return writer;
  }

  /** Notes that a batch is compressed: it is held without the buffer that it was written into. */
  compressed(batch: Batch, bytes: number): void {
    this.#bytes += bytes - batch.held;
    batch.held = bytes;
    this.#giveBack(batch);
  }

  /** Frees what a batch holds. */
  release(batch: Batch): void {
    this.#bytes -= batch.held;
    this.#giveBack(batch);
  }

  /** Resolves when there is room, and somebody has said so. */
  room(): Promise<void> {
    if (!this.full) return READY;
    this.#room ??= Promise.withResolvers();
    return this.#room.promise;
  }

  /** Lets go who waits, if there is room now. */
  letGo(): void {
    if (!this.full) this.abandon();
  }

  /** Lets go who waits, room or not. */
  abandon(): void {
    this.#room?.resolve();
    this.#room = undefined;
  }

  #giveBack(batch: Batch): void {
    const { writer } = batch;
    batch.writer = undefined;
    if (writer !== undefined && writer.capacity <= this.#mostKept) writers.giveBack(writer);
  }
}
