/**
 * Looks now and again, and at once when a fetch or a rebalance says so, whether the application's topics have
 * changed.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import type { Log } from "../../../kafka/port/log.ts";
import { type EngineLogger, text } from "../../record/handlers.ts";
import type { SourceTopics, TopicChange } from "./source_topics.ts";

/** What the watch works with. */
export interface TopicWatchParts {
  readonly log: Pick<Log, "describeTopics">;
  readonly topics: SourceTopics;
  /** How often it looks by itself, in ms. */
  readonly everyMs: number;
  /** A topic that is not there is looked for once more after this time, in ms: a broker may be behind. */
  readonly confirmMs?: number;
  readonly logger: EngineLogger;
  /** Told of changes; awaited. */
  readonly changed: (changes: readonly TopicChange[]) => Promise<void>;
  /** Told of changes that the application can't go on with. */
  readonly failed: (error: unknown) => void;
}

/** Default of {@linkcode TopicWatchParts.confirmMs}. */
const CONFIRM_MS = 500;
/** While a topic has gone, and after a look that was asked for, it looks again this soon, in ms. */
const SOON_MS = 1_000;

/** Tells what has changed of an application's topics since it looked last. */
export class TopicWatch {
  readonly #parts: TopicWatchParts;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #dueAt = Infinity;
  #lookedAt = -Infinity;
  #looking = false;
  #asked = false;
  readonly #first = Promise.withResolvers<void>();
  readonly #closing = new AbortController();

  constructor(parts: TopicWatchParts) {
    this.#parts = parts;
  }

  /** Takes a first look, to know which topics these are, and goes on looking. */
  start(): void {
    this.#lookIn(0);
  }

  /** Resolves after the first look, whatever came of it: what is made anew from then on is noticed. */
  get looked(): Promise<void> {
    return this.#first.promise;
  }

  /** Looks soon: something has said that a topic is not as it was. */
  suspect(): void {
    if (this.#looking) this.#asked = true;
    else this.#lookIn(Math.max(0, SOON_MS - (performance.now() - this.#lookedAt)));
  }

  close(): void {
    this.#closing.abort();
    this.#first.resolve();
    clearTimeout(this.#timer);
  }

  #lookIn(ms: number): void {
    const at = performance.now() + ms;
    if (this.#closing.signal.aborted || at >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = at;
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    const { topics, everyMs, logger, changed, failed } = this.#parts;
    this.#dueAt = Infinity;
    this.#looking = true;
    this.#asked = false;
    try {
      const { names } = topics;
      const found = await this.#describe(names);
      if (this.#closing.signal.aborted) return;
      await changed(topics.see(names, found));
    } catch (error) {
      if (this.#closing.signal.aborted) return;
      if (error instanceof UnseenTopics) logger.warn(error.message);
      else failed(error);
    } finally {
      this.#looking = false;
      this.#first.resolve();
      this.#lookedAt = performance.now();
      this.#lookIn(this.#asked || topics.missing.length > 0 ? Math.min(SOON_MS, everyMs) : everyMs);
    }
  }

  /** Describes the topics; those that are missing for the first time a second time. */
  async #describe(names: readonly string[]): ReturnType<Log["describeTopics"]> {
    const { log, topics, confirmMs = CONFIRM_MS } = this.#parts;
    try {
      const found = await log.describeTopics(names);
      const gone = names.filter((topic) => !found.has(topic) && !topics.isMissing(topic));
      if (gone.length === 0) return found;
      await delay(confirmMs, { signal: this.#closing.signal });
      return new Map([...found, ...await log.describeTopics(gone)]);
    } catch (error) {
      throw new UnseenTopics(
        `Cannot look whether topics have changed: ${text(error)}; trying again`,
        { cause: error },
      );
    }
  }
}

/** The log could not be asked. */
class UnseenTopics extends Error {
  override name = "UnseenTopics";
}
