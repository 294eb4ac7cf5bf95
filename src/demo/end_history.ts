/**
 * How long ago a log had a certain end.
 *
 * @module
 */

/** A log's end at a time. */
interface Note {
  readonly atMs: number;
  readonly end: number;
}

/**
 * Remembers where a partition's log ended, as far back as there is something left to process: so it is known
 * how long the next record has waited, whoever owns the partition, to about the time between two looks.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { EndHistory } from "./end_history.ts";
 *
 * const history = new EndHistory();
 * history.note(0, 100);
 * history.note(1_000, 200);
 * history.note(2_000, 300);
 * assertEquals([100, 150, 300].map((position) => history.waitedSeconds(position)), [2, 1.5, 0]);
 * ```
 */
export class EndHistory {
  /** The oldest first. */
  #notes: Note[] = [];

  /** Takes up where the log ends. @param atMs Any clock that goes on. */
  note(atMs: number, end: number): void {
    this.#notes.push({ atMs, end });
  }

  /**
   * How long the record at a position has waited by the last note, in seconds; 0 when the log ends there. It
   * waited longer where it was written before the first note. What came before the position is forgotten.
   */
  waitedSeconds(position: number): number {
    const newest = this.#notes.at(-1);
    if (newest === undefined || position >= newest.end) {
      this.#notes = this.#notes.slice(-1);
      return 0;
    }
    const after = this.#notes.findIndex(({ end }) => end > position);
    if (after > 1) this.#notes = this.#notes.slice(after - 1);
    const [first, second] = this.#notes as [Note, Note | undefined];
    if (second === undefined || first.end > position) return (newest.atMs - first.atMs) / 1000;
    const share = (position - first.end) / (second.end - first.end);
    return (newest.atMs - first.atMs - share * (second.atMs - first.atMs)) / 1000;
  }
}
