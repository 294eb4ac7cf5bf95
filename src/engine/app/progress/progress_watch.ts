/**
 * Whether an instance gets on with its work. Pure: it is given numbers and times, and says what stands still.
 *
 * @module
 */
import type { InputProgress, TaskProgress } from "../../task/task_progress.ts";
import { ObservedClock, Still } from "./observed_clock.ts";

/** The default of {@linkcode ProgressOptions.stallTimeoutMs}, in ms. */
export const DEFAULT_STALL_TIMEOUT_MS = 60_000;
/**
 * After so long without any answer an instance counts as cut off, in ms: heartbeats and fetches are answered
 * several times a second, and a broker's longest usual pauses are shorter.
 */
export const SILENCE_MS = 5_000;
/** Stalls named in full; of the others the number is told. */
const MOST_NAMED = 5;

/** Settings of a {@linkcode ProgressWatch}. Times are in ms. */
export interface ProgressOptions {
  /** What stands still for longer is a stall. 0: nothing is. Default {@linkcode DEFAULT_STALL_TIMEOUT_MS}. */
  readonly stallTimeoutMs?: number;
  /**
   * What is processed need not be committed sooner than this: it is added to the time of that stall. Default
   * 0.
   */
  readonly commitIntervalMs?: number;
  /**
   * How often brokers are asked at least: silence is told of after three times as long, or
   * {@linkcode SILENCE_MS}. Default 0.
   */
  readonly heartbeatIntervalMs?: number;
}

/** Something that fails now and then and is tried again: how often so far, and what it said last. */
export interface Failing {
  readonly count: number;
  readonly last: string | undefined;
}

/** What an instance has come to so far. */
export interface ProgressSample {
  /** Answers of brokers; `undefined` where the log needs none. */
  readonly answers: number | undefined;
  /** Changelog records read back. */
  readonly restored: number;
  /** The tasks that it has now. */
  readonly tasks: readonly TaskProgress[];
  /**
   * What may fail now and then: equal parts in an equal order each time, so that it is seen which of them has
   * failed since.
   */
  readonly failing: readonly Failing[];
}

/** What is known of a task from look to look. */
interface Watched {
  readonly processing: Still;
  readonly committing: Still;
  readonly restoring: Still;
  progress: TaskProgress;
}

/**
 * Tells stalls: no broker answers; a task has records and processes none, has processed some and commits
 * nothing, or is being restored and reads nothing; each for longer than the stall timeout. A task without
 * records, or that waits for the other side of a join while that one gets on, is none: all its inputs count
 * together.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { ProgressWatch } from "./progress_watch.ts";
 *
 * const watch = new ProgressWatch(1_000, { stallTimeoutMs: 3_000 });
 * const sample = { answers: 7, restored: 0, tasks: [], failing: [{ count: 1, last: "connection refused" }] };
 * const began = Date.parse("2026-01-01T00:00:00Z");
 * for (let now = 0; now <= 4_000; now += 1_000) watch.observe(now, began + now, sample);
 * assertEquals(watch.stalls(), [
 *   "no broker has answered for 4 s (since 2026-01-01T00:00:00.000Z; last error: connection refused)",
 * ]);
 * ```
 */
export class ProgressWatch {
  readonly #timeoutMs: number;
  readonly #commitTimeoutMs: number;
  readonly #silenceMs: number;
  readonly #clock: ObservedClock;
  readonly #tasks = new Map<string, Watched>();
  readonly #answers = new Still(0);
  /** Whether a broker has ever answered: until then whoever waits for the first one decides for how long. */
  #answered = false;
  #failures: number[] = [];
  #failure: { readonly text: string; readonly at: number } | undefined;
  #wallTime = 0;

  /** @param everyMs How often {@linkcode observe} is called, in ms. */
  constructor(everyMs: number, options: ProgressOptions = {}) {
    const { stallTimeoutMs = DEFAULT_STALL_TIMEOUT_MS, commitIntervalMs = 0, heartbeatIntervalMs = 0 } =
      options;
    this.#timeoutMs = stallTimeoutMs === 0 ? Infinity : stallTimeoutMs;
    this.#commitTimeoutMs = this.#timeoutMs + commitIntervalMs;
    this.#silenceMs = Math.max(3 * heartbeatIntervalMs, Math.min(SILENCE_MS, this.#timeoutMs / 2));
    this.#clock = new ObservedClock(everyMs);
  }

