/**
 * One timer for the deadlines of all connections: one each would have to be set and cleared with every
 * request.
 *
 * @module
 */

/** What has deadlines. */
export interface Expiring {
  /**
   * Ends what is overdue, and gives the next deadline; `Infinity` when there is none. Times are those of the
   * clock.
   */
  expire(now: number): number;
}

/** What a timer is made of; a test has its own. */
export interface Clock {
  /** The time, in ms. */
  now(): number;
  /** Calls `then` after so many ms; the result cancels it. */
  after(ms: number, then: () => void): () => void;
}

/** The machine's own clock, which never goes back. */
export const machineClock: Clock = {
  now: () => performance.now(),
  after: (ms, then) => {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Calls whoever has a deadline when it has passed.
 *
 * The timer is set for the earliest deadline when it was set. Requests mostly have the same time, so that it
 * goes off once in that time however many there are, and finds the next earliest one then. It is not set
 * while nobody waits for anything, but for the last one.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #watched = new Set<Expiring>();
  #cancel: (() => void) | undefined;
  #dueAt = Infinity;

  constructor(clock: Clock = machineClock) {
    this.#clock = clock;
  }

  /** The time in ms, by the clock of the deadlines. */
  now(): number {
    return this.#clock.now();
  }

  /** Has `who` called at `deadline`, or before it. */
  watch(who: Expiring, deadline: number): void {
    this.#watched.add(who);
    if (deadline < this.#dueAt) this.#set(deadline);
  }

  /** Forgets `who`. */
  unwatch(who: Expiring): void {
    this.#watched.delete(who);
    if (this.#watched.size === 0) this.#set(Infinity);
  }

  #set(deadline: number): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#dueAt = deadline;
    if (deadline === Infinity) return;
    this.#cancel = this.#clock.after(Math.max(1, deadline - this.#clock.now()), () => this.#expire());
  }

  #expire(): void {
    const now = this.#clock.now();
    this.#dueAt = Infinity;
    let next = Infinity;
    for (const who of [...this.#watched]) {
      const deadline = who.expire(now);
      if (deadline === Infinity) this.#watched.delete(who);
      next = Math.min(next, deadline);
    }
    // What was ended may have led to new requests already.
    this.#set(Math.min(next, this.#dueAt));
  }
}
