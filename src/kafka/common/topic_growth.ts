import type { Coordinator } from "./coordinator.ts";
import { messageOf } from "../port/errors.ts";
import type { Logger } from "../port/logger.ts";
import type { TopicDescription } from "../port/topics.ts";

/** What a group's leader assigned, to be compared with what there is later. */
export interface AssignedTopics {
  readonly names: readonly string[];
  readonly topics: ReadonlyMap<string, TopicDescription>;
  /** Whether another rebalance is due in any case. */
  readonly again: boolean;
}

/** What a {@linkcode TopicGrowth} is made of. */
export interface TopicGrowthParts {
  readonly coordinator: Coordinator;
  readonly logger: Logger;
  /** How often it looks, in ms; `Infinity` for never. */
  readonly intervalMs: number;
  /** Called when the topics have to be assigned anew. */
  readonly onChanged: () => void;
}

/** Has a group's leader look for topics that have grown, come or gone since it assigned them. */
export class TopicGrowth {
  readonly #parts: TopicGrowthParts;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watched: AssignedTopics | undefined;

  constructor(parts: TopicGrowthParts) {
    this.#parts = parts;
  }

  /** Watches these topics, and no others. */
  watch(topics: AssignedTopics): void {
    this.stop();
    if (this.#parts.intervalMs === Infinity) return;
    this.#watched = topics;
    this.#timer = setTimeout(() => void this.#look(topics), this.#parts.intervalMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#watched = undefined;
  }

  async #look(watched: AssignedTopics): Promise<void> {
    const { coordinator, logger, onChanged } = this.#parts;
    const { names, topics, again } = watched;
    try {
      const now = await coordinator.describeTopics(names);
      if (this.#watched !== watched) return;
      if (again || names.some((name) => now.get(name)?.partitions !== topics.get(name)?.partitions)) {
        return onChanged();
      }
    } catch (error) {
      logger.warn(`Cannot look for new partitions of ${names.join(", ")}: ${messageOf(error)}`);
    }
    if (this.#watched === watched) this.watch(watched);
  }
}
