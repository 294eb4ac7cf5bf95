/**
 * Trying again.
 *
 * @module
 */
import {
  BrokerUnavailable,
  ConnectionsClosed,
  isNotReady,
  isRetriable,
  KafkaError,
  NOT_READY_MS,
} from "../port/errors.ts";

/** How long and how often to try. */
export interface RetrySettings {
  readonly requestTimeoutMs: number;
  readonly retryBackoffMs: number;
}

/** How long to wait before the second try, in ms; twice as long before each one after it. */
const FIRST_BACKOFF_MS = 20;

/**
 * Runs `attempt` until it succeeds, fails for good, or the request timeout has passed; longer while a broker
 * says that it is not ready yet ({@linkcode isNotReady}). That no broker answers is final: every one has been
 * tried several times by then. So is that this client has closed its connections.
 */
export async function retrying<T>(settings: RetrySettings, attempt: () => Promise<T>): Promise<T> {
  const began = performance.now();
  // What has just been made is often there a moment later.
  let backoff = Math.min(FIRST_BACKOFF_MS, settings.retryBackoffMs);
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      const final = error instanceof BrokerUnavailable || error instanceof ConnectionsClosed;
      if (final || !isRetriable(error)) throw error;
      const notReady = error instanceof KafkaError && isNotReady(error.code);
      const forMs = notReady ? Math.max(NOT_READY_MS, settings.requestTimeoutMs) : settings.requestTimeoutMs;
      if (performance.now() - began > forMs) throw error;
    }
    await delay(backoff);
    backoff = Math.min(2 * backoff, settings.retryBackoffMs);
  }
}

/** Resolves after `ms`. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
