/**
 * What of a task waits for promises: records that have gone into an asynchronous step and not come out yet.
 * Results are handed on between records, in the order of what they are of, so that nothing else of the
 * topology meets a promise.
 *
 * @module
 */

/** Up to where a task's inputs may be committed while something is under way: an offset an input. */
export type InputPositions = readonly number[];

/** A step that waits for promises. */
export interface CallingStep {
  /** How many records have gone in and not come out. */
  readonly underWay: number;
  /** Whether as many are as may: no more records are taken then. */
  readonly full: boolean;
  /** Whether the oldest one's promise is settled. */
  readonly ready: boolean;
  /** Hands the oldest one's result on. What is thrown leaves it where it is. */
  take(): void;
  /** For each record under way, up to where the inputs may be committed. */
  positions(): Iterable<InputPositions>;
  /** What it waits for, for a message; `undefined` for nothing. */
  readonly waitsFor: string | undefined;
  /** Which record is the oldest under way, for a message; `undefined` for none. */
  readonly oldest: string | undefined;
}

/** The asynchronous steps of one task, in the order of the topology. */
export class AsyncCalls {
  /** Whether any record is under way. */
  any = false;
  /** Whether a step has as many under way as it may. */
  full = false;
  /** How many results were handed on. */
  taken = 0;
  /** What the inputs may be committed up to while what is derived now is under way; unset for a record. */
  from: InputPositions | undefined;
  /** Told when there is another result. */
  wake: () => void = () => {};
  readonly #steps: CallingStep[] = [];
  #queues: readonly { readonly position: number }[] = [];
  #change: PromiseWithResolvers<void> | undefined;

  /** Whether there are such steps at all. */
  get used(): boolean {
    return this.#steps.length > 0;
  }

  /** Adds a step; those before it in the topology were added before. */
  add(step: CallingStep): void {
    this.#steps.push(step);
  }

  /** Says which inputs the task has. */
  start(queues: readonly { readonly position: number }[]): void {
    this.#queues = queues;
  }

  /** Up to where the inputs may be committed, until what is derived now has come out. */
  positions(): InputPositions {
    return this.from ?? this.#queues.map(({ position }) => position);
  }

  /** Says that a step has another number under way. */
  counted(): void {
    this.any = this.#steps.some(({ underWay }) => underWay > 0);
    this.full = this.#steps.some(({ full }) => full);
  }

  /** Says that the oldest promise of a step is settled. */
  settled(): void {
    this.#change?.resolve();
    this.#change = undefined;
    this.wake();
  }

  /** Resolves when the next promise is settled that a step waits for. */
  change(): Promise<void> {
    return (this.#change ??= Promise.withResolvers<void>()).promise;
  }

  /**
   * Hands on one result, the last step's first: what comes before it finds room then.
   *
   * @returns Whether there was one.
   */
  takeNext(): boolean {
    for (const step of this.#steps.toReversed()) {
      if (step.ready) {
        step.take();
        this.taken++;
        return true;
      }
      if (step.full) return false;
    }
    return false;
  }

  /** Up to where the inputs may be committed now; `undefined` when nothing is under way. */
  floor(): InputPositions | undefined {
    if (!this.any) return undefined;
    const floor = this.#queues.map(({ position }) => position);
    for (const step of this.#steps) {
      for (const positions of step.positions()) {
        for (const [i, position] of positions.entries()) floor[i] = Math.min(floor[i]!, position);
      }
    }
    return floor;
  }

  /** What it waits for, for a message; `undefined` for nothing. */
  get waitsFor(): string | undefined {
    const texts = this.#steps.flatMap(({ waitsFor }) => waitsFor ?? []);
    return texts.length === 0 ? undefined : texts.join(", ");
  }

  /** Which record is the oldest of the first step that has any, for a message. */
  get oldest(): string | undefined {
    return this.#steps.find(({ underWay }) => underWay > 0)?.oldest;
  }
}
