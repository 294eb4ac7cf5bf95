/**
 * What an application holds of the world outside, and how it is given back.
 *
 * @module
 */
import { type EngineLogger, text } from "../record/handlers.ts";

/**
 * In the order in which they are freed. The group comes first, so that others get the tasks soon; a task's
 * stores come after whoever may still write to them, and their directory after the stores.
 */
const ORDER = [
  "the topic watch",
  "the lag tracker",
  "the repartition purge",
  "the group",
  "the restore",
  "the standbys",
  "the producer",
  "the fetcher",
  "the tasks",
  "the state directory",
] as const;

/** What can be held. */
export type Held = typeof ORDER[number];

/**
 * Keeps what was opened until it is freed: all of it, also when only a part was opened, and whatever of it
 * fails.
 */
export class Holdings {
  readonly #logger: EngineLogger;
  readonly #held = new Map<Held, (abandon: boolean) => unknown>();

  /** @param logger Told of what can't be freed. */
  constructor(logger: EngineLogger) {
    this.#logger = logger;
  }

  /**
   * Takes note of something as soon as it is there.
   *
   * @param free Frees it; awaited. With `abandon`, what it has not finished is dropped.
   * @returns What was given.
   */
  keep<T>(what: Held, held: T, free: (held: T, abandon: boolean) => unknown): T {
    this.#held.set(what, (abandon) => free(held, abandon));
    return held;
  }

  /** Frees all that is held, one after the other. Never rejects; what is freed is not freed again. */
  async free(abandon: boolean): Promise<void> {
    for (const what of ORDER) {
      const free = this.#held.get(what);
      this.#held.delete(what);
      try {
        await free?.(abandon);
      } catch (error) {
        this.#logger.warn(`Cannot close ${what}: ${text(error)}`);
      }
    }
  }
}
