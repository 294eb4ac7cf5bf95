/**
 * Transactions of the in-memory log, with Kafka's rules, except that none times out: a producer lives in the same process, and the
 * next one with its id ends what it left open.
 *
 * @module
 */
import { GroupError } from "../common/coordinator.ts";
import { CommitRejected, ProducerFenced } from "../port/errors.ts";
import type { GroupOffsets } from "../port/producer.ts";
import type { MemoryGroup } from "./coordinator.ts";
import type { MemoryPartition } from "./partition.ts";

/** A range of offsets, without `to`. */
interface Range {
  readonly from: number;
  to: number;
}

/** What one partition knows of transactions. */
export class PartitionTransactions {
  /** The offsets of open transactions, in the order in which these wrote here first. */
  readonly #open = new Map<unknown, Range[]>();
  /** Offsets of aborted transactions, in order and apart from each other. */
  readonly #aborted: Range[] = [];

  /** The first offset that belongs to an open transaction. */
  get firstOpen(): number | undefined {
    for (const ranges of this.#open.values()) return ranges[0]!.from;
    return undefined;
  }

  append(transaction: unknown, offset: number): void {
    const ranges = this.#open.get(transaction);
    if (ranges === undefined) {
      this.#open.set(transaction, [{ from: offset, to: offset + 1 }]);
      return;
    }
    const last = ranges[ranges.length - 1]!;
    if (last.to === offset) last.to++;
    else ranges.push({ from: offset, to: offset + 1 });
  }

  /** Whether it had written here. */
  end(transaction: unknown, commit: boolean): boolean {
    const ranges = this.#open.get(transaction);
    if (ranges === undefined) return false;
    this.#open.delete(transaction);
    if (!commit) {
      this.#aborted.push(...ranges);
      this.#aborted.sort((a, b) => a.from - b.from);
    }
    return true;
  }

  /** `offset`, or the first one after it that is not of an aborted transaction. */
  afterAborted(offset: number): number {
    for (let i = this.#firstAfter(offset); i < this.#aborted.length; i++) {
      const { from, to } = this.#aborted[i]!;
      if (from > offset) break;
      offset = to;
    }
    return offset;
  }

  /** The first offset after `offset` that is of an aborted transaction; `Infinity` for none. */
  nextAborted(offset: number): number {
    return this.#aborted[this.#firstAfter(offset)]?.from ?? Infinity;
  }

  forgetBefore(start: number): void {
    this.#aborted.splice(0, this.#firstAfter(start));
  }

  /** The index of the first aborted range that ends after `offset`. */
  #firstAfter(offset: number): number {
    let low = 0;
    let high = this.#aborted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#aborted[middle]!.to <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

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
      `Cannot write with transactional id ${this.#id}: another producer has begun with it (PRODUCER_FENCED); ` +
        `close this producer and make a new one if its work is still yours`,
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
