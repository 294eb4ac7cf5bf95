/**
 * What comes of an assignment with parts of tasks.
 *
 * @module
 */
import { AssignmentRefused } from "../../../kafka/port/errors.ts";
import type { EngineLogger } from "../../record/handlers.ts";
import { type AssignedTasks, inWords } from "./task_parts.ts";

/** How long after an assignment with parts of tasks the next one is asked for, in ms. */
const ASK_AGAIN_MS = 1_000;
/** After how many assignments in a row with parts of tasks the application ends. */
const BAD_ASSIGNMENTS = 5;

/** Parts of tasks don't run: another instance may have the rest of them. The group is asked again. */
export class WholeTasks {
  readonly #logger: EngineLogger;
  readonly #rejoin: () => void;
  /** How many assignments in a row had parts of tasks. */
  #bad = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param rejoin Asks the group to assign anew. */
  constructor(logger: EngineLogger, rejoin: () => void) {
    this.#logger = logger;
    this.#rejoin = rejoin;
  }

  /** Whether the last assignment had no parts of tasks. */
  get complete(): boolean {
    return this.#bad === 0;
  }

  /**
   * The ids of the tasks that can run.
   *
   * @throws {AssignmentRefused} When too many assignments in a row had parts.
   */
  of(assigned: AssignedTasks): readonly string[] {
    const wrong = inWords(assigned);
    clearTimeout(this.#timer);
    if (wrong === undefined) {
      this.#bad = 0;
      return assigned.whole;
    }
    const received = `received ${wrong}`;
    if (++this.#bad >= BAD_ASSIGNMENTS) {
      throw new AssignmentRefused(
        `Cannot take the group's assignment: ${received}, ${BAD_ASSIGNMENTS} times in a row, and half a ` +
          "task can't run: the group's leader is another program, or runs another topology; stop it, or " +
          "use another --application-id",
      );
    }
    this.#logger.warn(
      `The group's assignment has what can't run here: ${received}; it waits, and the group is asked again`,
    );
    this.#timer = setTimeout(this.#rejoin, ASK_AGAIN_MS);
    return assigned.whole;
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
