import { RateWindow } from "./rate_window.ts";

/** A minute of it, from ten seconds on, as of what comes. */
const WINDOW = { span: 60_000, step: 5_000, least: 10_000 };
/**
 * A transaction has a record at least in each partition where its end takes an offset. More than that is a
 * jump, as over what retention has deleted, and no part of what comes.
 */
const MOST = 2;

/** Where a partition's owner stands. */
interface Place {
  readonly topic: string;
  readonly partition: number;
  readonly position: number | undefined;
}

/**
 * How many offsets an instance passes for each record that it processes: more than one where ends of
 * transactions, aborted records or compaction leave some without. What comes and what is left is counted in
 * offsets, as only they are known of what has not been read, and what an instance can do in records.
 */
export class OffsetsPerRecord {
  readonly #passed = new RateWindow(WINDOW);
  readonly #processed = new RateWindow(WINDOW);
  #positions = new Map<string, number>();
  #total = 0;

  /**
   * Takes where the instance stands in what it owns.
   *
   * @param at The time, of a clock that never goes back, in ms.
   * @param processed Records that it has processed so far.
   */
  note(at: number, processed: number, places: Iterable<Place>): void {
    const positions = new Map<string, number>();
    for (const { topic, partition, position } of places) {
      if (position === undefined) continue;
      const key = `${topic}-${partition}`;
      this.#total += Math.max(0, position - (this.#positions.get(key) ?? position));
      positions.set(key, position);
    }
    this.#positions = positions;
    this.#passed.note(at, this.#total);
    this.#processed.note(at, processed);
  }

  /** From 1 to 2; 1 while it is not known. */
  get ratio(): number {
    const processed = this.#processed.perSecond ?? 0;
    const passed = this.#passed.perSecond ?? 0;
    return processed > 0 ? Math.min(MOST, Math.max(1, passed / processed)) : 1;
  }
}
