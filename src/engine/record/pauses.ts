/**
 * Pausing amid what one record gives. A record may give any number of others (a join with all that have its
 * key, a flatMap), and the processors are plain calls: nothing is sent while they run. So where more is
 * pending than the producer may hold, the steps that forward several times stop, note where they are, and go
 * on later from there, before the next record.
 *
 * The order stays what it would be without: once a step has paused, all that comes after it in the record
 * pauses too.
 *
 * @module
 */

/** Something of a record that is still to be done. */
export interface PausedStep {
  /** Does it, or pauses again. */
  resume(): void;
  /**
   * Told what {@linkcode resume} threw.
   * @throws What it was told, unless a handler of errors takes it: the step is then over.
   */
  failed(error: unknown): void;
}

/**
 * The steps of one task that have paused, in the order in which they are to go on: what is deepest in the
 * topology first.
 */
export class Pauses {
  /** Whether there are any. */
  any = false;
  #steps: PausedStep[] = [];

  /** Notes a step that pauses. Steps before it in the topology note themselves after it. */
  add(step: PausedStep): void {
    this.#steps.push(step);
    this.any = true;
  }

  /** Lets the steps go on until one pauses again. What throws stays, to be tried again. */
  resume(): void {
    const steps = this.#steps;
    this.#steps = [];
    this.any = false;
    let done = 0;
    try {
      while (done < steps.length && !this.any) {
        resumeOne(steps[done]!);
        done++;
      }
    } finally {
      for (const step of steps.slice(done)) this.add(step);
    }
  }

  /** Forgets all steps: the record is given up. */
  clear(): void {
    this.#steps = [];
    this.any = false;
  }
}

function resumeOne(step: PausedStep): void {
  try {
    step.resume();
  } catch (error) {
    step.failed(error);
  }
}
