/**
 * Calls that processors ask for at intervals, in stream time or in the machine's time.
 *
 * @module
 */
import { TimeHeap } from "./time_heap.ts";

/** Which time a punctuator goes by. */
export type PunctuationType = "stream-time" | "wall-clock-time";

interface Schedule {
  at: number;
  readonly intervalMs: number;
  readonly call: (timestampMs: number) => void;
  cancelled: boolean;
}

/** The punctuators of one task. */
export class Punctuators {
  readonly #queues: Record<PunctuationType, TimeHeap<Schedule>> = {
    "stream-time": new TimeHeap((schedule) => schedule.at),
    "wall-clock-time": new TimeHeap((schedule) => schedule.at),
  };
  readonly #now: () => number;

  /** @param now The time of the machine, in ms since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** When the next punctuator in stream time is due, in ms since the epoch; `Infinity` without any. */
  get nextStreamTime(): number {
    return this.#queues["stream-time"].peek()?.at ?? Infinity;
  }

  /** When the next punctuator in the machine's time is due, in ms since the epoch; `Infinity` without any. */
  get nextWallClockTime(): number {
    return this.#queues["wall-clock-time"].peek()?.at ?? Infinity;
  }

  /**
   * Asks for calls. As in Kafka Streams, those in stream time begin with the first record and are aligned to
   * the epoch; those in the machine's time begin after one interval.
   *
   * @returns Ends the calls.
   * @throws {RangeError} When the interval is below 1 ms.
   */
  schedule(intervalMs: number, type: PunctuationType, call: (timestampMs: number) => void): () => void {
    if (!(intervalMs >= 1)) {
      throw new RangeError(
        `Cannot schedule a punctuator: received an interval of ${intervalMs} ms; it must be at least 1 ms`,
      );
    }
    const at = type === "stream-time" ? 0 : this.#now() + intervalMs;
    const schedule = { at, intervalMs, call, cancelled: false };
    this.#queues[type].push(schedule);
    return () => {
      schedule.cancelled = true;
    };
  }

  /**
   * Calls each punctuator that is due, once however many intervals have passed. Returns whether any was.
   *
   * @param failed Told of what one threw; what it throws itself ends the run, and the punctuator stays due.
   */
  run(type: PunctuationType, timestampMs: number, failed: (error: unknown) => void): boolean {
    const queue = this.#queues[type];
    let any = false;
    for (let next = queue.peek(); next !== undefined && next.at <= timestampMs; next = queue.peek()) {
      queue.pop();
      if (next.cancelled) continue;
      try {
        next.call(timestampMs);
      } catch (error) {
        try {
          failed(error);
        } catch (fatal) {
          // Still due: it may only wait for a schema.
          queue.push(next);
          throw fatal;
        }
      }
      any = true;
      if (next.cancelled) continue;
      const { at, intervalMs } = next;
      next.at = timestampMs >= at + intervalMs
        ? at + (Math.floor((timestampMs - at) / intervalMs) + 1) * intervalMs
        : at + intervalMs;
      queue.push(next);
    }
    return any;
  }
}
