/**
 * A log whose changelogs can be held back, and what runs on it.
 *
 * @module
 */
import { int64Serde, stringSerde } from "../../../src/serde/mod.ts";
import { StreamsBuilder, type Topology } from "../../../src/engine/mod.ts";
import { type Fetcher, type FetcherOptions, MemoryLog } from "../../../src/kafka/mod.ts";

/** A log that gives no changelog records while its gate is shut. */
export class GatedLog extends MemoryLog {
  #gate: Promise<void> | undefined;

  /** Shuts the gate; what it returns opens it. */
  shut(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gate = promise;
    return resolve;
  }

  override fetcher(options: FetcherOptions = {}): Fetcher {
    const fetcher = super.fetcher(options);
    // Those of the sources say which topics they will read.
    if (options.topics !== undefined) return fetcher;
    const poll = fetcher.poll.bind(fetcher);
    const closed = Promise.withResolvers<void>();
    const wakeup = fetcher.wakeup.bind(fetcher);
    fetcher.wakeup = () => {
      closed.resolve();
      wakeup();
    };
    fetcher.poll = async (ms) => {
      const sets = await poll(ms);
      // Who is woken up is about to close.
      await Promise.race([this.#gate, closed.promise]);
      return sets;
    };
    return fetcher;
  }
}

/** Counts the records of `in` by key, and passes those of `plain` on. */
export function counting(...topics: string[]): Topology {
  const text = { key: stringSerde(), value: stringSerde() };
  const builder = new StreamsBuilder();
  const [counted = "in", ...plain] = topics.length > 0 ? topics : ["in", "plain"];
  builder.stream(counted, text).groupByKey(text).count({ value: int64Serde() });
  for (const topic of plain) builder.stream(topic, text).foreach(() => {});
  return builder.build();
}

/** Writes a record to each partition. */
export async function writeEach(log: MemoryLog, topic: string, partitions: number): Promise<void> {
  const value = new TextEncoder().encode("x");
  const bytes = { bytes: value, from: 0, to: value.length };
  const producer = log.producer();
  for (let partition = 0; partition < partitions; partition++) {
    producer.append(topic, partition, 1, bytes, bytes);
  }
  await producer.close();
}
