import type { Producer } from "../port/producer.ts";
import { messageOf } from "../port/errors.ts";
import type { PartitionQueue } from "./partition_queue.ts";

type Retries = Producer["retries"];

/** What had to be put off, and what of it still fails; see {@linkcode Producer.retries}. */
export class ProduceRetries implements Retries {
  count = 0;
  last: string | undefined = undefined;
  failing: string | undefined = undefined;
  /** Queues whose last attempt failed, the newest failure last. */
  readonly #failing = new Set<PartitionQueue>();

  /** Notes that something is sent again, in another way. */
  note(message: string): void {
    this.count++;
    this.last = message;
  }

  /** Notes why queues have to wait. */
  putOff(queues: readonly PartitionQueue[], error: unknown): void {
    const message = messageOf(error);
    for (const queue of queues) {
      queue.failing = message;
      this.#failing.delete(queue);
      this.#failing.add(queue);
    }
    this.note(message);
    this.#showNewest();
  }

  /** Notes that nothing of a queue fails any more. */
  recovered(queue: PartitionQueue): void {
    if (queue.failing === undefined) return;
    queue.failing = undefined;
    this.#failing.delete(queue);
    this.#showNewest();
  }

  #showNewest(): void {
    let newest: string | undefined;
    for (const { failing } of this.#failing) newest = failing;
    this.failing = newest;
  }
}
