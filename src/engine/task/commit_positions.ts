/**
 * What of a task's inputs is committed, and what is to be.
 *
 * @module
 */
import type { TopicPartitionOffset } from "../../kafka/port/topics.ts";
import type { InputPositions } from "../record/async_calls.ts";
import type { RecordQueue } from "./record_queue.ts";

/** The positions of one task's queues against the offsets that are committed. */
export class CommitPositions {
  readonly #queues: readonly RecordQueue[];
  readonly #repartitionTopics: ReadonlySet<string>;
  /** By the queue of a repartition topic: up to where all is committed and may be deleted. */
  readonly #purgeable = new Map<RecordQueue, number>();

  /**
   * @param repartitionTopics Those whose records may be deleted once they are committed: nobody else reads
   * them.
   */
  constructor(queues: readonly RecordQueue[], repartitionTopics: ReadonlySet<string>) {
    this.#queues = queues;
    this.#repartitionTopics = repartitionTopics;
  }

  /**
   * The positions that are not committed.
   *
   * @param all Whether to give those that are, too.
   * @param floor Up to where may be committed, an offset a queue, as records after it wait for promises.
   */
  uncommitted(all: boolean, floor?: InputPositions): TopicPartitionOffset[] {
    return this.#queues.flatMap(({ topic, partition, position, committed }, i) => {
      const offset = floor === undefined ? position : Math.max(committed, floor[i]!);
      return all || offset !== committed ? [{ topic, partition, offset }] : [];
    });
  }

  /** Says that offsets are committed; those of other tasks' partitions are passed over. */
  committed(offsets: readonly TopicPartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const queue = this.#queues.find((each) => each.topic === topic && each.partition === partition);
      if (queue === undefined) continue;
      queue.committed = offset;
      if (this.#repartitionTopics.has(topic)) this.#purgeable.set(queue, offset);
    }
  }

  /**
   * Up to where repartition topics' records are committed, of those that have moved since this was last
   * asked.
   */
  takePurgeable(): TopicPartitionOffset[] {
    const offsets = [...this.#purgeable].map(([{ topic, partition }, offset]) => ({
      topic,
      partition,
      offset,
    }));
    this.#purgeable.clear();
    return offsets;
  }
}
