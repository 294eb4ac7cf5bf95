import { delay } from "@std/async/delay";
import { SESSIONS_TOPIC } from "../game/topics.ts";
import type { Fetcher } from "../kafka/port/fetcher.ts";
import type { Log } from "../kafka/port/log.ts";
import type { TopicPartition } from "../kafka/port/topics.ts";
import type { SessionCheck } from "./session_check.ts";

/** Follows the sessions' topic from its end. */
export class SessionsReader {
  /** Rejects when the topic can't be read any more. */
  readonly failed: Promise<never>;
  readonly #log: Log;
  readonly #partitions: readonly TopicPartition[];
  readonly #positions: number[];
  readonly #fetcher: Fetcher;
  readonly #loop: Promise<void>;
  #closed = false;

  /** Begins to follow: what is appended from now on goes to the check. */
  static async open(log: Log, check: SessionCheck): Promise<SessionsReader> {
    const { partitions = 0 } = (await log.describeTopics([SESSIONS_TOPIC])).get(SESSIONS_TOPIC) ?? {};
    const all = Array.from({ length: partitions }, (_, partition) => ({ topic: SESSIONS_TOPIC, partition }));
    return new SessionsReader(log, all, await log.offsets(all, "latest"), check);
  }

  private constructor(
    log: Log,
    partitions: readonly TopicPartition[],
    positions: number[],
    check: SessionCheck,
  ) {
    this.#log = log;
    this.#partitions = partitions;
    this.#positions = positions;
    this.#fetcher = log.fetcher();
    for (const [i, partition] of partitions.entries()) this.#fetcher.assign(partition, positions[i]!);
    this.#loop = this.#follow(check);
    this.failed = new Promise((_, reject) => this.#loop.catch(reject));
    this.failed.catch(() => {}); // whoever races it sees it
  }

  /** Whether all that is in the topic now has been read. */
  async caughtUp(): Promise<boolean> {
    const ends = await this.#log.offsets(this.#partitions, "latest");
    return ends.every((end, i) => this.#positions[i]! >= end);
  }

  /** Stops reading. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#fetcher.wakeup();
    await this.#loop.catch(() => {}); // seen through `failed`
    await this.#fetcher.close();
  }

  async #follow(check: SessionCheck): Promise<void> {
    while (!this.#closed) {
      for (const set of await this.#fetcher.poll(200)) {
        check.came(set);
        this.#positions[set.partition] = set.nextOffset;
      }
      // Lets timers and sockets have their turn while there is much to read.
      await delay(0);
    }
  }
}
