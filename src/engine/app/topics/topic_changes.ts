/**
 * What an application does when its topics have changed.
 *
 * @module
 */
import type { TopicDescription } from "../../../kafka/port/topics.ts";
import type { EngineLogger } from "../../record/handlers.ts";
import type { SourceTopics, TopicChange } from "./source_topics.ts";

/** What is said of a topic that has changed. */
const TOPIC_NEWS = {
  read: {
    gone: (topic: string) => `Source topic ${topic} was deleted: its tasks wait until it is there again`,
    back: (topic: string) => `Source topic ${topic} is there again: its tasks begin with its first records`,
    recreated: (topic: string) =>
      `Source topic ${topic} was deleted and created again: its tasks begin with its first records`,
  },
  written: {
    gone: (topic: string) =>
      `Topic ${topic} was deleted: what is written to it is tried for some seconds more, and then the ` +
      "application fails",
    back: (topic: string) => `Topic ${topic} is there again`,
    recreated: (topic: string) => `Topic ${topic} was deleted and created again`,
  },
};

/** What {@linkcode TopicChanges} works with. */
export interface TopicChangesParts {
  readonly topics: SourceTopics;
  readonly onMissingTopic: "fail" | "wait";
  readonly logger: EngineLogger;
  /** Has the topics looked at soon. */
  readonly suspect: () => void;
  /** Stops the tasks that read a topic that has gone. */
  readonly giveUp: (topic: string) => Promise<void>;
  /** Asks the group to assign anew. */
  readonly rejoin: () => void;
  /** Told of changes that the application can't go on with. */
  readonly failed: (error: unknown) => void;
}

/** Ends the application, gives tasks up or rejoins, as each change needs it. */
export class TopicChanges {
  readonly #parts: TopicChangesParts;
  /** Source topics that a rebalance did not find, until the watch has looked. */
  readonly #seenGone = new Set<string>();

  constructor(parts: TopicChangesParts) {
    this.#parts = parts;
  }

  /** Whether a topic has gone, or a rebalance did not find it. */
  hasGone(topic: string): boolean {
    return this.#seenGone.has(topic) || this.#parts.topics.isMissing(topic);
  }

  /**
   * Topics as a rebalance found them: what has gone the watch makes sure of first.
   *
   * @throws {TopologyError} When one has grown and its new partitions can't be taken up.
   */
  seen(names: readonly string[], found: ReadonlyMap<string, TopicDescription>): void {
    const { topics, suspect, failed } = this.#parts;
    for (const name of names) {
      if (!found.has(name)) this.#seenGone.add(name);
      if (found.has(name) === topics.isMissing(name)) suspect();
    }
    const there = names.filter((name) => found.has(name) && !topics.isMissing(name));
    const changes = topics.see(there, found);
    if (changes.length > 0) this.apply(changes).catch(failed);
  }

  /**
   * What the watch, or a rebalance, has found.
   *
   * @throws {Error} When a source topic has gone that is not to be waited for.
   */
  async apply(changes: readonly TopicChange[]): Promise<void> {
    const { topics, onMissingTopic, logger, giveUp, rejoin } = this.#parts;
    for (const change of changes) {
      const { kind, topic, read } = change;
      if (kind === "grown") this.#onGrown(change);
      else if (read && kind !== "back" && onMissingTopic !== "wait") {
        const again = kind === "recreated" ? " and created again" : "";
        throw new Error(
          `Cannot go on: received a log on which source topic ${topic} was deleted${again} while it was ` +
            "being read; its offsets count from the beginning of the new one: start again when it is " +
            "there, or start with --on-missing-topic wait",
        );
      } else logger.warn(TOPIC_NEWS[read ? "read" : "written"][kind](topic));
      if (read && kind !== "back" && kind !== "grown") await giveUp(topic);
    }
    // Of what a rebalance did not find nobody got the tasks, though the broker may only have been behind.
    const mistaken = [...this.#seenGone].some((topic) => !topics.isMissing(topic));
    this.#seenGone.clear();
    // Whoever leads looks at the topics before it assigns.
    if (mistaken || changes.some(({ read }) => read)) rejoin();
  }

  #onGrown({ topic, read, from, to }: TopicChange & { kind: "grown" }): void {
    this.#parts.logger.info(
      `Topic ${topic} has ${to} partitions instead of ${from}` +
        (read ? ": their tasks are assigned" : ": new ones are not written to before a restart"),
    );
  }
}
