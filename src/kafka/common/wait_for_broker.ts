/**
 * Waiting for a cluster that is not there yet, as when all of it is started at once.
 *
 * @module
 */
import { delay } from "@std/async/delay";
import { BrokerUnavailable, isFinal, isRetriable } from "../port/errors.ts";
import type { Log } from "../port/log.ts";

/** Settings of {@linkcode waitForBroker}. */
export interface WaitForBrokerOptions {
  /** How long to wait, in ms; 0: not at all, the first request will say what is wrong. */
  readonly forMs: number;
  /** Told every few seconds what is waited for and why. */
  readonly logger: { info(message: string): void; warn(message: string): void };
  /** Ends it when aborted. */
  readonly signal?: AbortSignal;
  /** Time that only goes forward, in ms. Default `performance.now`. */
  readonly now?: () => number;
  /** Resolves after so many ms; the signal frees what it holds. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The signal ended the wait. */
export class WaitInterrupted extends Error {
  /** How logs name the error. */
  override name = "WaitInterrupted";
}

/** The time between two tries, in ms; a try itself may take longer. */
const RETRY_MS = 500;
/** The time between two lines that say what is waited for, in ms. */
const SAY_EVERY_MS = 5_000;

/**
 * Resolves when a broker answers. What does not get better by waiting, such as credentials or a certificate
 * that are refused, is thrown at once; a name that does not resolve may well get better, as a headless
 * service's does with its pods.
 *
 * @example
 * ```ts
 * import { MemoryLog, waitForBroker } from "@kos/kos/kafka";
 *
 * const logger = { info() {}, warn() {} };
 * await waitForBroker(new MemoryLog(), { forMs: 60_000, logger }); // at once: it is always there
 * ```
 *
 * @throws {BrokerUnavailable} When the time is up, or a broker refuses this client.
 * @throws {WaitInterrupted} When the signal is aborted.
 */
export async function waitForBroker(log: Log, options: WaitForBrokerOptions): Promise<void> {
  if (options.forMs === 0) return;
  const ended = new AbortController();
  try {
    await new Wait(log, options, ended.signal).untilAnswered();
  } finally {
    ended.abort();
  }
}

/** One wait. */
class Wait {
  readonly #log: Log;
  readonly #options: WaitForBrokerOptions;
  readonly #ended: AbortSignal;
  readonly #interrupted: Promise<never>;
  readonly #began: number;
  #saidAt: number;
  #said = false;
  #reason = "no answer yet";

  constructor(log: Log, options: WaitForBrokerOptions, ended: AbortSignal) {
    this.#log = log;
    this.#options = options;
    this.#ended = ended;
    this.#interrupted = untilAborted(options.signal);
    this.#began = this.#saidAt = this.#now();
  }

  async untilAnswered(): Promise<void> {
    const { forMs, logger } = this.#options;
    while (true) {
      const error = await this.#try();
      const waited = this.#now() - this.#began;
      if (error === undefined) {
        if (this.#said) logger.info(`a broker answers after ${seconds(waited)}`);
        return;
      }
      if (!mayPass(error)) throw error;
      if (waited >= forMs) {
        const message = `${error.message} (waited ${seconds(waited)}: --wait-for-broker)`;
        throw new BrokerUnavailable(message, { cause: error.cause });
      }
      this.#reason = why(error, !this.#said);
      if (!this.#said || this.#now() - this.#saidAt >= SAY_EVERY_MS) this.#say();
      await Promise.race([this.#sleep(Math.min(RETRY_MS, forMs - waited)), this.#interrupted]);
    }
  }

  /**
   * What came of asking for nothing in particular. It may take long when nothing answers at all, which is
   * told meanwhile.
   */
  async #try(): Promise<unknown> {
    const attempt = tried(this.#log).then((error) => ({ error }));
    while (true) {
      const outcome = await Promise.race([attempt, this.#sleep(SAY_EVERY_MS), this.#interrupted]);
      if (outcome !== undefined) return outcome.error;
      this.#say();
    }
  }

  #say(): void {
    const { forMs, logger } = this.#options;
    this.#said = true;
    this.#saidAt = this.#now();
    const waited = `${seconds(this.#saidAt - this.#began)} of ${seconds(forMs)}`;
    logger.warn(`waiting for a broker, ${waited}: ${this.#reason}`);
  }

  #now(): number {
    return (this.#options.now ?? (() => performance.now()))();
  }

  #sleep(ms: number): Promise<undefined> {
    const { sleep = (ms, signal) => delay(ms, { signal }) } = this.#options;
    // Nobody sleeps on when the wait has ended.
    return sleep(ms, this.#ended).then(() => undefined, () => undefined);
  }
}

/** Whether waiting may help. */
function mayPass(error: unknown): error is Error {
  return isRetriable(error) && !isFinal(error);
}

async function tried(log: Log): Promise<unknown> {
  try {
    await log.describeTopics([]);
    return undefined;
  } catch (error) {
    return error ?? new Error("no reason was given");
  }
}

function untilAborted(signal: AbortSignal | undefined): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => {}); // it may come when nobody waits any more
  const abort = (): void => reject(new WaitInterrupted("asked to end while waiting for a broker"));
  if (signal?.aborted) abort();
  else signal?.addEventListener("abort", abort, { once: true });
  return promise;
}

/** How a system says that it can't resolve a name. */
const UNRESOLVED = /ENOTFOUND|EAI_AGAIN|getaddrinfo|failed to lookup/i;

/** What is waited for; with the advice for who has no broker at all, which is told once. */
function why(error: Error, advice: boolean): string {
  const reason = error.message.replace(/ Is it running, and is KAFKA_BROKERS right\?.*$/s, "");
  return UNRESOLVED.test(reason)
    ? `${reason} The name does not resolve yet, as that of a headless service before its pods are ready; ` +
      "if it never does, KAFKA_BROKERS is wrong"
    : advice
    ? error.message
    : reason;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`;
}
