/** Ids that a registry said it does not have, and how fast it is asked for more. */
export class MissingIds {
  readonly #keptMs: number;
  readonly #until = new Map<number, number>();
  /** How many more may be found missing at once; what is below 0 has to be waited for. */
  #allowed = MOST_AT_ONCE;
  #allowedAt = 0;

  /** @param keptMs How long it is remembered that an id is missing. */
  constructor(keptMs: number) {
    this.#keptMs = keptMs;
  }

  /** How many ids are remembered. */
  get size(): number {
    return this.#until.size;
  }

  /** Whether the registry said a short time ago that it does not have an id. */
  has(id: number, now: number): boolean {
    const until = this.#until.get(id);
    return until !== undefined && now < until;
  }

  /** Notes that the registry does not have an id. */
  add(id: number, now: number): void {
    this.#allowed = this.#allowedNow(now) - 1;
    this.#allowedAt = now;
    // Behind all others, so that the oldest are first.
    this.#until.delete(id);
    this.#until.set(id, now + this.#keptMs);
    for (const [oldest, until] of this.#until) {
      if (now < until && this.#until.size <= MOST_MISSING) break;
      this.#until.delete(oldest);
    }
  }

  /** Notes that it has it after all. */
  delete(id: number): void {
    this.#until.delete(id);
  }

  /**
   * How long to wait, in ms, before the registry is asked for another id. Ids that it has cost nothing, so
   * who meets only those never waits; a producer of made-up ids does not make an application flood the
   * registry.
   */
  waitMs(now: number): number {
    const allowed = this.#allowedNow(now);
    return allowed > 0 ? 0 : (1 - allowed) * 1000 / MOST_A_SECOND;
  }

  #allowedNow(now: number): number {
    return Math.min(MOST_AT_ONCE, this.#allowed + (now - this.#allowedAt) * MOST_A_SECOND / 1000);
  }
}

/** More missing ids than these are not remembered: the oldest is asked for again. */
const MOST_MISSING = 10_000;
/** How many missing ids are asked for without waiting. */
const MOST_AT_ONCE = 200;
/** How many more a second, after those. */
const MOST_A_SECOND = 100;
