/**
 * How far the changelogs of a task are in its stores while these are restored.
 *
 * @module
 */
import type { StateFile } from "../state/bytes/state_file.ts";

/** How often the progress of a restore is noted in the file, in ms. */
const SAVE_MS = 500;

/**
 * Notes in a task's file how far its restore has come, so that a large one need not begin anew when it is cut
 * short.
 */
export class RestoreNotes {
  readonly #file: StateFile | undefined;
  readonly #now: () => number;
  /** Up to where each changelog is in its store. */
  readonly #restoredTo = new Map<string, number>();
  #restoring = true;
  #savedAt = 0;

  /**
   * @param file Where the stores on disk are; `undefined` without any: then nothing is noted.
   * @param now The time of the machine, in ms since the epoch.
   */
  constructor(file: StateFile | undefined, now: () => number) {
    this.#file = file;
    this.#now = now;
  }

  /** Whether the stores are still restored: until then all that they have is what was committed before. */
  get restoring(): boolean {
    return this.#restoring;
  }

  /** Says that a changelog is in its store up to an offset. */
  restored(topic: string, offset: number): void {
    if (this.#file === undefined) return;
    this.#restoredTo.set(topic, offset);
    const now = this.#now();
    if (now - this.#savedAt < SAVE_MS) return;
    this.#savedAt = now;
    this.#file.commit(this.#restoredTo);
  }

  /** Says that the stores are up to date: from now on the task changes them. */
  restoredAll(): void {
    this.#restoring = false;
    this.#file?.commit(this.#restoredTo);
  }

  /**
   * Closes the file.
   *
   * @param settled Whether all that the task ever wrote is committed, and noted in the file.
   */
  close(settled: boolean): void {
    if (this.#restoring) this.#file?.commit(this.#restoredTo);
    this.#file?.close(this.#restoring || settled);
  }
}
