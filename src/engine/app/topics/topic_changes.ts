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
  restored: {
    gone: (topic: string) => `Changelog ${topic} was deleted: what restores it waits until it is there again`,
    back: (topic: string) => `Changelog ${topic} is there again: what it has now is restored`,
    recreated: (topic: string) =>
      `Changelog ${topic} was deleted and created again: what it has now is restored`,
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
  /** Stops the tasks that read a topic that has gone, or restore it, and its standbys. */
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
   * Whether what is to read these topics can begin, as all of them are there. Else it waits, or the
   * application ends.
   */
  mayBegin(names: readonly string[]): boolean {
    const { topics, onMissingTopic, suspect, failed } = this.#parts;
    const gone = names.filter((name) => topics.isMissing(name));
    if (gone.length === 0) return true;
    if (onMissingTopic !== "wait") failed(this.#deleted(gone[0]!, ""));
    for (const name of gone) topics.await(name);
    suspect();
    return false;
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
   * @throws {Error} When a topic that is read has gone and is not to be waited for.
   */
  async apply(changes: readonly TopicChange[]): Promise<void> {
    const { topics, onMissingTopic, logger, giveUp, rejoin } = this.#parts;
    for (const change of changes) {
      const { kind, topic, read } = change;
      if (kind === "grown") this.#onGrown(change);
      else if (read && kind !== "back" && onMissingTopic !== "wait") {
        throw this.#deleted(topic, kind === "recreated" ? " and created again" : "");
      } else logger.warn(TOPIC_NEWS[this.#use(topic, read)][kind](topic));
      if (!read) continue;
      if (kind === "gone") topics.await(topic);
      if (kind !== "back" && kind !== "grown") await giveUp(topic);
    }
    // Of what a rebalance did not find nobody got the tasks, though the broker may only have been behind.
    const mistaken = [...this.#seenGone].some((topic) => !topics.isMissing(topic));
    this.#seenGone.clear();
    // Whoever leads looks at the topics before it assigns.
    if (mistaken || changes.some(({ read }) => read)) rejoin();
  }

  #use(topic: string, read: boolean): keyof typeof TOPIC_NEWS {
    return !read ? "written" : this.#parts.topics.isSource(topic) ? "read" : "restored";
  }

  #deleted(topic: string, again: string): Error {
    const [what, whatNow] = this.#parts.topics.isSource(topic)
      ? ["source topic", "its offsets count from the beginning of the new one: start again when it is there"]
      : [
        "changelog",
        "what was in it is lost: start again to go on without that state, or reset the application to " +
        "process all of its input again",
      ];
    return new Error(
      `Cannot go on: received a log on which ${what} ${topic} was deleted${again} while it was being read; ` +
        `${whatNow}, or start with --on-missing-topic wait`,
    );
  }

  #onGrown({ topic, read, from, to }: TopicChange & { kind: "grown" }): void {
    this.#parts.logger.info(
      `Topic ${topic} has ${to} partitions instead of ${from}` +
        (read ? ": their tasks are assigned" : ": new ones are not written to before a restart"),
    );
  }
}