  /**
   * Notes what was come to by now.
   *
   * @param now Of a clock that never goes back, in ms.
   * @param wallTime In ms since the epoch, for messages.
   */
  observe(now: number, wallTime: number, sample: ProgressSample): void {
    const at = this.#clock.look(now);
    this.#wallTime = wallTime;
    this.#noteFailures(sample.failing, at);
    const { answers } = sample;
    this.#answered ||= answers === undefined || answers > 0;
    this.#answers.note(answers ?? 0, at, answers !== undefined && this.#answered);
    const ids = new Set(sample.tasks.map(({ id }) => id));
    for (const id of this.#tasks.keys()) if (!ids.has(id)) this.#tasks.delete(id);
    for (const progress of sample.tasks) this.#noteTask(progress, sample.restored, at);
  }

  /** For how long no broker has answered, in ms; 0 before the first answer. */
  get silentMs(): number {
    return this.#clock.time - this.#answers.since;
  }

  /** Why the brokers count as gone; `undefined` while they answer. */
  get cutOff(): string | undefined {
    if (!this.#answered) return "no broker has answered yet" + this.#lastError(0);
    return this.silentMs >= this.#silenceMs ? this.#silence() : undefined;
  }

  /** What stands still for longer than the stall timeout, each in a sentence; empty while all gets on. */
  stalls(): string[] {
    const stalls = [...this.#tasks.values()].flatMap((task) => this.#stallOf(task) ?? []);
    // What the tasks come to is a consequence of it.
    if (this.silentMs > (stalls.length > 0 ? this.#silenceMs : this.#timeoutMs)) return [this.#silence()];
    const more = stalls.length - MOST_NAMED;
    return more > 0 ? [...stalls.slice(0, MOST_NAMED), `and ${more} more tasks`] : stalls;
  }

  #noteTask(progress: TaskProgress, restored: number, at: number): void {
    const { id, inputs, pauses, commitWaits } = progress;
    let task = this.#tasks.get(id);
    if (task === undefined) {
      const stills = { processing: new Still(at), committing: new Still(at), restoring: new Still(at) };
      this.#tasks.set(id, task = { ...stills, progress });
    }
    task.progress = progress;
    task.restoring.note(restored, at, progress.restoring);
    const hasWork = !progress.restoring && inputs.some(hasRecords);
    task.processing.note(sumOf(inputs, "position") + pauses, at, hasWork);
    task.committing.note(sumOf(inputs, "committed"), at, !commitWaits && inputs.some(isUncommitted));
  }

  #noteFailures(failing: readonly Failing[], at: number): void {
    for (const [i, { count, last }] of failing.entries()) {
      if (count !== (this.#failures[i] ?? 0) && last !== undefined) this.#failure = { text: last, at };
      this.#failures[i] = count;
    }
  }

  #stallOf({ progress, restoring, processing, committing }: Watched): string | undefined {
    const { id, inputs, waitsFor, callTimeoutMs } = progress;
    const { time } = this.#clock;
    if (time - restoring.since > this.#timeoutMs) {
      return `task ${id} is being restored and has read nothing for ${this.#forSince(restoring.since)}`;
    }
    // A promise that is not settled in its time is an error by itself.
    if (time - processing.since > this.#timeoutMs + callTimeoutMs) {
      return `task ${id} has processed nothing for ${
        this.#forSince(processing.since, waitsFor)
      }, with records left: ${inputs.filter(hasRecords).map(lagText).join(", ")}`;
    }
    if (time - committing.since > this.#commitTimeoutMs) {
      return `task ${id} has committed nothing for ${
        this.#forSince(committing.since, waitsFor)
      }, with records processed: ${inputs.filter(isUncommitted).map(uncommittedText).join(", ")}`;
    }
    return undefined;
  }

  #silence(): string {
    return `no broker has answered for ${this.#forSince(this.#answers.since)}`;
  }

  #forSince(since: number, waitsFor?: string): string {
    const ms = this.#clock.time - since;
    const from = new Date(this.#wallTime - ms).toISOString();
    return `${Math.round(ms / 1000)} s (since ${from}${
      waitsFor === undefined ? "" : `; it waits: ${waitsFor}`
    }${this.#lastError(since)})`;
  }

  /** The last failure, where it came after a time: an older one says nothing of now. */
  #lastError(since: number): string {
    const failure = this.#failure;
    return failure === undefined || failure.at < since ? "" : `; last error: ${failure.text}`;
  }
}

function sumOf(inputs: readonly InputProgress[], field: "position" | "committed"): number {
  return inputs.reduce((sum, input) => sum + input[field], 0);
}

function hasRecords({ position, end }: InputProgress): boolean {
  return end !== undefined && end > position;
}

function isUncommitted({ processedTo, committed }: InputProgress): boolean {
  return processedTo > committed;
}

function lagText({ topic, partition, position, end }: InputProgress): string {
  return `${topic}-${partition} is at ${position} of ${end}, a lag of ${end! - position}`;
}

function uncommittedText({ topic, partition, processedTo, committed }: InputProgress): string {
  return `${topic}-${partition} was processed to ${processedTo} and committed to ${committed}`;
}
