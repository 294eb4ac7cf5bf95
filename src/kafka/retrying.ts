/**
 * Trying again.
 *
 * @module
 */
import { BrokerUnavailable, isRetriable } from "./errors.ts";

/** How long and how often to try. */
export interface RetrySettings {
  readonly requestTimeoutMs: number;
  readonly retryBackoffMs: number;
}

/**
 * Runs `attempt` until it succeeds, fails for good, or the request timeout has passed. That no broker answers is final: every
 * one has been tried several times by then.
 */
export async function retrying<T>(settings: RetrySettings, attempt: () => Promise<T>): Promise<T> {
  const until = performance.now() + settings.requestTimeoutMs;
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRetriable(error) || error instanceof BrokerUnavailable || performance.now() > until) throw error;
    }
    await delay(settings.retryBackoffMs);
  }
}

/** Resolves after `ms`. */
export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
