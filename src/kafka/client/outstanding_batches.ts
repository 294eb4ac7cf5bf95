import type { Batch } from "./partition_queue.ts";

/** Who waits for batches, and for which still. */
interface Waiter {
  readonly batches: Set<Batch>;
  readonly resolve: () => void;
}

/**
 * Batches that are sealed and neither acknowledged nor given up, under way or not; and who waits for them.
 */
export class OutstandingBatches {
  readonly #batches = new Set<Batch>();
  readonly #waiters = new Set<Waiter>();

  /** Adds one that nobody waits for yet. */
  add(batch: Batch): void {
    this.#batches.add(batch);
  }

  /** Has another batch stand for one, beside others: who waits for the one waits for it too. */
  addFor(batch: Batch, part: Batch): void {
    this.#batches.add(part);
    for (const { batches } of this.#waiters) if (batches.has(batch)) batches.add(part);
  }

  /** Takes out a batch that is acknowledged, given up, or replaced by others. */
  delete(batch: Batch): void {
    this.#batches.delete(batch);
    for (const waiter of this.#waiters) {
      waiter.batches.delete(batch);
      if (waiter.batches.size === 0) this.#letGo(waiter);
    }
  }

  /** Resolves when all that are outstanding now have been taken out. */
  settled(): Promise<void> {
    if (this.#batches.size === 0) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.add({ batches: new Set(this.#batches), resolve });
    return promise;
  }

  /** Lets go all who wait now. */
  abandon(): void {
    for (const waiter of this.#waiters) this.#letGo(waiter);
  }

  #letGo(waiter: Waiter): void {
    this.#waiters.delete(waiter);
    waiter.resolve();
  }
}
