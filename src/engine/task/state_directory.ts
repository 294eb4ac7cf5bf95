/**
 * Where an application keeps its tasks' stores on disk: `<state directory>/<application id>/<task>.sqlite`.
 *
 * @module
 */
import { readdirSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import type { DatabaseSync } from "node:sqlite";
import { join } from "@std/path";
import {
  type Guarantee,
  isHeld,
  openDatabase,
  StateFile,
  StateFileError,
} from "../state/bytes/state_file.ts";
import { type EngineLogger, text } from "../record/handlers.ts";

const EXTENSION = ".sqlite";
/** What SQLite puts beside a file while it is open, or after a crash. */
const BESIDE = ["-wal", "-shm", "-journal"];

/** Settings of a {@linkcode StateDirectory}. */
export interface StateDirectoryOptions {
  readonly guarantee: Guarantee;
  readonly logger: EngineLogger;
  /** The time of the machine, in ms since the epoch. */
  readonly now: () => number;
}

/** Where an application's state is, below the folder that all of them are given. */
export function statePath(root: string, applicationId: string): string {
  const name = /^\.+$/.test(applicationId)
    ? applicationId.replaceAll(".", "%2E")
    : encodeURIComponent(applicationId);
  return join(root, name);
}

/** One instance's directory: while it is open, no other instance can use it. */
export class StateDirectory {
  readonly path: string;
  readonly #options: StateDirectoryOptions;
  /** A database that nothing is written to, but whose lock the system frees when the process ends. */
  readonly #lock: DatabaseSync;
  readonly #files = new Map<string, StateFile>();
  /** By task, for files that are not open: since when they are not, in ms since the epoch. */
  readonly #idleSince = new Map<string, number>();

  private constructor(path: string, lock: DatabaseSync, options: StateDirectoryOptions) {
    this.path = path;
    this.#lock = lock;
    this.#options = options;
    this.cleanUp(Infinity);
  }

  /**
   * Opens the directory of an application, which is made if it is not there.
   *
   * @throws {StateFileError} When another instance uses it, or it can't be written to.
   */
  static async open(
    root: string,
    applicationId: string,
    options: StateDirectoryOptions,
  ): Promise<StateDirectory> {
    const path = statePath(root, applicationId);
    let lock: DatabaseSync | undefined;
    try {
      await mkdir(path, { recursive: true });
      lock = openDatabase(join(path, "lock"));
      takeLock(lock);
      return new StateDirectory(path, lock, options);
    } catch (error) {
      lock?.close();
      if (error instanceof StateFileError) throw error;
      throw new StateFileError(
        `Cannot use state directory ${path}: ` +
          (isHeld(error)
            ? "received one that another instance has open; end that one, or give each instance a state " +
              "directory of its own"
            : `${text(error)}; choose one that this process may read and write`),
        { cause: error },
      );
    }
  }

  /**
   * The file of a task.
   * @throws {StateFileError} When it is damaged, or another program's.
   */
  file(taskId: string): StateFile {
    const path = join(this.path, taskId + EXTENSION);
    const file = new StateFile(path, {
      guarantee: this.#options.guarantee,
      now: this.#options.now,
      onWiped: (why) =>
        this.#options.logger.warn(`restoring task ${taskId} in full instead of using ${path}: ${why}`),
    });
    this.#files.set(taskId, file);
    return file;
  }

  /**
   * Removes the files of tasks that have not been here for `delayMs`; call it now and then. Time counts from
   * the first call after a file was closed, or from the opening of the directory.
   *
   * @returns The tasks' ids.
   */
  cleanUp(delayMs: number): string[] {
    const now = this.#options.now();
    const removed: string[] = [];
    for (const name of readdirSync(this.path)) {
      if (!name.endsWith(EXTENSION)) continue;
      const id = name.slice(0, -EXTENSION.length);
      if (this.#files.get(id)?.closed === false) {
        this.#idleSince.delete(id);
        continue;
      }
      const since = this.#idleSince.get(id);
      if (since === undefined) this.#idleSince.set(id, now);
      else if (now - since >= delayMs) {
        for (const each of ["", ...BESIDE]) rmSync(join(this.path, name + each), { force: true });
        this.#idleSince.delete(id);
        this.#files.delete(id);
        removed.push(id);
      }
    }
    return removed;
  }

  /** Gives the directory free for another instance. Files must have been closed before. */
  close(): void {
    this.#lock.close();
  }
}

/** Takes what only one process can have, and each only once; throws when another has it. */
function takeLock(lock: DatabaseSync): void {
  lock.exec("PRAGMA busy_timeout = 0");
  // Else a file of what to undo would lie beside it, of nothing.
  lock.exec("PRAGMA journal_mode = MEMORY");
  lock.exec("BEGIN EXCLUSIVE");
}
