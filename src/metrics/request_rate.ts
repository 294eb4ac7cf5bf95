/**
 * How many requests a second each client may send.
 *
 * @module
 */

/** Clients that are told apart; more of them share the rate of the one that was seen longest ago. */
const MOST_CLIENTS = 1_000;

/** What a client has left. */
interface Allowance {
  requests: number;
  atMs: number;
}

/** Counts the requests of each client: it may save those of two seconds up. */
export class RequestRate {
  readonly #perSecond: number;
  readonly #now: () => number;
  /** By the client, the one that came last at the end. */
  readonly #clients = new Map<string, Allowance>();

  /**
   * @param perSecond Requests a second of each client.
   * @param now The time in ms, which never goes back.
   */
  constructor(perSecond: number, now: () => number = () => performance.now()) {
    this.#perSecond = perSecond;
    this.#now = now;
  }

  /** Counts a request; whether the client may send it. */
  takes(client: string): boolean {
    const atMs = this.#now();
    const allowance = this.#of(client, atMs);
    const earned = (atMs - allowance.atMs) / 1_000 * this.#perSecond;
    allowance.requests = Math.min(2 * this.#perSecond, allowance.requests + earned);
    allowance.atMs = atMs;
    if (allowance.requests < 1) return false;
    allowance.requests--;
    return true;
  }

  #of(client: string, atMs: number): Allowance {
    const known = this.#clients.get(client) ?? this.#leaving() ?? { requests: 2 * this.#perSecond, atMs };
    this.#clients.delete(client);
    this.#clients.set(client, known);
    return known;
  }

  /** What is left to the client that leaves for a new one: many addresses must not make many rates. */
  #leaving(): Allowance | undefined {
    if (this.#clients.size < MOST_CLIENTS) return undefined;
    const [client, allowance] = this.#clients.entries().next().value!;
    this.#clients.delete(client);
    return allowance;
  }
}
