/**
 * HOT PATH. The input partitions of a task, and which of their records comes next.
 *
 * @module
 */
import type { SchemaNotLoaded } from "../../serde/serde.ts";
import type { RecordQueue } from "./record_queue.ts";

/**
 * Chooses among the heads of a task's queues the one with the smallest timestamp, so that both sides of a
 * join come in the order of time; of equal ones the first queue's. While a queue is empty that may have more,
 * there is none: what is still to come for it may be older than the heads of the others.
 */
export class PartitionGroup {
  /** One an input partition, in the order of the task's inputs. */
  readonly queues: readonly RecordQueue[];
  /**
   * The queue whose head is half processed, since its steps have paused: that record goes on before any other
   * is begun.
   */
  paused: RecordQueue | undefined;

  constructor(queues: readonly RecordQueue[]) {
    this.queues = queues;
  }

  /**
   * The queue whose head is next; `undefined` while there is none, or one may come that is older than all
   * that are there.
   */
  next(): RecordQueue | undefined {
    if (this.paused !== undefined) return this.paused;
    const { queues } = this;
    let next: RecordQueue | undefined;
    for (let i = 0; i < queues.length; i++) {
      const queue = queues[i]!;
      if (queue.ready) {
        if (next === undefined || queue.headTimestamp < next.headTimestamp) next = queue;
      } else if (queue.mayHaveMore) return undefined;
    }
    return next;
  }

  /** The writer's schema that one of the heads needs to be decoded; `undefined` when none does. */
  get blockedBy(): SchemaNotLoaded | undefined {
    for (const { blockedBy } of this.queues) if (blockedBy !== undefined) return blockedBy;
    return undefined;
  }

  /** Tries again to decode the heads that wait for a schema. */
  unblock(): void {
    for (const queue of this.queues) if (queue.blockedBy !== undefined) queue.unblock();
  }
}
