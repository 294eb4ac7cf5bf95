/**
 * One connection after another to a broker, for who does not care which.
 *
 * @module
 */
import { machineClock } from "./deadlines.ts";

/** What a lane needs to know of a connection. */
export interface LaneConnection {
  readonly ended: Error | undefined;
  drained(): Promise<void>;
  end(error: Error): void;
  close(): Promise<void>;
}

/** A connection on which requests can be sent, with what was agreed on. */
export interface LaneSession {
  readonly connection: LaneConnection;
  /**
   * When the broker ends it unless it is told the credentials anew (KIP-368), and since when it stands, in ms
   * by the machine's clock; `Infinity` for never.
   */
  readonly since: number;
  readonly until: number;
}

/** The part of a connection's life after which another one is made. */
const RENEW = 0.7;
/** The part of a connection's life after which nothing more is sent: it would not arrive in time. */
const HOLD = 0.9;

interface User<S> {
  readonly run: (session: S) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Hands out the connection that stands, and makes one where there is none.
 *
 * Before a broker ends a connection because its credentials are old, another one is made while the first
 * still serves. It takes over once all that the first was asked is answered, so that no request overtakes
 * another. (The alternative, authenticating anew on the same connection, is refused by brokers within a
 * second of the last time, and would carry state over.)
 */
export class LinkLane<S extends LaneSession> {
  readonly #open: (made: (connection: LaneConnection) => void) => Promise<S>;
  readonly #now: () => number;
  /** Who waits for a connection, in the order in which they came. */
  readonly #waiting: User<S>[] = [];
  #session: S | undefined;
  #made: LaneConnection | undefined;
  #opening = false;
  #switching = false;
  #triedAt = -Infinity;
  #closed: Error | undefined;

  /** @param open Makes a connection. It has to tell of it at once, so that it can be ended meanwhile. */
  constructor(
    open: (made: (connection: LaneConnection) => void) => Promise<S>,
    now: () => number = machineClock.now,
  ) {
    this.#open = open;
    this.#now = now;
  }

  /** The connection that stands. */
  get session(): S | undefined {
    return this.#session?.connection.ended === undefined ? this.#session : undefined;
  }

  /**
   * Calls `run` with a connection: at once when one stands, else when one does, in the order of the calls; or
   * `fail`.
   */
  use(run: (session: S) => void, fail: (error: unknown) => void): void {
    if (this.#closed !== undefined) return fail(this.#closed);
    const session = this.session;
    const now = this.#now();
    const usable = session !== undefined && now < lifeAt(session, HOLD);
    if (!usable || (now >= lifeAt(session, RENEW) && this.#mayTry(session, now))) void this.#renew();
    if (usable && !this.#switching && this.#waiting.length === 0) run(session);
    else this.#waiting.push({ run, fail });
  }

  /** Ends everything. What waits fails with `error`. */
  async close(error: Error): Promise<void> {
    this.#closed = error;
    const made = this.#made;
    made?.end(error);
    for (const { fail } of this.#waiting.splice(0)) fail(error);
    await Promise.all([made?.close(), this.#session?.connection.close()]);
  }

  /** Whether it is time to try a new session: not after each request, when that fails at once. */
  #mayTry(session: S, now: number): boolean {
    return now - this.#triedAt >= (session.until - session.since) * (HOLD - RENEW) / 4;
  }

  async #renew(): Promise<void> {
    if (this.#opening) return;
    this.#opening = true;
    this.#triedAt = this.#now();
    let failure: { readonly error: unknown } | undefined;
    try {
      this.#session = await this.#next();
    } catch (error) {
      failure = { error };
    }
    this.#opening = this.#switching = false;
    for (const { run, fail } of this.#waiting.splice(0)) {
      if (failure === undefined) run(this.#session!);
      else fail(failure.error);
    }
  }

  /** The next connection, once the last one has nothing more to answer. */
  async #next(): Promise<S> {
    while (true) {
      const next = await this.#open((connection) => this.#made = connection);
      const last = this.#session?.connection;
      this.#switching = true;
      await last?.drained();
      if (last !== undefined) void last.close();
      if (this.#closed !== undefined) throw this.#closed;
      if (last === undefined || this.#now() < lifeAt(next, HOLD)) return next;
      // What the last one was asked took longer to answer than the next one may live.
      void next.connection.close();
      this.#session = undefined;
    }
  }
}

function lifeAt({ since, until }: LaneSession, part: number): number {
  return until === Infinity ? Infinity : since + (until - since) * part;
}
