/**
 * Transactions of the in-memory log, with Kafka's rules, except that none times out: a producer lives in the
 * same process, and the next one with its id ends what it left open.
 *
 * @module
 */
import { GroupError } from "../common/coordinator.ts";
import { CommitRejected, ProducerFenced } from "../port/errors.ts";
import type { GroupOffsets } from "../port/producer.ts";
import type { MemoryGroup } from "./coordinator.ts";
import type { MemoryPartition } from "./partition.ts";

/** The coordinator of one transactional id: knows which producer has it, and what that one has open. */
export class MemoryTransactionalId {
  readonly #id: string;
  #owner: unknown;
  /** Partitions of the owner's open transaction. */
  readonly #partitions = new Set<MemoryPartition>();

  constructor(id: string) {
    this.#id = id;
  }

  /** Gives the id to a producer, and aborts what the one before it has open. */
  register(producer: unknown): void {
    if (this.#owner === producer) return;
    this.#end(false);
    this.#owner = producer;
  }

  /** Why a producer may not write; `undefined` when it may. */
  fenced(producer: unknown): ProducerFenced | undefined {
    if (this.#owner === producer) return undefined;
    return new ProducerFenced(
      `Cannot write with transactional id ${this.#id}: another producer has begun with it ` +
        "(PRODUCER_FENCED); close this producer and make a new one if its work is still yours",
    );
  }

  /** HOT PATH. Makes a partition part of the transaction. */
  add(partition: MemoryPartition): void {
    this.#partitions.add(partition);
  }

  /**
   * Commits records and offsets, all or none.
   * @throws {CommitRejected} When the group refuses the offsets.
   */
  commit(group: MemoryGroup | undefined, offsets: GroupOffsets | undefined): void {
    if (group !== undefined && offsets !== undefined) {
      try {
        group.commit(offsets, offsets.offsets);
      } catch (error) {
        if (!(error instanceof GroupError)) throw error;
        const again = error.code === "REBALANCE_IN_PROGRESS" || error.code === "ILLEGAL_GENERATION";
        throw new CommitRejected(error.message, again);
      }
    }
    this.#end(true);
  }

  abort(): void {
    this.#end(false);
  }

  #end(commit: boolean): void {
    for (const partition of this.#partitions) partition.endTransaction(this.#owner, commit);
    this.#partitions.clear();
  }
}
