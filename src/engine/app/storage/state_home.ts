/**
 * Where an application keeps its stores: in memory, or in a directory.
 *
 * @module
 */
import type { EngineLogger } from "../../record/handlers.ts";
import type { Committer } from "../../task/committer.ts";
import type { StreamsConfig } from "../../task/config.ts";
import type { Standbys } from "../../task/standbys.ts";
import type { StateDirectory } from "../../task/state_directory.ts";
import type { Task } from "../../task/task.ts";
import type { Holdings } from "../holdings.ts";
import type { TaskManager } from "../task_manager.ts";
import { type HeldState, stateFull } from "./state_budget.ts";
import { type CleanedStateDirectory, openStateDirectory } from "./state_cleanup.ts";

/** What the move of the stores works with. */
export interface StateHomeParts {
  readonly config: StreamsConfig;
  readonly logger: EngineLogger;
  /** The machine's time, in ms since the epoch. */
  readonly wallClock: () => number;
  /** Where stores on disk are from the start; `undefined` when all are in memory. */
  readonly directory: CleanedStateDirectory | undefined;
  readonly holdings: Holdings;
  readonly tasks: TaskManager;
  readonly standbys: Standbys;
  readonly committer: Committer;
  /** What the stores may take, in bytes of memory. */
  readonly maxBytes: number;
  /** Takes all tasks out of work, until the group assigns anew; returns those that ran. */
  readonly suspend: () => Task[];
  /** Asks the group to assign anew. */
  readonly rejoin: () => void;
  /** Whether the application is neither ended nor about to. */
  readonly working: () => boolean;
  /** Told when the application can't go on. */
  readonly failed: (error: unknown) => void;
}

/** Moves the stores from memory to disk when they are too large, where the configuration says so. */
export class StateHome {
  readonly #parts: StateHomeParts;
  #directory: StateDirectory | undefined;
  #move: Promise<void> | undefined;

  constructor(parts: StateHomeParts) {
    this.#parts = parts;
    this.#directory = parts.directory?.directory;
  }

  /** Where stores on disk are; `undefined` while all are in memory. */
  get directory(): StateDirectory | undefined {
    return this.#directory;
  }

  /** Whether the stores are being moved. */
  get moving(): boolean {
    return this.#move !== undefined;
  }

  /** Resolves when the stores are not being moved: whoever gives or takes tasks waits for it. */
  async settled(): Promise<void> {
    await this.#move;
  }

  /** More is held than may be: moves the stores to disk, or ends the application. */
  full(held: HeldState): void {
    const { config, logger, maxBytes, working, failed } = this.#parts;
    if (this.moving || !working()) return;
    const error = stateFull(held, maxBytes);
    if (config.onStateFull !== "disk" || this.#directory !== undefined) return failed(error);
    logger.warn(`Moving the stores to disk, which takes as long as restoring them: ${error.message}`);
    this.#move = this.#moveToDisk().catch(failed).finally(() => this.#move = undefined);
  }

  /**
   * Commits, and lets all tasks begin again with stores on disk, which are restored from their changelogs.
   */
  async #moveToDisk(): Promise<void> {
    const { config, logger, wallClock, holdings, tasks, standbys, committer } = this.#parts;
    const { suspend, rejoin, working } = this.#parts;
    const directory = (await openStateDirectory({ ...config, store: "sqlite" }, logger, wallClock))!;
    // It ends, with all where it was.
    if (!working()) return directory.close();
    holdings.keep("the state directory", directory, (each) => each.close());
    this.#directory = directory.directory;
    const running = suspend();
    const { ids } = standbys;
    standbys.assign([], (id) => tasks.make(id));
    await committer.commit(running);
    for (const task of running) task.close();
    if (!working()) return;
    standbys.assign(ids, (id) => tasks.make(id));
    rejoin();
  }
}
